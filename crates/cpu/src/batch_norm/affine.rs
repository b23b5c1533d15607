//! The map that batch norm is for given statistics, and the gradients that its ReLU lets through.

use std::ops::Range;

use super::statistics::{Statistics, inverse_deviation};

/// What turns an input into its normalised, scaled and shifted value: `x * scale + shift`.
#[derive(Debug, Clone)]
pub struct Affine {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Affine {
    /// Of batch norm with these statistics, weight and bias.
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

/// Which gradients pass the rectifier of the forward direction.
#[derive(Debug, Clone, Copy)]
pub enum Mask<'a> {
    /// All: there was no rectifier.
    All,
    /// Those whose normalised input is positive (there was no residual).
    Affine(&'a Affine),
    /// Those whose output, given here, is positive.
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
