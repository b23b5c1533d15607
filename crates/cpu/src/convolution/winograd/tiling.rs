//! A convolution and its tiles.

use super::sizes::{KERNEL, OUTPUTS};
use crate::{convolution::shape::ConvolutionShape, gemm::PANEL_COLUMNS};

/// A convolution by Winograd's algorithm, or the gradient for the input of one.
#[derive(Clone, Copy)]
pub struct Winograd {
    /// Pictures.
    pub(super) batch: usize,
    /// Rows and columns of the picture that is read.
    pub(super) source: (usize, usize),
    /// Rows and columns of the picture that is written.
    pub(super) target: (usize, usize),
    /// Rows and columns of zeros around the picture that is read.
    pub(super) padding: isize,
    /// Channels of the picture that is read.
    pub(super) channels_in: usize,
    /// Channels of the picture that is written.
    pub(super) channels_out: usize,
    /// True for a convolution; for a gradient the weight has its channels exchanged and its kernel turned by 180 degrees.
    pub(super) forward: bool,
}

impl Winograd {
    /// `output = convolution(input, weight)`, if [`Winograd::supports`] the shape.
    pub fn forward(shape: &ConvolutionShape) -> Option<Winograd> {
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

    /// The gradient for the input, if [`Winograd::supports`] the shape.
    pub fn input_gradient(shape: &ConvolutionShape) -> Option<Winograd> {
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

    /// True for the convolutions that this module computes.
    pub fn supports(shape: &ConvolutionShape) -> bool {
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

    /// Tiles of all pictures.
    pub(super) fn tiles(&self) -> usize {
        let (rows, columns) = self.tile_grid();
        self.batch * rows * columns
    }

    /// Panels of 32 output channels.
    pub(super) fn column_panels(&self) -> usize {
        self.channels_out / PANEL_COLUMNS
    }

    /// The origin of a tile.
    pub(super) fn tile(&self, index: usize) -> TileOrigin {
        let (rows, columns) = self.tile_grid();
        TileOrigin {
            image: index / (rows * columns),
            row: index / columns % rows * OUTPUTS,
            column: index % columns * OUTPUTS,
        }
    }
}

/// Position of a tile's first output.
#[derive(Clone, Copy)]
pub(super) struct TileOrigin {
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}
