//! A small forward and backward pass on a GPU beside the CPU's. Drivers exist that return zeros for a matrix product, and
//! a network trained on them learns nothing without a word.

use super::failure::said;
use crate::{
    Algorithm, Convolution, Precision, batch_norm_train, concat_pool, conv2d, cross_entropy,
    max_pool2d,
};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use std::{
    panic,
    sync::{Mutex, PoisonError, mpsc::channel},
    thread,
};

/// The first operation that a device computes wrongly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wrong {
    pub(super) operation: &'static str,
    /// Largest difference as a share of the largest value.
    pub(super) difference: f64,
}

/// Largest difference of a right result, as a share of the largest value. GPUs may multiply with a mantissa of ten bits
/// (NVIDIA's TF32), which is off by 5e-4 for each product and by less for a sum; a wrong result is off by about 1.
const TOLERANCE: f64 = 1e-2;

/// Compares each operation on `device` with the CPU's.
///
/// # Errors
/// The device fails; what it says.
pub(super) fn first_wrong(device: &Device) -> Result<Option<Wrong>, String> {
    for (operation, run) in OPERATIONS {
        let on = device.clone();
        let found = quietly(move || run(&on))?;
        let expected = run(&Device::flex());
        let difference = difference(&found, &expected);
        // NaN is never near.
        if difference.is_nan() || difference > TOLERANCE {
            return Ok(Some(Wrong {
                operation,
                difference,
            }));
        }
    }
    Ok(None)
}

type Operation = fn(&Device) -> Vec<f32>;

/// Each with its gradients.
const OPERATIONS: [(&str, Operation); 5] = [
    ("convolution", convolution),
    ("batch norm", batch_norm),
    ("pooling", pooling),
    ("matrix product", matrix_product),
    ("cross entropy", loss),
];

fn convolution(device: &Device) -> Vec<f32> {
    let x = leaf([2, 8, 9, 9], 1, device);
    let weight = leaf([16, 8, 3, 3], 2, device);
    let geometry = Convolution {
        stride: 2,
        padding: 1,
        algorithm: Algorithm::Exact,
        precision: Precision::F32,
    };
    let y = conv2d(x.clone(), weight.clone(), geometry);
    let gradients = backward(y.clone(), device);
    [
        values(y),
        gradient(&x, &gradients),
        gradient(&weight, &gradients),
    ]
    .concat()
}

fn batch_norm(device: &Device) -> Vec<f32> {
    let x = leaf([4, 6, 5, 7], 3, device);
    let [weight, bias] = [4, 5].map(|seed| leaf([6], seed, device));
    let (y, _) = batch_norm_train(x.clone(), weight.clone(), bias.clone(), 1e-5, None, true);
    let gradients = backward(y.clone(), device);
    let parameters = [weight, bias].map(|parameter| gradient(&parameter, &gradients));
    [values(y), gradient(&x, &gradients), parameters.concat()].concat()
}

fn pooling(device: &Device) -> Vec<f32> {
    let x = leaf([2, 6, 9, 9], 6, device);
    let y = concat_pool(max_pool2d(x.clone()));
    let gradients = backward(y.clone(), device);
    [values(y), gradient(&x, &gradients)].concat()
}

fn matrix_product(device: &Device) -> Vec<f32> {
    let (x, weight) = (leaf([24, 512], 7, device), leaf([512, 37], 8, device));
    let y = x.clone().matmul(weight.clone());
    let gradients = backward(y.clone(), device);
    [
        values(y),
        gradient(&x, &gradients),
        gradient(&weight, &gradients),
    ]
    .concat()
}

fn loss(device: &Device) -> Vec<f32> {
    let logits = leaf([5, 7], 9, device);
    let classes = TensorData::from([0i64, 3, 6, 1, 2]);
    let classes: Tensor<1, Int> = Tensor::from_data(classes, &device.clone().autodiff());
    let y = cross_entropy(logits.clone(), classes);
    let gradients = backward(y.clone(), device);
    [values(y), gradient(&logits, &gradients)].concat()
}

/// A tracked tensor of fixed values from -1 to 1.
fn leaf<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    Tensor::from_data(fixed(shape, seed), &device.clone().autodiff()).require_grad()
}

/// The gradients of a sum of `y` with fixed weights.
fn backward<const D: usize>(y: Tensor<D>, device: &Device) -> Gradients {
    let weights = Tensor::from_data(fixed(y.dims(), 99), &device.clone().autodiff());
    (y * weights).sum().backward()
}

fn gradient<const D: usize>(of: &Tensor<D>, gradients: &Gradients) -> Vec<f32> {
    of.grad(gradients).map(values).unwrap_or_default()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The same values on every machine (a linear congruential generator).
fn fixed<const D: usize>(shape: [usize; D], seed: u64) -> TensorData {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect();
    TensorData::new(values, shape)
}

fn difference(found: &[f32], expected: &[f32]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let scale = expected
        .iter()
        .fold(0.0f64, |largest, value| largest.max(f64::from(value.abs())));
    let differences = found
        .iter()
        .zip(expected)
        .map(|(f, e)| f64::from((f - e).abs()) / scale);
    differences.fold(
        0.0,
        |worst, d| if d > worst || d.is_nan() { d } else { worst },
    )
}

/// What `f` returns, or what it or a thread of a driver panics with: burn's drivers know no other way to say that a device
/// fails. Nothing of it is printed.
///
/// `f` runs in a thread of its own, which is left where it is if a driver's thread panics: it would wait for that for ever.
pub(super) fn quietly<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    // What is told of a panic is one for the whole program.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (result, end) = channel();
    let failure = Mutex::new(result.clone());
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = failure.send(Err(said(info.payload())));
    }));
    thread::spawn(move || result.send(Ok(f())));
    let end = end.recv();
    panic::set_hook(hook);
    end.unwrap_or_else(|_| Err(said(&"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_agrees_with_itself() {
        assert_eq!(first_wrong(&Device::flex()), Ok(None));
    }

    #[test]
    fn zeros_a_part_of_a_sum_and_nan_are_wrong() {
        let right = convolution(&Device::flex());
        let changed = |f: fn(f32) -> f32| -> f64 {
            let changed: Vec<f32> = right.iter().map(|value| f(*value)).collect();
            difference(&changed, &right)
        };
        assert!(changed(|_| 0.0) > TOLERANCE);
        assert!(changed(|value| 0.5 * value) > TOLERANCE);
        assert!(changed(|value| 1.02 * value) > TOLERANCE);
        assert!(changed(|value| value + 1e-4) < TOLERANCE);
        assert!(changed(|_| f32::NAN).is_nan());
        assert!(difference(&right[1..], &right) > TOLERANCE);
    }

    #[test]
    fn every_operation_has_a_value_that_is_not_zero() {
        for (name, run) in OPERATIONS {
            assert!(
                run(&Device::flex()).iter().any(|value| value.abs() > 0.01),
                "{name}"
            );
        }
    }

    #[test]
    fn a_device_that_fails_is_an_error_in_one_line() {
        let failed = quietly(|| panic!("\nread failed\nCaused by:\n  no libdevice\n"));
        let said = "no libdevice".to_owned();
        assert_eq!(failed, Err::<(), _>(said));
    }

    /// WebGPU waits for a device in a thread of its own, and panics there when the device is lost.
    #[test]
    fn a_thread_of_a_driver_that_panics_ends_the_wait_for_its_result() {
        let failed = quietly(|| {
            thread::spawn(|| panic!("the device is lost"));
            loop {
                thread::park();
            }
        });
        assert_eq!(failed, Err::<(), _>("the device is lost".to_owned()));
    }
}
