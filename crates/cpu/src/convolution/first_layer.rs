//! The first convolution of a network: three channels, stride two.
//!
//! A tap has too few channels to fill a vector, and copying taps together costs as much as multiplying them. But the
//! numbers that an output needs of one input row lie side by side, and those of the next output six numbers further:
//! the product reads them where they lie, in a copy of the picture that has its padding.

use rayon::prelude::*;

use super::{
    epilogue::{Epilogue, finish_row},
    gather::Gather,
    shape::Shape,
    window::{Piece, copy_window},
};
use crate::{
    gemm::{NARROW_ROW, Narrow, PANEL_COLUMNS, PANEL_ROWS, multiply_narrow, panel_rows},
    scratch::{Scratch, Shared},
    simd::{Kernel, Level, Simd},
};

/// Output rows of a task.
const TASK_ROWS: usize = 8;

/// Whether a convolution is of the kind this module computes.
pub fn supports(shape: &Shape) -> bool {
    shape.channels_in * shape.stride == NARROW_ROW && shape.kernel > 1
}

/// `output = convolution(input, weight)`, with a weight as [`Gather::pack_weight`] arranges it.
pub fn run(
    level: Level,
    shape: &Shape,
    input: &[f32],
    weight: &[f32],
    output: &mut [f32],
    epilogue: Epilogue,
) {
    let target = Shared::new(output);
    let blocks = shape.output_height().div_ceil(TASK_ROWS);
    (0..shape.batch * blocks).into_par_iter().for_each(|task| {
        let first = task % blocks * TASK_ROWS;
        let rows = first..shape.output_height().min(first + TASK_ROWS);
        let piece = Piece {
            image: task / blocks,
            rows,
            columns: 0..shape.output_width(),
        };
        level.run(Rows {
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
    shape: &'a Shape,
    input: &'a [f32],
    weight: &'a [f32],
    target: Shared<'a>,
    epilogue: Epilogue<'a>,
    piece: Piece,
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
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
        let walk = Narrow {
            lines: shape.kernel,
            line_step: line,
            length: shape.kernel * shape.channels_in,
        };
        let width = shape.output_width();
        let panels = width.div_ceil(panel_rows(S::WIDE));
        let mut sums = [0.0; PANEL_ROWS * PANEL_COLUMNS];
        for (i, row) in self.piece.rows.clone().enumerate() {
            for panel in 0..panels {
                // Panels of almost the same length, rather than a small last one.
                let pixels = panel * width / panels..(panel + 1) * width / panels;
                let left = &window[i * shape.stride * line + pixels.start * NARROW_ROW..];
                let first = (self.piece.image * shape.output_height() + row) * width + pixels.start;
                for (part, right) in self
                    .weight
                    .chunks_exact(Gather::weight_panel_length(shape))
                    .enumerate()
                {
                    multiply_narrow(simd, pixels.len(), walk, left, right, &mut sums);
                    self.write(
                        simd,
                        first,
                        &sums[..pixels.len() * PANEL_COLUMNS],
                        part * PANEL_COLUMNS,
                    );
                }
            }
        }
    }
}

impl Rows<'_> {
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
