//! The gradient for the weight as a matrix product that sums over output pixels.
//!
//! Row: an element of a kernel row and an input channel (side by side in a channels-last picture). Column: an output
//! channel. A task has a block of input channels, a block of output channels and a fixed part of the pixels; it copies
//! a piece of both pictures, with its padding, into the second-level cache, and adds the piece's products to sums that
//! stay there. Parts are added up in their order, which depends on the shape alone.

mod blocks;
mod pairs;
mod tiles;

use std::ops::Range;

use rayon::prelude::*;

use tiles::Tiles;

use super::{
    shape::ConvolutionShape,
    window::{OutputPiece, copy_window, window_stride},
};
use crate::{
    gemm::{Lane, PANEL_COLUMNS, Single, StridedWalk, multiply_outer, panel_rows},
    scratch::{Scratch, Shared},
    simd::{LANES, Level, PairLevel, Simd, SimdOperation},
};

/// Input channels of a task, and panels of output channels of it.
const BLOCK: (usize, usize) = (64, 4);
/// The same for a kernel of one element in bf16, whose copies would take half of the time: both sides and the sums fill
/// three quarters of a second-level cache of 1 MiB.
const LARGE_BLOCK: (usize, usize) = (256, 8);
/// Lanes of output pixels of a piece, about: their right panel takes 28 KiB of the first-level cache.
const PIECE_LANES: usize = 224;
/// Tasks wanted at least, so that several threads end at about the same time.
const TASKS: usize = 16;

/// Writes the gradient for the weight, from slices of the lengths that the shape says.
pub fn run(
    level: Level,
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let plan = Plan::new(shape, 1);
    let sides = [input, output_gradient];
    for_each_block(level, &plan, sides, weight_gradient, |block| {
        level.run(block)
    });
}

/// [`run`] in bf16: both sides rounded to it, pairs of neighbouring output pixels in a lane. Where a row of a piece has an
/// odd number of them, the last pair's odd one is zero on the side of the outputs: an input that is not finite may so make
/// NaN of one more kernel element of its channel.
pub fn run_pairs(
    level: PairLevel,
    shape: &ConvolutionShape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let plan = Plan::new(shape, 2);
    let sides = [input, output_gradient];
    for_each_block(level.single(), &plan, sides, weight_gradient, |block| {
        level.run(block)
    });
}

/// Calls `run` for each block of the sums, then adds up the parts.
fn for_each_block<'a>(
    level: Level,
    plan: &'a Plan,
    [input, output_gradient]: [&'a [f32]; 2],
    weight_gradient: &mut [f32],
    run: impl Fn(PartialSums<'_>) + Sync,
) {
    let mut sums = Scratch::take(plan.parts * plan.part_length());
    let shared = Shared::new(&mut sums);
    (0..plan.parts * plan.input_blocks() * plan.panel_blocks())
        .into_par_iter()
        .for_each(|task| {
            let (part, block) = (
                task / (plan.input_blocks() * plan.panel_blocks()),
                task % (plan.input_blocks() * plan.panel_blocks()),
            );
            let (input_block, panel_block) =
                (block / plan.panel_blocks(), block % plan.panel_blocks());
            run(PartialSums {
                plan,
                input,
                output_gradient,
                sums: shared,
                part,
                input_block,
                panel_block,
            });
        });
    let target = Shared::new(weight_gradient);
    (0..plan.input_blocks() * plan.panels())
        .into_par_iter()
        .for_each(|task| {
            let (input_block, panel) = (task / plan.panels(), task % plan.panels());
            level.run(AddParts {
                plan,
                sums: &sums,
                target,
                input_block,
                panel,
            });
        });
}

/// Division of the work into parts, pieces and blocks.
struct Plan {
    shape: ConvolutionShape,
    /// Output rows and columns of a piece.
    piece: (usize, usize),
    /// Pieces per picture, along both axes.
    pieces: (usize, usize),
    /// Parts of the list of pieces whose sums are kept apart.
    parts: usize,
    /// Input channels of a task, and panels of output channels of it.
    block: (usize, usize),
}

impl Plan {
    /// The division for lanes of one or two `numbers`.
    fn new(shape: &ConvolutionShape, numbers: usize) -> Plan {
        let mut shape = *shape;
        if shape.kernel == 1 && shape.stride == 1 && shape.padding == 0 {
            // Taps never leave their pixel then, so all pixels form one long line without short pieces at its ends.
            shape = ConvolutionShape {
                batch: 1,
                height: 1,
                width: shape.batch * shape.height * shape.width,
                ..shape
            };
        }
        let columns = shape.output_width().min(PIECE_LANES * numbers);
        let rows = (PIECE_LANES / columns.div_ceil(numbers)).clamp(1, shape.output_height());
        let pieces = (
            shape.output_height().div_ceil(rows),
            shape.output_width().div_ceil(columns),
        );
        let mut plan = Plan {
            shape,
            piece: (rows, columns),
            pieces,
            parts: 1,
            block: match (shape.kernel, numbers) {
                (1, 2) => LARGE_BLOCK,
                _ => BLOCK,
            },
        };
        let wanted = TASKS.div_ceil(plan.input_blocks() * plan.panel_blocks());
        plan.parts = wanted.min(plan.pieces_in_all());
        plan
    }

    fn pieces_in_all(&self) -> usize {
        self.shape.batch * self.pieces.0 * self.pieces.1
    }

    fn input_blocks(&self) -> usize {
        self.shape.channels_in.div_ceil(self.block.0)
    }

    fn panels(&self) -> usize {
        self.shape.channels_out.div_ceil(PANEL_COLUMNS)
    }

    fn panel_blocks(&self) -> usize {
        self.panels().div_ceil(self.block.1)
    }

    fn input_channels(&self, block: usize) -> Range<usize> {
        block * self.block.0..self.shape.channels_in.min((block + 1) * self.block.0)
    }

    fn panels_of(&self, block: usize) -> Range<usize> {
        block * self.block.1..self.panels().min((block + 1) * self.block.1)
    }

    /// Numbers of the sums for one input block and one panel.
    fn sums_length(&self) -> usize {
        self.shape.kernel
            * self.shape.kernel
            * self.shape.channels_in.min(self.block.0)
            * PANEL_COLUMNS
    }

    fn part_length(&self) -> usize {
        self.input_blocks() * self.panels() * self.sums_length()
    }

    fn sums_start(&self, part: usize, input_block: usize, panel: usize) -> usize {
        part * self.part_length() + (input_block * self.panels() + panel) * self.sums_length()
    }

    fn piece(&self, index: usize) -> OutputPiece {
        let (image, rest) = (
            index / (self.pieces.0 * self.pieces.1),
            index % (self.pieces.0 * self.pieces.1),
        );
        let (row, column) = (
            rest / self.pieces.1 * self.piece.0,
            rest % self.pieces.1 * self.piece.1,
        );
        let end = (
            self.shape.output_height().min(row + self.piece.0),
            self.shape.output_width().min(column + self.piece.1),
        );
        OutputPiece {
            image,
            rows: row..end.0,
            columns: column..end.1,
        }
    }
}

struct PartialSums<'a> {
    plan: &'a Plan,
    input: &'a [f32],
    output_gradient: &'a [f32],
    sums: Shared<'a>,
    part: usize,
    input_block: usize,
    panel_block: usize,
}

