//! Batch norm on the CPU.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;

use super::memory::Buffer;
use super::tensor::{
    dimensions, from_channels_last, from_vector, into_channels_last, is_f32, values,
};
use crate::batch_norm::{
    BatchNormGradient, BatchNormGradients, BatchNormOps, BatchNormOutput, Saved, Wanted,
    forward_by_burn, gradient_by_burn,
};
use crate::convolution::Residual;
use cpu::batch_norm::{
    Affine, Mask, Statistics, gradient_sums, input_gradient, normalise, statistics,
};

impl BatchNormOps for Flex {
    fn batch_norm_forward(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        epsilon: f64,
        residual: Residual<Self>,
        relu: bool,
    ) -> BatchNormOutput<Self> {
        if !is_f32(&x) {
            return forward_by_burn::<Self>(x, weight, bias, epsilon, residual, relu);
        }
        let x = into_channels_last(x);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let residual = residual.into_option().map(into_channels_last);
        let shape = dimensions(&x);
        let statistics = statistics(values(&x), shape[1]);
        let affine = Affine::new(&statistics, values(&weight), values(&bias), epsilon);
        let mut y = Buffer::take(values(&x).len());
        let residual = residual.as_ref().map(values);
        normalise(values(&x), &affine, residual, relu, y.as_mut_slice());
        BatchNormOutput {
            y: from_channels_last(y, shape),
            mean: from_vector(statistics.mean),
            variance: from_vector(statistics.variance),
        }
    }
}

impl BatchNormGradients for Flex {
    /// Without a residual the sign of the output is computed again from the input, which is cheaper
    /// than reading the output and lets its memory go.
    fn keeps_output(x: &FlexTensor, residual: bool, relu: bool) -> bool {
        relu && (residual || !is_f32(x))
    }

    fn batch_norm_gradient(
        saved: Saved<FlexTensor>,
        gradient: FlexTensor,
        wanted: Wanted,
    ) -> BatchNormGradient<FlexTensor> {
        if !is_f32(&saved.x) {
            return gradient_by_burn::<Self>(saved, gradient, wanted);
        }
        let Saved {
            x,
            y,
            weight,
            bias,
            mean,
            variance,
            epsilon,
            relu,
        } = saved;
        let (mut x, mut gradient) = (into_channels_last(x), into_channels_last(gradient));
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let statistics = Statistics {
            mean: values(&mean).to_vec(),
            variance: values(&variance).to_vec(),
        };
        let affine = Affine::new(&statistics, values(&weight), values(&bias), epsilon);
        let mask = match &y {
            Some(y) => Mask::Output(values(y)),
            None if relu => Mask::Affine(&affine),
            None => Mask::All,
        };
        let sums = gradient_sums(values(&x), values(&gradient), mask, &statistics, epsilon);
        if wanted.x || wanted.residual {
            // Both become their results; what another operation still holds is copied first.
            let (x, gradient) = (x.storage_mut(), gradient.storage_mut());
            input_gradient(
                x,
                gradient,
                mask,
                &statistics,
                values(&weight),
                &sums,
                epsilon,
            );
        }
        BatchNormGradient {
            x: wanted.x.then_some(x),
            weight: from_vector(sums.weight),
            bias: from_vector(sums.bias),
            residual: wanted.residual.then_some(gradient),
        }
    }
}
