//! The first convolution of a network: three channels, stride two.
//!
//! A tap has too few channels to fill a vector, and copying taps together costs as much as multiplying them. But the
//! numbers that an output needs of one input row lie side by side, and those of the next output six numbers further:
//! the product reads them in place, from a copy of the picture with its padding.

use rayon::prelude::*;

use super::{
    epilogue::{Epilogue, finish_row},
    gather::Gather,
    shape::ConvolutionShape,
    window::{OutputPiece, copy_window},
};
use crate::{
    gemm::{
        Lane, NarrowWalk, PANEL_COLUMNS, PANEL_ROWS, Pair, Single, multiply_narrow, panel_rows,
    },
    scratch::{Scratch, Shared},
    simd::{LANES, Level, PairLevel, PairOperation, Pairs, Simd, SimdOperation, round_pair},
};

/// Output rows of a task.
const TASK_ROWS: usize = 8;
/// Numbers from the first tap of an output to that of the next.
const STEP: usize = 6;

/// True for the convolutions that this module computes.
pub fn supports(shape: &ConvolutionShape) -> bool {
    shape.channels_in * shape.stride == STEP && shape.kernel > 1
}

/// The same in bf16: in blocks, a product of gathered pixels is so fast that copying them is no matter.
pub fn supports_pairs(level: PairLevel, shape: &ConvolutionShape) -> bool {
    !level.is_in_blocks() && supports(shape)
}

/// `output = convolution(input, weight)`, with a weight as [`Gather::pack_weight`] arranges it.
pub fn run(
    level: Level,
    shape: &ConvolutionShape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
) {
    for_each_task(shape, input, weight, output, epilogue, |rows| {
        level.run(rows)
    });
}

/// [`run`] in bf16, with a weight from [`pack_pairs`]. A tap more than there is belongs to the last pair of each kernel row: its
/// weight is zero, but an input that is not finite makes NaN of it.
pub fn run_pairs(
    level: PairLevel,
    shape: &ConvolutionShape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
) {
    for_each_task(shape, input, weight, output, epilogue, |rows| {
        level.run(rows)
    });
}

/// Lanes of the weight in bf16.
pub fn pairs_length(shape: &ConvolutionShape) -> usize {
    shape.channels_out.div_ceil(PANEL_COLUMNS) * shape.kernel * row_pairs(shape) * PANEL_COLUMNS
}

/// The weight in bf16: `[column panel][kernel row][pair of (kernel column, channel)][32]`.
pub fn pack_pairs(shape: &ConvolutionShape, weight: &[f32], panels: &mut [f32]) {
    let number = |output: usize, row: usize, number: usize| {
        let (column, channel) = (number / shape.channels_in, number % shape.channels_in);
        let exists = output < shape.channels_out && column < shape.kernel;
        let place = (output * shape.channels_in + channel) * shape.kernel + row;
        if exists {
            weight[place * shape.kernel + column]
        } else {
            0.0
        }
    };
    for (i, target) in panels.chunks_exact_mut(PANEL_COLUMNS).enumerate() {
        let (row, pair) = (i / row_pairs(shape), i % row_pairs(shape));
        let (panel, row) = (row / shape.kernel, row % shape.kernel);
        for (lane, target) in target.iter_mut().enumerate() {
            let output = panel * PANEL_COLUMNS + lane;
            *target = round_pair(
                number(output, row, 2 * pair),
                number(output, row, 2 * pair + 1),
            );
        }
    }
}

/// Pairs of the taps of a kernel row.
fn row_pairs(shape: &ConvolutionShape) -> usize {
    (shape.kernel * shape.channels_in).div_ceil(2)
}

fn for_each_task<'a>(
    shape: &'a ConvolutionShape,
    input: &'a [f32],
    weight: &'a [f32],
    output: &'a mut [f32],
    epilogue: Epilogue<'a>,
    run: impl Fn(Rows<'a>) + Sync,
) {
    let target = Shared::new(output);
    let blocks = shape.output_height().div_ceil(TASK_ROWS);
    (0..shape.batch * blocks).into_par_iter().for_each(|task| {
        let first = task % blocks * TASK_ROWS;
        let rows = first..shape.output_height().min(first + TASK_ROWS);
        let piece = OutputPiece {
            image: task / blocks,
            rows,
            columns: 0..shape.output_width(),
        };
        run(Rows {
            shape,
            input,
            weight,
            target,
            epilogue,
            piece,
        });
    });
}

