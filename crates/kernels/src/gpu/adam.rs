//! A step of Adam as one kernel: in terms of burn's operations it would be fifteen, for each of a hundred tensors.

use crate::adam::{AdamOps, AdamStep};
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type, tensor::FloatTensor};
use burn_cubecl::{
    cubecl::{self, calculate_cube_count_elemwise, prelude::*},
    kernel::into_contiguous,
    ops::numeric::empty_device_contiguous_dtype,
};

type Values = FloatTensor<Cube>;

impl AdamOps for Cube {
    fn adam(
        parameter: Values,
        gradient: Values,
        first_moment: Values,
        second_moment: Values,
        step: AdamStep,
    ) -> (Values, Values, Values) {
        let inputs = [parameter, gradient, first_moment, second_moment].map(into_contiguous);
        let [parameter, ..] = &inputs;
        let (client, dtype) = (parameter.client.clone(), parameter.dtype);
        let outputs = [(); 3].map(|()| {
            let device = parameter.device.clone();
            empty_device_contiguous_dtype(client.clone(), device, parameter.shape(), dtype)
        });
        let count = parameter.shape().num_elements();
        let cube_dim = CubeDim::new(&client, count);
        let cube_count = calculate_cube_count_elemwise(&client, count, cube_dim);
        let scalar = |value: f64| InputScalar::new(value, dtype_to_storage_type(dtype));
        let [parameter, gradient, first, second] = inputs.map(|input| input.into_tensor_arg());
        let [new_parameter, new_first, new_second] =
            outputs.clone().map(|output| output.into_tensor_arg());
        // SAFETY: all seven tensors are contiguous and of one shape, and a unit touches its own element of each.
        unsafe {
            take_step::launch_unchecked(
                &client,
                cube_count,
                cube_dim,
                parameter,
                gradient,
                first,
                second,
                new_parameter,
                new_first,
                new_second,
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
#[allow(
    clippy::too_many_arguments,
    reason = "tensors that one kernel reads and writes"
)]
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
