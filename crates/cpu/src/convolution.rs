//! The convolutions of the ResNets and their gradients.

pub mod bf16;
#[cfg(test)]
mod bf16_tests;
mod epilogue;
mod first_layer;
mod gather;
mod packed;
mod shape;
#[cfg(test)]
mod tests;
mod transposed;
mod weight_gradient;
mod window;
mod winograd;

use crate::simd::Level;
use gather::Gather;
use winograd::Winograd;

pub use epilogue::Epilogue;
pub use packed::{PackedWeight, Precision};
pub use shape::ConvolutionShape;

/// Arithmetic of a convolution.
///
/// Errors as root mean square of the difference to the definition in `f64`, relative to the root mean square of the
/// result, for the 3x3 convolutions of ResNet-34 (ReLU outputs of a normal distribution, normal weights and gradients):
///
/// | | output | input gradient | weight gradient |
/// |---|---|---|---|
/// | `Exact` | 1.8e-7 to 2.4e-7 | 2.1e-7 to 2.5e-7 | 1.0e-7 to 2.1e-7 |
/// | `Fast` | 6.7e-7 to 9.7e-7 | 5.9e-7 to 8.0e-7 | 4.8e-7 to 1.5e-6 |
///
/// `Fast` loses half a digit, and up to a whole one in the weight gradient. The largest single error is about ten
/// times the mean in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Products as in the definition, summed in `f32`.
    Exact,
    /// Winograd's F(4x4, 3x3) for 3x3 kernels at stride one where both channel counts are multiples of 32: a quarter of
    /// the multiplications; elsewhere the same as `Exact`.
    Fast,
}

/// `output = convolution(input, weight)`, followed by `epilogue`.
///
/// * `input`: `[batch, height, width, channels_in]`
/// * `weight`: `[channels_out, channels_in, kernel, kernel]`
/// * `output`: `[batch, output_height, output_width, channels_out]`, overwritten
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
    forward_at(
        Level::best(),
        shape,
        input,
        weight,
        output,
        epilogue,
        algorithm,
    );
}

/// The gradient for the input, from the gradient for the output.
///
/// * `output_gradient`: `[batch, output_height, output_width, channels_out]`
/// * `weight`: `[channels_out, channels_in, kernel, kernel]`
/// * `input_gradient`: `[batch, height, width, channels_in]`, overwritten
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
    input_gradient_at(
        Level::best(),
        shape,
        output_gradient,
        weight,
        input_gradient,
        algorithm,
    );
}

/// The gradient for the weight, from the input and the gradient for the output.
///
/// * `input`: `[batch, height, width, channels_in]`
/// * `output_gradient`: `[batch, output_height, output_width, channels_out]`
/// * `weight_gradient`: `[channels_out, channels_in, kernel, kernel]`, overwritten
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
    weight_gradient_at(
        Level::best(),
        shape,
        input,
        output_gradient,
        weight_gradient,
        algorithm,
    );
}

fn forward_at(
    level: Level,
    shape: &ConvolutionShape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
    algorithm: Algorithm,
) {
    check_forward(shape, input, output, &epilogue);
    assert_eq!(weight.len(), shape.weight_length(), "numbers of the weight");
    match Winograd::forward(shape).filter(|_| algorithm == Algorithm::Fast) {
        Some(winograd) => winograd.run(level, input, weight, output, epilogue),
        None => {
            let panels = Gather::forward(shape).pack_weight(level, weight);
            run_direct(level, shape, input, &panels, output, epilogue);
        }
    }
}

fn input_gradient_at(
    level: Level,
    shape: &ConvolutionShape,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    check_input_gradient(shape, output_gradient, weight, input_gradient);
    if let Some(winograd) = Winograd::input_gradient(shape).filter(|_| algorithm == Algorithm::Fast)
    {
        winograd.run(
            level,
            output_gradient,
            weight,
            input_gradient,
            Epilogue::default(),
        );
        return;
    }
    let phases = Gather::input_gradient(shape);
    let panels = phases[0].pack_weight(level, weight);
    for phase in &phases {
        phase.run(
            level,
            output_gradient,
            &panels,
            input_gradient,
            Epilogue::default(),
        );
    }
}

/// Computes the products of the definition, with a weight that [`Gather`] has packed.
fn run_direct(
    level: Level,
    shape: &ConvolutionShape,
    input: &[f32],
    panels: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
) {
    if first_layer::supports(shape) {
        first_layer::run(level, shape, input, panels, output, epilogue);
    } else {
        Gather::forward(shape).run(level, input, panels, output, epilogue);
    }
}

fn check_forward(shape: &ConvolutionShape, input: &[f32], output: &[f32], epilogue: &Epilogue) {
    assert_eq!(input.len(), shape.input_length(), "numbers of the input");
    assert_eq!(output.len(), shape.output_length(), "numbers of the output");
    assert!(
        epilogue
            .bias
            .is_none_or(|bias| bias.len() == shape.channels_out),
        "numbers of the bias"
    );
    assert!(
        epilogue
            .residual
            .is_none_or(|residual| residual.len() == output.len()),
        "numbers of the residual"
    );
}

fn weight_gradient_at(
    level: Level,
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
    algorithm: Algorithm,
) {
    check_weight_gradient(shape, input, output_gradient, weight_gradient);
    if Winograd::supports(shape) && algorithm == Algorithm::Fast {
        winograd::weight_gradient::run(level, shape, input, output_gradient, weight_gradient);
    } else {
        weight_gradient::run(level, shape, input, output_gradient, weight_gradient);
    }
}

fn check_input_gradient(
    shape: &ConvolutionShape,
    output_gradient: &[f32],
    weight: &[f32],
    input_gradient: &[f32],
) {
    assert_eq!(
        input_gradient.len(),
        shape.input_length(),
        "numbers of the input's gradient"
    );
    assert_eq!(
        output_gradient.len(),
        shape.output_length(),
        "numbers of the output's gradient"
    );
    assert_eq!(weight.len(), shape.weight_length(), "numbers of the weight");
}

fn check_weight_gradient(
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &[f32],
) {
    assert_eq!(input.len(), shape.input_length(), "numbers of the input");
    assert_eq!(
        output_gradient.len(),
        shape.output_length(),
        "numbers of the output's gradient"
    );
    assert_eq!(
        weight_gradient.len(),
        shape.weight_length(),
        "numbers of the weight's gradient"
    );
}
