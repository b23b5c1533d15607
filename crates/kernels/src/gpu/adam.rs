//! A step of Adam as one kernel: in terms of burn's operations it would be fifteen, for each of a hundred tensors.

use super::elements::{Values, argument, scalar, side_by_side, units};
use crate::adam::{AdamOps, AdamStep};
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type};
use burn_cubecl::cubecl::{self, prelude::*};

impl AdamOps for Cube {
    fn adam(
        parameter: Values,
        gradient: Values,
        first_moment: Values,
        second_moment: Values,
        step: AdamStep,
    ) -> (Values, Values, Values) {
        let inputs = [parameter, gradient, first_moment, second_moment];
        let (inputs, outputs) = side_by_side::<4, 3>(inputs);
        let [parameter, ..] = &inputs;
        let dtype = parameter.dtype;
        let (count, dim) = units(parameter, parameter.shape().num_elements());
        let scalar = |value| scalar(value, dtype);
        // SAFETY: all seven tensors are contiguous and of one shape, and a unit touches its own element of each.
        unsafe {
            take_step::launch_unchecked(
                &parameter.client,
                count,
                dim,
                argument(parameter),
                argument(&inputs[1]),
                argument(&inputs[2]),
                argument(&inputs[3]),
                argument(&outputs[0]),
                argument(&outputs[1]),
                argument(&outputs[2]),
                FactorsLaunch::new(
                    scalar(step.gradient_decay()),
                    scalar(step.beta1),
                    scalar(1.0 - step.beta1),
                    scalar(step.beta2),
                    scalar(1.0 - step.beta2),
                    scalar(step.epsilon),
                    scalar(step.corrected_learning_rate()),
                    scalar(step.parameter_decay()),
                ),
                dtype_to_storage_type(dtype),
            );
        }
        let [parameter, first_moment, second_moment] = outputs;
        (parameter, first_moment, second_moment)
    }
}

/// See [`AdamStep`].
#[derive(CubeLaunch, CubeType)]
struct Factors {
    gradient_decay: InputScalar,
    beta1: InputScalar,
    one_minus_beta1: InputScalar,
    beta2: InputScalar,
    one_minus_beta2: InputScalar,
    epsilon: InputScalar,
    learning_rate: InputScalar,
    parameter_decay: InputScalar,
}

#[cube(launch_unchecked)]
fn take_step<E: Float>(
    parameter: &Tensor<E>,
    gradient: &Tensor<E>,
    first_moment: &Tensor<E>,
    second_moment: &Tensor<E>,
    new_parameter: &mut Tensor<E>,
    new_first_moment: &mut Tensor<E>,
    new_second_moment: &mut Tensor<E>,
    factors: &Factors,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= new_parameter.len() {
        terminate!();
    }
    let before = parameter[ABSOLUTE_POS];
    let slope = gradient[ABSOLUTE_POS] + before * factors.gradient_decay.get::<E>();
    let first = first_moment[ABSOLUTE_POS] * factors.beta1.get::<E>()
        + slope * factors.one_minus_beta1.get::<E>();
    let second = second_moment[ABSOLUTE_POS] * factors.beta2.get::<E>()
        + slope * slope * factors.one_minus_beta2.get::<E>();
    let change =
        first / (E::sqrt(second) + factors.epsilon.get::<E>()) * factors.learning_rate.get::<E>();
    new_parameter[ABSOLUTE_POS] = before * factors.parameter_decay.get::<E>() - change;
    new_first_moment[ABSOLUTE_POS] = first;
    new_second_moment[ABSOLUTE_POS] = second;
}
