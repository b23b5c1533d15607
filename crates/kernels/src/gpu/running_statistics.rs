//! Running statistics as one kernel: in terms of burn's operations they would be seven, for each batch norm in each step.

use super::elements::{Values, argument, scalar, side_by_side, units};
use crate::running_statistics::{Move, RunningStatisticsOps};
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type};
use burn_cubecl::cubecl::{self, prelude::*};

impl RunningStatisticsOps for Cube {
    fn move_statistics(
        running_mean: Values,
        running_variance: Values,
        mean: Values,
        variance: Values,
        by: Move,
    ) -> (Values, Values) {
        let inputs = [running_mean, running_variance, mean, variance];
        let (inputs, outputs) = side_by_side::<4, 2>(inputs);
        let [running, ..] = &inputs;
        let dtype = running.dtype;
        let (count, dim) = units(running, running.shape().num_elements());
        let scalar = |value| scalar(value, dtype);
        // SAFETY: all six tensors are contiguous and of one length, and a unit touches its own element of each.
        unsafe {
            blend::launch_unchecked(
                &running.client,
                count,
                dim,
                argument(running),
                argument(&inputs[1]),
                argument(&inputs[2]),
                argument(&inputs[3]),
                argument(&outputs[0]),
                argument(&outputs[1]),
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
