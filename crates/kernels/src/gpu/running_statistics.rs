//! Running statistics as one kernel: in terms of burn's operations they would be seven, for each batch norm in each step.

use crate::running_statistics::{Move, RunningStatisticsOps};
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type, tensor::FloatTensor};
use burn_cubecl::{
    cubecl::{self, calculate_cube_count_elemwise, prelude::*},
    kernel::into_contiguous,
    ops::numeric::empty_device_contiguous_dtype,
};

type Values = FloatTensor<Cube>;

impl RunningStatisticsOps for Cube {
    fn move_statistics(
        running_mean: Values,
        running_variance: Values,
        mean: Values,
        variance: Values,
        by: Move,
    ) -> (Values, Values) {
        let inputs = [running_mean, running_variance, mean, variance].map(into_contiguous);
        let [running, ..] = &inputs;
        let (client, dtype) = (running.client.clone(), running.dtype);
        let outputs = [(); 2].map(|()| {
            let device = running.device.clone();
            empty_device_contiguous_dtype(client.clone(), device, running.shape(), dtype)
        });
        let count = running.shape().num_elements();
        let cube_dim = CubeDim::new(&client, count);
        let cube_count = calculate_cube_count_elemwise(&client, count, cube_dim);
        let scalar = |value: f64| InputScalar::new(value, dtype_to_storage_type(dtype));
        let [running_mean, running_variance, mean, variance] =
            inputs.map(|input| input.into_tensor_arg());
        let [new_mean, new_variance] = outputs.clone().map(|output| output.into_tensor_arg());
        // SAFETY: all six tensors are contiguous and of one length, and a unit touches its own element of each.
        unsafe {
            blend::launch_unchecked(
                &client,
                cube_count,
                cube_dim,
                running_mean,
                running_variance,
                mean,
                variance,
                new_mean,
                new_variance,
                scalar(1.0 - by.momentum),
                scalar(by.momentum),
                scalar(by.unbiased()),
                dtype_to_storage_type(dtype),
            );
        }
        let [mean, variance] = outputs;
        (mean, variance)
    }
}

#[cube(launch_unchecked)]
#[allow(
    clippy::too_many_arguments,
    reason = "tensors that one kernel reads and writes"
)]
fn blend<E: Float>(
    running_mean: &Tensor<E>,
    running_variance: &Tensor<E>,
    mean: &Tensor<E>,
    variance: &Tensor<E>,
    new_mean: &mut Tensor<E>,
    new_variance: &mut Tensor<E>,
    kept: InputScalar,
    momentum: InputScalar,
    unbiased: InputScalar,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= new_mean.len() {
        terminate!();
    }
    let (kept, momentum) = (kept.get::<E>(), momentum.get::<E>());
    let spread = variance[ABSOLUTE_POS] * unbiased.get::<E>();
    new_mean[ABSOLUTE_POS] = running_mean[ABSOLUTE_POS] * kept + mean[ABSOLUTE_POS] * momentum;
    new_variance[ABSOLUTE_POS] = running_variance[ABSOLUTE_POS] * kept + spread * momentum;
}
