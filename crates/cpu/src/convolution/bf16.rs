//! The convolutions of a training in bf16: both factors of a product are rounded to it on their way into the kernel, the
//! sums are `f32`, and so is everything that comes in and goes out.
//!
//! With [`Algorithm::Exact`] the bits are the same on every processor. With [`Algorithm::Fast`] 3x3 convolutions at stride one
//! stay in `f32`, where Winograd's algorithm is the faster; but with AMX all products are in bf16 and add in its order, see
//! [`super::Precision::adds_in_blocks`].

use super::{
    Algorithm, Epilogue, check_forward, check_input_gradient, check_weight_gradient, first_layer,
    forward_at, gather::Gather, input_gradient_at, shape::ConvolutionShape,
    weight_gradient as direct_weight_gradient, weight_gradient_at, winograd::Winograd,
};
use crate::{scratch::Scratch, simd::PairLevel};

/// [`super::forward`] in bf16.
///
/// # Panics
/// When a slice does not have the length that `shape` says.
pub fn forward(
    shape: &ConvolutionShape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
    algorithm: Algorithm,
) {
    let level = level(algorithm);
    forward_pairs_at(level, shape, input, weight, output, epilogue, algorithm);
}

/// [`super::input_gradient`] in bf16.
///
/// # Panics
/// When a slice does not have the length that `shape` says.
pub fn input_gradient(
    shape: &ConvolutionShape,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    let level = level(algorithm);
    input_gradient_pairs_at(
        level,
        shape,
        output_gradient,
        weight,
        input_gradient,
        algorithm,
    );
}

/// [`super::weight_gradient()`] in bf16.
///
/// # Panics
/// When a slice does not have the length that `shape` says.
pub fn weight_gradient(
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    let level = level(algorithm);
    weight_gradient_pairs_at(
        level,
        shape,
        input,
        output_gradient,
        weight_gradient,
        algorithm,
    );
}

/// The instructions for `algorithm`: in blocks where that is fast, unless the bits of every processor are wanted.
pub(super) fn level(algorithm: Algorithm) -> PairLevel {
    match algorithm {
        Algorithm::Fast => PairLevel::fastest(),
        Algorithm::Exact => PairLevel::best(),
    }
}

/// True where Winograd's algorithm in `f32` takes less time than the direct product in bf16: everywhere but in blocks, in all
/// three convolutions of a training step (docs/kernels.md has the measurement).
fn prefers_winograd(level: PairLevel, shape: &ConvolutionShape, algorithm: Algorithm) -> bool {
    algorithm == Algorithm::Fast && !level.is_in_blocks() && Winograd::supports(shape)
}

pub(super) fn forward_pairs_at(
    level: PairLevel,
    shape: &ConvolutionShape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
    algorithm: Algorithm,
) {
    if prefers_winograd(level, shape, algorithm) {
        let level = level.single();
        forward_at(level, shape, input, weight, output, epilogue, algorithm);
        return;
    }
    check_forward(shape, input, output, &epilogue);
    assert_eq!(weight.len(), shape.weight_length(), "numbers of the weight");
    if first_layer::supports_pairs(level, shape) {
        let mut panels = Scratch::take(first_layer::pairs_length(shape));
        first_layer::pack_pairs(shape, weight, &mut panels);
        first_layer::run_pairs(level, shape, input, &panels, output, epilogue);
    } else {
        let gather = Gather::forward(shape);
        let panels = packed(level, &gather, weight);
        gather.run_pairs(level, input, &panels, output, epilogue);
    }
}

pub(super) fn input_gradient_pairs_at(
    level: PairLevel,
    shape: &ConvolutionShape,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    if prefers_winograd(level, shape, algorithm) {
        let level = level.single();
        input_gradient_at(
            level,
            shape,
            output_gradient,
            weight,
            input_gradient,
            algorithm,
        );
        return;
    }
    check_input_gradient(shape, output_gradient, weight, input_gradient);
    let phases = Gather::input_gradient(shape);
    let panels = packed(level, &phases[0], weight);
    for phase in &phases {
        let epilogue = Epilogue::default();
        phase.run_pairs(level, output_gradient, &panels, input_gradient, epilogue);
    }
}

pub(super) fn weight_gradient_pairs_at(
    level: PairLevel,
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    if prefers_winograd(level, shape, algorithm) {
        let level = level.single();
        weight_gradient_at(
            level,
            shape,
            input,
            output_gradient,
            weight_gradient,
            algorithm,
        );
        return;
    }
    check_weight_gradient(shape, input, output_gradient, weight_gradient);
    direct_weight_gradient::run_pairs(level, shape, input, output_gradient, weight_gradient);
}

fn packed(level: PairLevel, gather: &Gather, weight: &[f32]) -> Scratch {
    let mut panels = Scratch::take(gather.pairs_length());
    gather.pack_pairs(level, weight, &mut panels);
    panels
}
