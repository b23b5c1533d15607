//! The gradient for the weight of 3x3 convolutions at stride one by the transpose of Winograd's F(4x4, 3x3).
//!
//! 36 products again, `[input channel, output channel]`, that sum over tiles; inputs and gradients of the outputs are
//! both transformed to `[position][block of 32 channels][tile][32]`. Two schedules:
//! * few tiles: all are transformed, then a task takes some channel blocks through the 36 products and back to the
//!   gradient, so that the sums, four times as large as the weight, are never stored whole;
//! * many tiles: they are worked off in rounds whose transforms stay in the third-level cache; in a round a task takes
//!   one position, so that each transform is read once. The rounds' sums are added in their order, which depends on
//!   the shape alone.

mod blocks;
mod tiles;

use std::ops::Range;

use rayon::prelude::*;

use super::{
    places::Positions,
    spread,
    transform::{OUTPUTS, POSITIONS},
};
use crate::{
    convolution::Shape,
    gemm::PANEL_COLUMNS,
    scratch::{Scratch, Shared},
    simd::Level,
};
use blocks::{BlockGradient, Products, WriteGradient};
use tiles::TransformTiles;

/// Channels of a block: the columns of one right panel.
const BLOCK: usize = PANEL_COLUMNS;
/// Numbers of one side's transforms up to which all tiles are transformed at once: 10 MB.
const FEW_TILES: usize = 10 << 18;
/// Numbers of one side's transforms in a round, at most: 2 MB of the third-level cache.
const ROUND: usize = 2 << 18;
/// Tiles transformed by one task.
const TASK_TILES: usize = 16;
/// Blocks of input and of output channels of a task, where it has all positions: its sums take 590 KB.
const TASK_BLOCKS: usize = 2;

/// Writes the gradient; the shape must be one that [`super::Winograd::supports`].
pub fn run(
    level: Level,
    shape: &Shape,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    let plan = Plan::new(shape);
    let mut inputs = Scratch::take(plan.inputs.length());
    let mut gradients = Scratch::take(plan.gradients.length());
    let target = Shared::new(weight_gradient);
    if plan.rounds == 1 {
        plan.transform(
            level,
            0,
            input,
            output_gradient,
            &mut inputs,
            &mut gradients,
        );
        (0..plan.tasks()).into_par_iter().for_each(|task| {
            let (rows, columns) = plan.task(task);
            level.run(BlockGradient {
                plan: &plan,
                inputs: &inputs,
                gradients: &gradients,
                target,
                rows,
                columns,
            });
        });
        return;
    }
    let layout = SumsLayout::new(0..plan.row_blocks(), 0..plan.column_blocks());
    let mut sums = Scratch::take(layout.length());
    for round in 0..plan.rounds {
        plan.transform(
            level,
            round,
            input,
            output_gradient,
            &mut inputs,
            &mut gradients,
        );
        let sums = Shared::new(&mut sums);
        (0..POSITIONS).into_par_iter().for_each(|position| {
            let (inputs, gradients, layout) = (&inputs, &gradients, &layout);
            level.run(Products {
                plan: &plan,
                round,
                inputs,
                gradients,
                sums,
                layout,
                positions: position..position + 1,
            });
        });
    }
    let sums = Shared::new(&mut sums);
    (0..plan.tasks()).into_par_iter().for_each(|task| {
        let (rows, columns) = plan.task(task);
        level.run(WriteGradient {
            plan: &plan,
            sums,
            layout: &layout,
            rows,
            columns,
            target,
        });
    });
}

/// How the work is cut.
struct Plan {
    shape: Shape,
    grid: (usize, usize),
    rounds: usize,
    round_tiles: usize,
    inputs: Layout,
    gradients: Layout,
}

/// Where a transform is: `[position][block][tile][32]`.
#[derive(Clone, Copy)]
struct Layout {
    block_step: usize,
    position_step: usize,
}

impl Layout {
    fn new(channels: usize, tiles: usize) -> Layout {
        let block_step = tiles * BLOCK;
        Layout {
            block_step,
            position_step: spread(channels / BLOCK * block_step),
        }
    }

    fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    /// The places for sixteen channels of a tile that lies `place` numbers from the start of its block.
    ///
    /// # Safety
    /// While the result lives, nobody else may use these places.
    #[inline(always)]
    unsafe fn positions<'a>(
        &self,
        numbers: Shared<'a>,
        channel: usize,
        place: usize,
    ) -> Positions<'a> {
        let start = channel / BLOCK * self.block_step + place + channel % BLOCK;
        // SAFETY: the caller's promise.
        unsafe { Positions::new(numbers, start, self.position_step) }
    }
}

impl Plan {
    fn new(shape: &Shape) -> Plan {
        let grid = (
            shape.output_height().div_ceil(OUTPUTS),
            shape.output_width().div_ceil(OUTPUTS),
        );
        let tiles = shape.batch * grid.0 * grid.1;
        let per_tile = POSITIONS * shape.channels_in.max(shape.channels_out);
        let rounds = if tiles * per_tile <= FEW_TILES {
            1
        } else {
            (tiles * per_tile).div_ceil(ROUND)
        };
        let round_tiles = tiles.div_ceil(rounds).next_multiple_of(TASK_TILES);
        Plan {
            shape: *shape,
            grid,
            rounds: tiles.div_ceil(round_tiles),
            round_tiles,
            inputs: Layout::new(shape.channels_in, round_tiles),
            gradients: Layout::new(shape.channels_out, round_tiles),
        }
    }

    fn round(&self, round: usize) -> Range<usize> {
        let tiles = self.shape.batch * self.grid.0 * self.grid.1;
        round * self.round_tiles..tiles.min((round + 1) * self.round_tiles)
    }

    fn row_blocks(&self) -> usize {
        self.shape.channels_in / BLOCK
    }

    fn column_blocks(&self) -> usize {
        self.shape.channels_out / BLOCK
    }

    fn tasks(&self) -> usize {
        self.row_blocks().div_ceil(TASK_BLOCKS) * self.column_blocks().div_ceil(TASK_BLOCKS)
    }

    /// Blocks of input and of output channels of a task.
    fn task(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let across = self.column_blocks().div_ceil(TASK_BLOCKS);
        let blocks =
            |task: usize, all: usize| task * TASK_BLOCKS..all.min((task + 1) * TASK_BLOCKS);
        (
            blocks(task / across, self.row_blocks()),
            blocks(task % across, self.column_blocks()),
        )
    }

    /// Transforms both sides of a round's tiles.
    fn transform(
        &self,
        level: Level,
        round: usize,
        input: &[f32],
        output_gradient: &[f32],
        inputs: &mut [f32],
        gradients: &mut [f32],
    ) {
        let tiles = self.round(round);
        let (inputs, gradients) = (Shared::new(inputs), Shared::new(gradients));
        (0..tiles.len().div_ceil(TASK_TILES))
            .into_par_iter()
            .for_each(|task| {
                let start = tiles.start + task * TASK_TILES;
                let part = start..tiles.end.min(start + TASK_TILES);
                let round = tiles.start;
                level.run(TransformTiles {
                    plan: self,
                    input,
                    output_gradient,
                    round,
                    tiles: part,
                    inputs,
                    gradients,
                });
            });
    }
}

/// Where the sums of some blocks are: `[position][input block][output block][32][32]`.
struct SumsLayout {
    rows: Range<usize>,
    columns: Range<usize>,
    position_step: usize,
}

impl SumsLayout {
    fn new(rows: Range<usize>, columns: Range<usize>) -> SumsLayout {
        let position_step = spread(rows.len() * columns.len() * BLOCK * BLOCK);
        SumsLayout {
            rows,
            columns,
            position_step,
        }
    }

    fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    fn start(&self, position: usize, row: usize, column: usize) -> usize {
        let block = (row - self.rows.start) * self.columns.len() + column - self.columns.start;
        position * self.position_step + block * BLOCK * BLOCK
    }
}
