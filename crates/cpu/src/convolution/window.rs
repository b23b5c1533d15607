//! Pieces of the output, and their windows of the input.

use std::ops::Range;

use super::shape::ConvolutionShape;

/// Neighbouring output pixels.
pub struct OutputPiece {
    /// Picture of the batch.
    pub image: usize,
    /// Output rows.
    pub rows: Range<usize>,
    /// Output columns.
    pub columns: Range<usize>,
}

impl OutputPiece {
    /// Rows and columns of the input, padding included, that the piece depends on.
    pub fn window(&self, shape: &ConvolutionShape) -> (usize, usize) {
        let extent = |outputs: usize| (outputs - 1) * window_stride(shape) + shape.kernel;
        (extent(self.rows.len()), extent(self.columns.len()))
    }

    /// Output pixels.
    pub fn pixels(&self) -> usize {
        self.lanes(1)
    }

    /// Lanes of one or two `numbers` for the output pixels of each row.
    pub fn lanes(&self, numbers: usize) -> usize {
        self.rows.len() * self.columns.len().div_ceil(numbers)
    }
}

/// Step between neighbouring outputs in a window: pixels between single-element kernels are left out of it.
pub fn window_stride(shape: &ConvolutionShape) -> usize {
    if shape.kernel == 1 { 1 } else { shape.stride }
}

/// Copies some channels of the piece's window of the input, `[row][column][channel]`, zeros for the padding.
#[inline(always)]
pub fn copy_window(
    shape: &ConvolutionShape,
    piece: &OutputPiece,
    input: &[f32],
    channels: Range<usize>,
    target: &mut [f32],
) {
    let (rows, columns) = piece.window(shape);
    let count = channels.len();
    let step = shape.stride / window_stride(shape);
    let start = |output: usize| (output * shape.stride) as isize - shape.padding as isize;
    let (top, left) = (start(piece.rows.start), start(piece.columns.start));
    let before = |position: isize| position.max(0) as usize;
    let inside = before(-left).div_ceil(step).min(columns)
        ..before(shape.width as isize - left)
            .div_ceil(step)
            .min(columns);
    for (i, line) in target
        .chunks_exact_mut(columns * count)
        .take(rows)
        .enumerate()
    {
        let row = top + (i * step) as isize;
        if row < 0 || row >= shape.height as isize || inside.is_empty() {
            line.fill(0.0);
            continue;
        }
        line[..inside.start * count].fill(0.0);
        line[inside.end * count..].fill(0.0);
        let column = before(left + (inside.start * step) as isize);
        let first = (piece.image * shape.height + row as usize) * shape.width + column;
        let pixels = input[first * shape.channels_in..]
            .chunks(shape.channels_in)
            .step_by(step);
        let inside = &mut line[inside.start * count..inside.end * count];
        for (target, source) in inside.chunks_exact_mut(count).zip(pixels) {
            target.copy_from_slice(&source[channels.clone()]);
        }
    }
}
