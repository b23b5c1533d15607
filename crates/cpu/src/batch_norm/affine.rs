//! Batch norm as an affine map, and the mask of its ReLU.

use std::ops::Range;

use super::statistics::{Statistics, inverse_deviation};

/// Affine map of each channel, `x * scale + shift`: normalisation, weight and bias in one.
#[derive(Debug, Clone)]
pub struct Affine {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Affine {
    /// The map of batch norm with these statistics, weight and bias (one number per channel each).
    pub fn new(statistics: &Statistics, weight: &[f32], bias: &[f32], epsilon: f64) -> Self {
        let deviation = inverse_deviation(&statistics.variance, epsilon);
        let scale: Vec<f32> = weight.iter().zip(&deviation).map(|(w, d)| w * d).collect();
        let terms = bias.iter().zip(&statistics.mean).zip(&scale);
        let shift = terms
            .map(|((bias, mean), scale)| bias - mean * scale)
            .collect();
        Self { scale, shift }
    }
}

/// Mask of the ReLU of the forward pass on the gradients.
#[derive(Debug, Clone, Copy)]
pub enum Mask<'a> {
    /// Passes all gradients: there was no ReLU.
    All,
    /// Passes those whose normalised input is positive or NaN (there was no residual).
    Affine(&'a Affine),
    /// Passes those whose output, given here, is positive or NaN.
    Output(&'a [f32]),
}

impl<'a> Mask<'a> {
    /// The mask of some elements.
    pub(super) fn part(self, range: Range<usize>) -> Self {
        match self {
            Mask::Output(y) => Mask::Output(&y[range]),
            Mask::All | Mask::Affine(_) => self,
        }
    }
}
