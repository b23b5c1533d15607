//! Rotation about the centre of the picture.

use rand::{Rng, RngExt};

use super::matrix::Matrix;

/// Draws an angle in degrees, uniform in ±`max_rotate`.
pub(super) fn draw(max_rotate: f64, random: &mut impl Rng) -> f64 {
    max_rotate * (2.0 * random.random::<f64>() - 1.0)
}

/// The map of a sampling point.
pub(super) fn matrix(degrees: f64) -> Matrix {
    let (sin, cos) = degrees.to_radians().sin_cos();
    Matrix([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
}
