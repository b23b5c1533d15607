//! Zoom into a part of the picture.

use rand::{Rng, RngExt};

use super::matrix::Matrix;

/// Factor and place of a zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zoom {
    /// Factor, at least 1.
    pub scale: f64,
    /// Vertical place of the part shown, from top (0) to bottom (1).
    pub row_pct: f64,
    /// Horizontal place of the part shown, from left (0) to right (1).
    pub col_pct: f64,
}

/// Draws a factor uniform in 1 to `max_zoom` and a place uniform in the picture.
pub(super) fn draw(max_zoom: f64, random: &mut impl Rng) -> Zoom {
    Zoom {
        scale: 1.0 + (max_zoom - 1.0) * random.random::<f64>(),
        row_pct: random.random(),
        col_pct: random.random(),
    }
}

/// The map of a sampling point.
pub(super) fn matrix(zoom: Zoom) -> Matrix {
    let inverse = 1.0 / zoom.scale;
    let room = 1.0 - inverse;
    let shift = [
        room * (2.0 * zoom.col_pct - 1.0),
        room * (2.0 * zoom.row_pct - 1.0),
    ];
    Matrix::scale_and_shift([inverse, inverse], shift)
}
