//! Maps of the plane in homogeneous coordinates.

use std::ops::Mul;

/// A projective map of points (x, y, 1), as rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix(pub [[f64; 3]; 3]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self::diagonal(1.0, 1.0);

    /// Scales x and y.
    pub(super) const fn diagonal(x: f64, y: f64) -> Self {
        Self([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])
    }

    /// Scales x and y, then moves the point.
    pub(super) const fn scale_and_shift(scale: [f64; 2], shift: [f64; 2]) -> Self {
        Self([
            [scale[0], 0.0, shift[0]],
            [0.0, scale[1], shift[1]],
            [0.0, 0.0, 1.0],
        ])
    }

    /// Inverse, scaled so that the bottom right element is 1.
    pub(super) fn projective_inverse(&self) -> Self {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.0;
        let adjugate = [
            [e * i - f * h, c * h - b * i, b * f - c * e],
            [f * g - d * i, a * i - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ];
        Self(adjugate.map(|row| row.map(|value| value / adjugate[2][2])))
    }

    /// Image of the point (x, y), and the denominator of the division.
    pub(super) fn project(&self, x: f64, y: f64) -> ([f64; 2], f64) {
        let [u, v, w] = self.0.map(|row| row[0] * x + row[1] * y + row[2]);
        ([u / w, v / w], w)
    }

    /// Tells whether x is mapped to a function of x alone and y to a function of y alone.
    pub(super) fn is_separable(&self) -> bool {
        let [[_, b, _], [d, _, _], bottom] = self.0;
        b == 0.0 && d == 0.0 && bottom == [0.0, 0.0, 1.0]
    }
}

impl Mul for Matrix {
    type Output = Self;

    /// The map that does `right` first.
    fn mul(self, right: Self) -> Self {
        Self(
            self.0
                .map(|row| [0, 1, 2].map(|j| (0..3).map(|k| row[k] * right.0[k][j]).sum())),
        )
    }
}
