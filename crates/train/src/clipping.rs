//! Clipping of gradients by their norm (Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063), as torch's `clip_grad_norm_`.
//!
//! With n the Euclidean norm of all gradients together, every gradient is multiplied by `min(1, c / (n + 1e-6))`. torch's 1e-6
//! makes the factor a little less than asked for, and clips norms below c too where c is as small as itself: so here.

use burn::tensor::Tensor;
use kernels::{is_cpu, scaled_by};
use network::NamedGradients;

/// Added to the norm, against a division by zero.
const AGAINST_ZERO: f64 = 1e-6;

/// `gradients`, on a plain device, with a norm of at most `limit`.
pub fn clipped(gradients: NamedGradients, limit: f64) -> NamedGradients {
    let squares: Vec<Tensor<1>> = gradients.values().map(sum_of_squares).collect();
    if squares.is_empty() {
        return gradients;
    }
    let norm = Tensor::cat(squares, 0).sum().sqrt();
    // A tensor, so that a GPU is not waited for.
    let factor = (norm + AGAINST_ZERO)
        .recip()
        .mul_scalar(limit)
        .clamp_max(1.0);
    let scaled = |(name, gradient)| (name, scaled_by(gradient, factor.clone()));
    gradients.into_iter().map(scaled).collect()
}

/// The sum of the squares of `gradient`, `[1]`. On the CPU in one fixed order: burn's sum of a long tensor depends on the
/// number of threads.
fn sum_of_squares(gradient: &Tensor<1>) -> Tensor<1> {
    let device = gradient.device();
    if !is_cpu(&device) {
        return (gradient.clone() * gradient.clone()).sum();
    }
    let data = gradient.to_data();
    let add = |sum: f64, value: f64| sum + value * value;
    let sum = match data.as_slice::<f32>() {
        Ok(values) => values.iter().copied().map(f64::from).fold(0.0, add),
        Err(_) => data.iter::<f64>().fold(0.0, add),
    };
    Tensor::from_data([sum], &device)
}