/// Some whole output rows of a picture.
struct Rows<'a> {
    shape: &'a ConvolutionShape,
    input: &'a [f32],
    weight: &'a [f32],
    target: Shared<'a>,
    epilogue: Epilogue<'a>,
    piece: OutputPiece,
}

impl SimdOperation for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (window, line) = self.window();
        let length = self.shape.kernel * self.shape.channels_in;
        let panel = Gather::weight_panel_length(self.shape);
        self.product::<S, Single, STEP>(simd, &window, line, length, panel);
    }
}

impl PairOperation for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) {
        let (window, line) = self.window();
        // An even number of numbers in a line, so that no pair spans two.
        let line_pairs = line.div_ceil(2);
        let mut pairs = Scratch::take(window.len() / line * line_pairs);
        for (target, source) in pairs
            .chunks_exact_mut(line_pairs)
            .zip(window.chunks_exact(line))
        {
            round_line(simd, source, target);
        }
        let length = row_pairs(self.shape);
        let panel = self.shape.kernel * length * PANEL_COLUMNS;
        self.product::<S, Pair, { STEP / 2 }>(simd, &pairs, line_pairs, length, panel);
    }
}

/// Rounds a line to pairs; the last is filled up with zero.
#[inline(always)]
fn round_line<S: Pairs>(simd: S, source: &[f32], target: &mut [f32]) {
    let whole = source.len() / (2 * LANES);
    for i in 0..whole {
        let numbers = &source[2 * LANES * i..2 * LANES * (i + 1)];
        let pairs = simd.round(simd.load(numbers), simd.load(&numbers[LANES..]));
        simd.store(&mut target[LANES * i..], pairs);
    }
    let rest = source[2 * LANES * whole..].chunks(2);
    for (target, pair) in target[LANES * whole..].iter_mut().zip(rest) {
        *target = round_pair(pair[0], pair.get(1).copied().unwrap_or(0.0));
    }
}

impl Rows<'_> {
    /// The numbers that the rows need, and how many of them make up a line.
    #[inline(always)]
    fn window(&self) -> (Scratch, usize) {
        let shape = self.shape;
        let (rows, columns) = self.piece.window(shape);
        let line = columns * shape.channels_in;
        let mut window = Scratch::take(rows * line);
        copy_window(
            shape,
            &self.piece,
            self.input,
            0..shape.channels_in,
            &mut window,
        );
        (window, line)
    }

    /// Multiplies the window, whose lines have `line` lanes, with column panels of `panel` lanes.
    #[inline(always)]
    fn product<S: Simd, L: Lane<S>, const ROW: usize>(
        &self,
        simd: S,
        window: &[f32],
        line: usize,
        length: usize,
        panel: usize,
    ) {
        let shape = self.shape;
        let walk = NarrowWalk::<ROW> {
            lines: shape.kernel,
            line_step: line,
            length,
        };
        let width = shape.output_width();
        let panels = width.div_ceil(panel_rows(S::WIDE));
        let mut sums = [0.0; PANEL_ROWS * PANEL_COLUMNS];
        for (i, row) in self.piece.rows.clone().enumerate() {
            for part in 0..panels {
                // Panels of almost the same length, rather than a small last one.
                let pixels = part * width / panels..(part + 1) * width / panels;
                let left = &window[i * shape.stride * line + pixels.start * ROW..];
                let first = (self.piece.image * shape.output_height() + row) * width + pixels.start;
                for (column, right) in self.weight.chunks_exact(panel).enumerate() {
                    let rows = pixels.len();
                    multiply_narrow::<S, L, ROW>(simd, rows, walk, left, right, &mut sums);
                    self.write(
                        simd,
                        first,
                        &sums[..pixels.len() * PANEL_COLUMNS],
                        column * PANEL_COLUMNS,
                    );
                }
            }
        }
    }

    /// Finishes and writes the pixels from `first` on, at the channels from `channel` on.
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S, first: usize, sums: &[f32], channel: usize) {
        let count = (self.shape.channels_out - channel).min(PANEL_COLUMNS);
        for (i, sums) in sums.chunks_exact(PANEL_COLUMNS).enumerate() {
            let position = (first + i) * self.shape.channels_out + channel;
            // SAFETY: this task alone has these output rows.
            let target = unsafe { self.target.slice_mut(position, count) };
            finish_row(
                simd,
                &self.epilogue,
                position,
                channel,
                &sums[..count],
                target,
            );
        }
    }
}
