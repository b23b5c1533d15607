//! Products and sums with all numbers of tensors as large as a network's weights.
//!
//! burn's own operations on the CPU are built without optimisation (docs/results/build.md), hence these loops, with its bits. They
//! change plain tensors in f32 on the CPU, where these lie if nothing else holds them; for others burn does the same.

use burn::tensor::{DType, Tensor};

use crate::device::is_cpu;

/// `factor · tensor`.
pub fn scaled<const D: usize>(tensor: Tensor<D>, factor: f64) -> Tensor<D> {
    if !are_at_hand(&tensor) {
        return tensor * factor;
    }
    let factor = factor as f32;
    change(tensor, |values| {
        for value in values {
            *value *= factor;
        }
    })
}

/// `tensor`, each part along its first dimension times its own of `factors` `[N]`; one factor is for all.
pub fn scaled_by<const D: usize>(tensor: Tensor<D>, factors: Tensor<1>) -> Tensor<D> {
    let [count] = factors.dims();
    if !are_at_hand(&tensor) || !are_at_hand(&factors) {
        let mut shape = [1; D];
        shape[0] = count;
        return tensor * factors.reshape(shape);
    }
    let length = tensor.shape().num_elements() / count;
    change_by(tensor, factors, |values, factors| {
        for (part, factor) in values.chunks_exact_mut(length.max(1)).zip(factors) {
            for value in part {
                *value *= factor;
            }
        }
    })
}

/// `sum + factor · tensor`.
pub fn add_scaled<const D: usize>(sum: Tensor<D>, tensor: Tensor<D>, factor: f64) -> Tensor<D> {
    if !are_at_hand(&sum) || !are_at_hand(&tensor) {
        return sum + tensor * factor;
    }
    let factor = factor as f32;
    change_by(sum, tensor, |sums, values| {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value * factor;
        }
    })
}

/// `from + share · (to − from)`, computed as torch's `lerp`, so that a share of 1 gives `to` itself.
pub fn lerp<const D: usize>(from: Tensor<D>, to: Tensor<D>, share: f64) -> Tensor<D> {
    let is_small = share < 0.5;
    let factor = if is_small { share } else { 1.0 - share };
    if !are_at_hand(&from) || !are_at_hand(&to) {
        let difference = (to.clone() - from.clone()) * factor;
        return if is_small {
            from + difference
        } else {
            to - difference
        };
    }
    let factor = factor as f32;
    change_by(from, to, |values, targets| match is_small {
        true => {
            for (value, target) in values.iter_mut().zip(targets) {
                *value += (target - *value) * factor;
            }
        }
        false => {
            for (value, target) in values.iter_mut().zip(targets) {
                *value = target - (target - *value) * factor;
            }
        }
    })
}

fn are_at_hand<const D: usize>(tensor: &Tensor<D>) -> bool {
    !tensor.is_autodiff() && tensor.dtype() == DType::F32 && is_cpu(&tensor.device())
}

fn change<const D: usize>(tensor: Tensor<D>, with: impl FnOnce(&mut [f32])) -> Tensor<D> {
    let device = tensor.device();
    let mut data = tensor.into_data();
    with(data.as_mut_slice().expect("the numbers are f32"));
    Tensor::from_data(data, &device)
}

fn change_by<const D: usize, const E: usize>(
    tensor: Tensor<D>,
    other: Tensor<E>,
    with: impl FnOnce(&mut [f32], &[f32]),
) -> Tensor<D> {
    let other = other.into_data();
    let others = other.as_slice().expect("the numbers are f32");
    change(tensor, |values| with(values, others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    fn tensor(values: &[f32], dtype: DType) -> Tensor<2> {
        let data = TensorData::new(values.to_vec(), [values.len() / 3, 3]);
        Tensor::<2>::from_data(data, &Device::flex()).cast(dtype)
    }

    fn bits(tensor: Tensor<2>) -> Vec<u32> {
        let values = tensor.into_data().try_into_vec::<f32>().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    }

    proptest! {
        /// What is at hand has the bits that burn's operations give, which a tensor gets that asks for gradients.
        #[test]
        fn numbers_at_hand_become_what_burn_makes_of_them(
            (a, b) in (1..9_usize).prop_flat_map(|rows| {
                let values = || proptest::collection::vec(-10.0..10.0_f32, 3 * rows);
                (values(), values())
            }),
            factor in prop_oneof![Just(0.0), Just(1.0), Just(0.5), 0.0..1.0],
        ) {
            let [a, b] = [a, b].map(|values| tensor(&values, DType::F32));
            let factors = b.clone().slice([0..b.dims()[0], 0..1]).flatten::<1>(0, 1);
            let tracked = |x: &Tensor<2>| Tensor::<2>::from_inner(x.clone());
            let tracked_factors = Tensor::from_inner(factors.clone());
            let pairs = [
                (scaled(a.clone(), factor), scaled(tracked(&a), factor)),
                (scaled_by(a.clone(), factors), scaled_by(tracked(&a), tracked_factors)),
                (add_scaled(a.clone(), b.clone(), factor), add_scaled(tracked(&a), tracked(&b), factor)),
                (lerp(a.clone(), b.clone(), factor), lerp(tracked(&a), tracked(&b), factor)),
            ];
            for (found, expected) in pairs {
                prop_assert_eq!(bits(found), bits(expected.inner()));
            }
        }
    }

    #[test]
    fn a_tensor_that_another_holds_stays_as_it_is_there() {
        let a = tensor(&[1.0, 2.0, 3.0], DType::F32);
        let twice = scaled(a.clone(), 2.0);
        assert_eq!(bits(twice), [2.0_f32, 4.0, 6.0].map(f32::to_bits));
        assert_eq!(bits(a), [1.0_f32, 2.0, 3.0].map(f32::to_bits));
    }

    #[test]
    fn one_factor_is_for_all_and_other_types_are_burns() {
        let factor = Tensor::<1>::from_data([2.0_f32], &Device::flex());
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let doubled = [2.0_f32, 4.0, 6.0, 8.0, 10.0, 12.0].map(f32::to_bits);
        for dtype in [DType::F32, DType::F64] {
            let found = scaled_by(tensor(&values, dtype), factor.clone().cast(dtype));
            assert_eq!(bits(found.cast(DType::F32)), doubled);
        }
    }
}
