//! Flip: mirrored left and right, or any of the eight symmetries of the square.

use rand::{Rng, RngExt};

use super::matrix::Matrix;

/// One of the eight symmetries of the square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flip {
    /// Mirrors left and right.
    pub left_right: bool,
    /// Mirrors top and bottom.
    pub top_bottom: bool,
    /// Exchanges rows and columns.
    pub transpose: bool,
}

impl Flip {
    /// Mirroring of left and right.
    pub const LEFT_RIGHT: Self = Self {
        left_right: true,
        top_bottom: false,
        transpose: false,
    };
}

/// Draws each of the eight symmetries with the same probability.
///
/// fastai 1.0.30's `dihedral_affine` draws from 0..=8 and so takes the identity twice as often, which is a mistake
/// there.
pub(super) fn draw(random: &mut impl Rng) -> Flip {
    let bits = random.random::<u64>();
    Flip {
        left_right: bits & 1 != 0,
        top_bottom: bits & 2 != 0,
        transpose: bits & 4 != 0,
    }
}

/// The map of a sampling point.
pub(super) fn matrix(flip: Flip) -> Matrix {
    let sign = |mirrored| if mirrored { -1.0 } else { 1.0 };
    let (x, y) = (sign(flip.left_right), sign(flip.top_bottom));
    if flip.transpose {
        Matrix([[0.0, x, 0.0], [y, 0.0, 0.0], [0.0, 0.0, 1.0]])
    } else {
        Matrix::diagonal(x, y)
    }
}