impl SimdOperation for PartialSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.add_all::<S, Single>(simd);
    }
}

/// How both sides of the product lie in working memory.
trait Sides<S: Simd>: Lane<S> {
    /// Copies some channels of the piece's window of the input, `[row][column][channel]`.
    fn copy_left(
        simd: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        input: &[f32],
        channels: Range<usize>,
        target: &mut [f32],
    );
    /// Columns of a line that [`Sides::copy_left`] writes, and from those of an output pixel to those of the next lane.
    fn left_columns(shape: &ConvolutionShape, piece: &OutputPiece) -> (usize, usize);
    /// Copies some panels of the piece of the output's gradient, `[panel][lane of pixels][32]`.
    fn copy_right(
        simd: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        output_gradient: &[f32],
        panels: Range<usize>,
        target: &mut [f32],
    );
    /// Lanes of pixels in a panel: whole blocks, where the product is made of them.
    #[inline(always)]
    fn lanes(piece: &OutputPiece) -> usize {
        let lanes = piece.lanes(Self::NUMBERS);
        if Self::BLOCKS {
            lanes.next_multiple_of(LANES)
        } else {
            lanes
        }
    }
}

/// The tiles of a piece.
fn tiles_of<S: Simd, L: Sides<S>>(plan: &Plan, piece: &OutputPiece, channels: usize) -> Tiles {
    let shape = &plan.shape;
    let (columns, step) = L::left_columns(shape, piece);
    let rows = shape.kernel * channels;
    Tiles {
        kernel: shape.kernel,
        rows,
        count: rows.div_ceil(panel_rows(S::WIDE)),
        line: columns * channels,
        pixels: StridedWalk {
            lines: piece.rows.len(),
            line_step: window_stride(shape) * columns * channels,
            length: piece.columns.len().div_ceil(L::NUMBERS),
            step: step * channels,
        },
        lanes: L::lanes(piece),
        sums_length: plan.sums_length(),
    }
}

impl<S: Simd> Sides<S> for Single {
    #[inline(always)]
    fn copy_left(
        _: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        input: &[f32],
        channels: Range<usize>,
        target: &mut [f32],
    ) {
        copy_window(shape, piece, input, channels, target);
    }
    #[inline(always)]
    fn left_columns(shape: &ConvolutionShape, piece: &OutputPiece) -> (usize, usize) {
        (piece.window(shape).1, window_stride(shape))
    }
    #[inline(always)]
    fn copy_right(
        _: S,
        shape: &ConvolutionShape,
        piece: &OutputPiece,
        output_gradient: &[f32],
        panels: Range<usize>,
        target: &mut [f32],
    ) {
        copy_panels(shape, piece, output_gradient, panels, target);
    }
}

