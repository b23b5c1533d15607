//! Batch norm on the CPU.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;

use super::memory::Buffer;
use super::tensor::{
    dimensions, from_channels_last, from_vector, into_channels_last, is_f32, values,
};
use crate::batch_norm::{
    BatchNormGradient, BatchNormGradients, BatchNormOps, BatchNormOutput, Saved, Wanted,
    forward_by_burn, gradient_by_burn, only_on_the_cpu,
};
use crate::convolution::Residual;
use crate::synchronised::Synchronised;
use cpu::batch_norm::{Affine, Mask, Statistics, input_gradient, moments, normalise, wide_sums};

impl BatchNormOps for Flex {
    fn batch_norm_forward(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        epsilon: f64,
        residual: Residual<Self>,
        relu: bool,
        synchronised: Option<Synchronised>,
    ) -> BatchNormOutput<Self> {
        if !is_f32(&x) {
            only_on_the_cpu(synchronised.as_ref());
            return forward_by_burn::<Self>(x, weight, bias, epsilon, residual, relu);
        }
        let x = into_channels_last(x);
        let (weight, bias) = (weight.to_contiguous(), bias.to_contiguous());
        let residual = residual.into_option().map(into_channels_last);
        let shape = dimensions(&x);
        let mut moments = moments(values(&x), shape[1]);
        if let Some(synchronised) = synchronised {
            moments = synchronised.moments(moments);
        }
        let statistics = moments.statistics();
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
            synchronised,
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
        let mine = wide_sums(values(&x), values(&gradient), mask, &statistics);
        let sums = mine.narrow(&statistics, epsilon);
        let of_all = match synchronised {
            Some(synchronised) => synchronised.sums(&mine).narrow(&statistics, epsilon),
            None => sums.clone(),
        };
        if wanted.x || wanted.residual {
            // Both become their results; what another operation still holds is copied first.
            let (x, gradient) = (x.storage_mut(), gradient.storage_mut());
            input_gradient(
                x,
                gradient,
                mask,
                &statistics,
                values(&weight),
                &of_all,
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
