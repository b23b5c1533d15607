//! Both sides of the product in bf16: a lane holds two output pixels that are neighbours in their row.

use std::ops::Range;

use super::{PartialSums, Sides};
use crate::{
    convolution::{
        shape::ConvolutionShape,
        window::{OutputPiece, copy_window},
    },
    gemm::{PANEL_COLUMNS, Pair},
    scratch::Scratch,
    simd::{LANES, PairOperation, Pairs, round_pair},
};

impl PairOperation for PartialSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) {
        self.add_all::<S, Pair>(simd);
    }
}

impl<S: Pairs> Sides<S> for Pair {
    /// A lane is an input number with that of the next output pixel. A kernel of one element needs those of every second
    /// pixel alone; a wider one needs all, since its elements begin at odd pixels too.
    #[inline(always)]
    fn copy_left(
        simd: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        input: &[f32],
        channels: Range<usize>,
        target: &mut [f32],
    ) {
        if shape.kernel == 1 {
            copy_pixels(simd, shape, piece, input, channels, target);
            return;
        }
        let count = channels.len();
        let (rows, columns) = piece.window(shape);
        let mut window = Scratch::take(rows * columns * count);
        copy_window(shape, piece, input, channels, &mut window);
        let lines = target.chunks_exact_mut(columns * count);
        for (line, target) in window.chunks_exact(columns * count).zip(lines) {
            let next = (shape.stride * count).min(line.len());
            pair(simd, line, &line[next..], target);
        }
    }

    #[inline(always)]
    fn left_columns(shape: &ConvolutionShape, piece: &OutputPiece) -> (usize, usize) {
        match shape.kernel {
            1 => (piece.columns.len().div_ceil(2), 1),
            _ => (piece.window(shape).1, 2 * shape.stride),
        }
    }

    #[inline(always)]
    fn copy_right(
        simd: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        output_gradient: &[f32],
        panels: Range<usize>,
        target: &mut [f32],
    ) {
        let channels = shape.channels_out;
        let length = piece.columns.len() * channels;
        let line_lanes = piece.columns.len().div_ceil(2) * PANEL_COLUMNS;
        let panel_length = <Pair as Sides<S>>::lanes(piece) * PANEL_COLUMNS;
        for (panel, target) in panels.zip(target.chunks_exact_mut(panel_length)) {
            let (target, rest) = target.split_at_mut(piece.lanes(2) * PANEL_COLUMNS);
            rest.fill(0.0);
            let channel = panel * PANEL_COLUMNS;
            let count = (channels - channel).min(PANEL_COLUMNS);
            let lines = piece.rows.clone().zip(target.chunks_exact_mut(line_lanes));
            for (row, target) in lines {
                let first = (piece.image * shape.output_height() + row) * shape.output_width()
                    + piece.columns.start;
                let line = &output_gradient[first * channels..][..length];
                let targets = target.chunks_exact_mut(PANEL_COLUMNS);
                for (pixels, target) in line.chunks(2 * channels).zip(targets) {
                    let (even, odd) = pixels.split_at(channels);
                    let odd = odd.get(channel..channel + count).unwrap_or(&[]);
                    pair(simd, &even[channel..channel + count], odd, target);
                }
            }
        }
    }
}

/// The left side of a kernel of one element, straight from the input.
#[inline(always)]
fn copy_pixels<S: Pairs>(
    simd: S,
    shape: &ConvolutionShape,
    piece: &OutputPiece,
    input: &[f32],
    channels: Range<usize>,
    target: &mut [f32],
) {
    let place = |output: usize, size: usize| {
        let place = (output * shape.stride).wrapping_sub(shape.padding);
        (place < size).then_some(place)
    };
    let mut targets = target.chunks_exact_mut(channels.len());
    for row in piece.rows.clone() {
        let row = place(row, shape.height);
        let pixel = |column: usize| {
            let inside = piece.columns.contains(&column);
            let column = place(column, shape.width).filter(|_| inside);
            let (Some(row), Some(column)) = (row, column) else {
                return &[][..];
            };
            let first =
                ((piece.image * shape.height + row) * shape.width + column) * shape.channels_in;
            &input[first + channels.start..first + channels.end]
        };
        for (column, target) in piece.columns.clone().step_by(2).zip(&mut targets) {
            pair(simd, pixel(column), pixel(column + 1), target);
        }
    }
}

/// Rounds numbers to pairs, each `even` one with the `odd` one at its place, or zero if there is none; zeros fill the target.
#[inline(always)]
fn pair<S: Pairs>(simd: S, even: &[f32], odd: &[f32], target: &mut [f32]) {
    let whole = even.len().min(odd.len()) / LANES * LANES;
    for i in (0..whole).step_by(LANES) {
        let pairs = simd.round_together(simd.load(&even[i..]), simd.load(&odd[i..]));
        simd.store(&mut target[i..], pairs);
    }
    for (i, target) in target.iter_mut().enumerate().skip(whole) {
        let number = |side: &[f32]| side.get(i).copied().unwrap_or(0.0);
        *target = round_pair(number(even), number(odd));
    }
}