impl PartialSums<'_> {
    #[inline(always)]
    fn add_all<S: Simd, L: Sides<S>>(self, simd: S) {
        let plan = self.plan;
        let shape = &plan.shape;
        let channels = plan.input_channels(self.input_block);
        let panels = plan.panels_of(self.panel_block);
        let start = plan.sums_start(self.part, self.input_block, panels.start);
        // SAFETY: this task alone has this part, input block and these panels.
        let sums = unsafe {
            self.sums
                .slice_mut(start, panels.len() * plan.sums_length())
        };
        let largest = plan.piece(0);
        let columns = L::left_columns(shape, &largest).0;
        // A vector more, which the last lane may begin.
        let left_length = largest.window(shape).0 * columns * channels.len() + LANES;
        let mut left = Scratch::take(left_length);
        let mut right = Scratch::take(panels.len() * L::lanes(&largest) * PANEL_COLUMNS);
        let pieces = plan.pieces_in_all();
        let first = self.part * pieces / plan.parts;
        for index in first..(self.part + 1) * pieces / plan.parts {
            let piece = plan.piece(index);
            L::copy_left(simd, shape, &piece, self.input, channels.clone(), &mut left);
            L::copy_right(
                simd,
                shape,
                &piece,
                self.output_gradient,
                panels.clone(),
                &mut right,
            );
            let tiles = tiles_of::<S, L>(plan, &piece, channels.len());
            let sides = (&left[..], &right[..]);
            if L::BLOCKS {
                blocks::add_piece::<S, L>(simd, &tiles, sides, sums, index > first);
            } else {
                add_piece::<S, L>(simd, &tiles, sides, sums, index > first);
            }
        }
    }
}

/// Adds a piece's products to the sums of some panels, `[panel][kernel row][kernel column, channel][32]`.
#[inline(always)]
fn add_piece<S: Simd, L: Lane<S>>(
    simd: S,
    tiles: &Tiles,
    (left, right): (&[f32], &[f32]),
    sums: &mut [f32],
    accumulate: bool,
) {
    for (sums, right) in tiles.panels(sums, right) {
        for tile in tiles.iter() {
            let (left, sums) = (&left[tile.left..], &mut sums[tile.sums..]);
            multiply_outer::<S, L>(simd, tile.rows, tiles.pixels, left, right, sums, accumulate);
        }
    }
}

/// Copies some panels of the piece of the output's gradient, `[panel][pixel][32]`.
#[inline(always)]
fn copy_panels(
    shape: &ConvolutionShape,
    piece: &OutputPiece,
    output_gradient: &[f32],
    panels: Range<usize>,
    target: &mut [f32],
) {
    let channels = shape.channels_out;
    for (panel, target) in panels.zip(target.chunks_exact_mut(piece.pixels() * PANEL_COLUMNS)) {
        let channel = panel * PANEL_COLUMNS;
        let count = (channels - channel).min(PANEL_COLUMNS);
        for (row, target) in piece
            .rows
            .clone()
            .zip(target.chunks_exact_mut(piece.columns.len() * PANEL_COLUMNS))
        {
            let first = (piece.image * shape.output_height() + row) * shape.output_width()
                + piece.columns.start;
            let pixels = output_gradient[first * channels..].chunks(channels);
            for (target, source) in target.chunks_exact_mut(PANEL_COLUMNS).zip(pixels) {
                if count == PANEL_COLUMNS {
                    target.copy_from_slice(&source[channel..channel + PANEL_COLUMNS]);
                } else {
                    target[..count].copy_from_slice(&source[channel..channel + count]);
                    target[count..].fill(0.0);
                }
            }
        }
    }
}

/// Adds up the parts for one input block and one panel and writes them in torch's order.
struct AddParts<'a> {
    plan: &'a Plan,
    sums: &'a [f32],
    target: Shared<'a>,
    input_block: usize,
    panel: usize,
}

impl SimdOperation for AddParts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let plan = self.plan;
        let shape = &plan.shape;
        let channels = plan.input_channels(self.input_block);
        let elements = shape.kernel * shape.kernel;
        let numbers = channels.len() * elements;
        for half in [0, LANES] {
            let first = self.panel * PANEL_COLUMNS + half;
            let lanes = shape.channels_out.saturating_sub(first).min(LANES);
            for start in (0..numbers).step_by(LANES) {
                let count = (numbers - start).min(LANES);
                let mut columns = [simd.splat(0.0); LANES];
                for (i, column) in columns.iter_mut().enumerate().take(count) {
                    let (channel, element) = ((start + i) / elements, (start + i) % elements);
                    let row = (element * channels.len() + channel) * PANEL_COLUMNS + half;
                    for part in 0..plan.parts {
                        let sum = &self.sums
                            [plan.sums_start(part, self.input_block, self.panel) + row..][..LANES];
                        *column = simd.add(*column, simd.load(sum));
                    }
                }
                for (lane, row) in simd.transpose(columns).into_iter().enumerate().take(lanes) {
                    let mut line = [0.0; LANES];
                    simd.store(&mut line, row);
                    let at =
                        ((first + lane) * shape.channels_in + channels.start) * elements + start;
                    // SAFETY: this task alone has these output and input channels.
                    unsafe { self.target.slice_mut(at, count) }.copy_from_slice(&line[..count]);
                }
            }
        }
    }
}
