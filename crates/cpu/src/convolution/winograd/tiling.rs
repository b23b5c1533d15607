//! One convolution and its tiles.

use super::sizes::{KERNEL, OUTPUTS};
use crate::{convolution::shape::Shape, gemm::PANEL_COLUMNS};

/// One convolution of this kind.
#[derive(Clone, Copy)]
pub struct Winograd {
    pub(super) batch: usize,
    pub(super) source: (usize, usize),
    pub(super) target: (usize, usize),
    pub(super) padding: isize,
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    /// Whether the weight is used as it is, or with channels exchanged and the kernel turned round.
    pub(super) forward: bool,
}

impl Winograd {
    /// `output = convolution(input, weight)`, if this is the right algorithm for it.
    pub fn forward(shape: &Shape) -> Option<Winograd> {
        let fits = Winograd::supports(shape);
        fits.then(|| Winograd {
            batch: shape.batch,
            source: (shape.height, shape.width),
            target: (shape.output_height(), shape.output_width()),
            padding: shape.padding as isize,
            channels_in: shape.channels_in,
            channels_out: shape.channels_out,
            forward: true,
        })
    }

    /// The gradient for the input, if this is the right algorithm for it.
    pub fn input_gradient(shape: &Shape) -> Option<Winograd> {
        let fits = Winograd::supports(shape);
        fits.then(|| Winograd {
            batch: shape.batch,
            source: (shape.output_height(), shape.output_width()),
            target: (shape.height, shape.width),
            padding: KERNEL as isize - 1 - shape.padding as isize,
            channels_in: shape.channels_out,
            channels_out: shape.channels_in,
            forward: false,
        })
    }

    /// Whether a convolution is of the kind this module computes.
    pub fn supports(shape: &Shape) -> bool {
        let whole = shape.channels_in.is_multiple_of(PANEL_COLUMNS)
            && shape.channels_out.is_multiple_of(PANEL_COLUMNS);
        shape.kernel == KERNEL && shape.stride == 1 && shape.padding < KERNEL && whole
    }

    fn tile_grid(&self) -> (usize, usize) {
        (
            self.target.0.div_ceil(OUTPUTS),
            self.target.1.div_ceil(OUTPUTS),
        )
    }

    pub(super) fn tiles(&self) -> usize {
        let (rows, columns) = self.tile_grid();
        self.batch * rows * columns
    }

    pub(super) fn column_panels(&self) -> usize {
        self.channels_out / PANEL_COLUMNS
    }

    pub(super) fn tile(&self, index: usize) -> Tile {
        let (rows, columns) = self.tile_grid();
        Tile {
            image: index / (rows * columns),
            row: index / columns % rows * OUTPUTS,
            column: index % columns * OUTPUTS,
        }
    }
}

/// Position of a tile's first output.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}
