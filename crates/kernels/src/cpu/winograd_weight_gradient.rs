//! The gradient for the weight of 3x3 convolutions at stride one by the transpose of Winograd's F(4x4, 3x3).
//!
//! 36 products again, `[input channel, output channel]`, that sum over tiles; inputs and gradients of the outputs are
//! both transformed to `[position][block of 32 channels][tile][32]`. The tiles are worked off in rounds whose
//! transforms stay in the third-level cache; the rounds' sums are added in their order, which depends on the shape
//! alone.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    convolution::Shape,
    gemm::{PANEL_COLUMNS, PANEL_ROWS, Strided, multiply_outer},
    scratch::{Scratch, Shared},
    simd::{Kernel, LANES, Level, Simd},
    winograd::spread,
    winograd_transform::{
        INPUTS, KERNEL, OUTPUTS, POSITIONS, Picture, Positions, transform_input,
        transform_output_gradient, transform_product_to_weight,
    },
};

/// Channels of a block: the columns of one right panel.
const BLOCK: usize = PANEL_COLUMNS;
/// Numbers of one side's transforms in a round, at most: 5 MB of the third-level cache.
const TRANSFORMED: usize = 5 << 18;
/// Tiles transformed by one task.
const TASK_TILES: usize = 16;
/// Blocks of input and output channels of a task, at most: its sums take 590 KB.
const TASK_BLOCKS: usize = 2;
/// Tasks wanted at least, so that several threads end at about the same time.
const TASKS: usize = 4;

/// Writes the gradient; the shape must be one that [`super::winograd::Winograd::supports`].
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
    let mut sums = Scratch::take(plan.kept_sums());
    let (sums, target) = (Shared::new(&mut sums), Shared::new(weight_gradient));
    for round in 0..plan.rounds {
        let tiles = plan.round(round);
        let (shared_inputs, shared_gradients) =
            (Shared::new(&mut inputs), Shared::new(&mut gradients));
        (0..tiles.len().div_ceil(TASK_TILES))
            .into_par_iter()
            .for_each(|task| {
                let start = tiles.start + task * TASK_TILES;
                let part = start..tiles.end.min(start + TASK_TILES);
                let (inputs, gradients) = (shared_inputs, shared_gradients);
                level.run(TransformTiles {
                    plan: &plan,
                    input,
                    output_gradient,
                    round: tiles.start,
                    tiles: part,
                    inputs,
                    gradients,
                });
            });
        (0..plan.tasks()).into_par_iter().for_each(|task| {
            level.run(Products {
                plan: &plan,
                round,
                inputs: &inputs,
                gradients: &gradients,
                sums,
                target,
                task,
            });
        });
    }
}

/// How the work is cut.
struct Plan {
    shape: Shape,
    grid: (usize, usize),
    rounds: usize,
    round_tiles: usize,
    inputs: Layout,
    gradients: Layout,
    /// Blocks of channels of a task.
    task_blocks: usize,
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
        let most =
            (TRANSFORMED / (POSITIONS * shape.channels_in.max(shape.channels_out))).max(TASK_TILES);
        let rounds = tiles.div_ceil(most);
        let round_tiles = tiles.div_ceil(rounds).next_multiple_of(TASK_TILES);
        let blocks = (shape.channels_in / BLOCK) * (shape.channels_out / BLOCK);
        Plan {
            shape: *shape,
            grid,
            rounds: tiles.div_ceil(round_tiles),
            round_tiles,
            inputs: Layout::new(shape.channels_in, round_tiles),
            gradients: Layout::new(shape.channels_out, round_tiles),
            task_blocks: if blocks >= TASKS * TASK_BLOCKS * TASK_BLOCKS {
                TASK_BLOCKS
            } else {
                1
            },
        }
    }

    fn round(&self, round: usize) -> Range<usize> {
        let tiles = self.shape.batch * self.grid.0 * self.grid.1;
        round * self.round_tiles..tiles.min((round + 1) * self.round_tiles)
    }

    fn tasks_per_side(&self, channels: usize) -> usize {
        (channels / BLOCK).div_ceil(self.task_blocks)
    }

    fn tasks(&self) -> usize {
        self.tasks_per_side(self.shape.channels_in) * self.tasks_per_side(self.shape.channels_out)
    }

    /// Numbers of a task's sums, `[input block][output block][position][32][32]`.
    fn task_sums(&self) -> usize {
        self.task_blocks * self.task_blocks * POSITIONS * BLOCK * BLOCK
    }

    /// Numbers of the sums that must outlive a round.
    fn kept_sums(&self) -> usize {
        if self.rounds > 1 {
            self.tasks() * self.task_sums()
        } else {
            0
        }
    }

    fn blocks(&self, task: usize, channels: usize) -> Range<usize> {
        task * self.task_blocks..(channels / BLOCK).min((task + 1) * self.task_blocks)
    }
}

/// Transforms both sides of some tiles.
struct TransformTiles<'a> {
    plan: &'a Plan,
    input: &'a [f32],
    output_gradient: &'a [f32],
    /// First tile of the round.
    round: usize,
    tiles: Range<usize>,
    inputs: Shared<'a>,
    gradients: Shared<'a>,
}

impl Kernel for TransformTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (plan, shape) = (self.plan, &self.plan.shape);
        let mut zeros = Scratch::take(shape.channels_in.max(shape.channels_out));
        zeros.fill(0.0);
        let inputs = Picture::new(
            self.input,
            (shape.height, shape.width),
            &zeros[..shape.channels_in],
        );
        let size = (shape.output_height(), shape.output_width());
        let gradients = Picture::new(self.output_gradient, size, &zeros[..shape.channels_out]);
        let padding = shape.padding as isize;
        for tile in self.tiles.clone() {
            let (rows, columns) = plan.grid;
            let image = tile / (rows * columns);
            let (row, column) = (
                (tile / columns % rows * OUTPUTS) as isize,
                (tile % columns * OUTPUTS) as isize,
            );
            let place = (tile - self.round) * BLOCK;
            let mut square = inputs.square::<INPUTS>(image, row - padding, column - padding);
            for channel in (0..shape.channels_in).step_by(LANES) {
                square.look_at(channel);
                // SAFETY: this task alone has these tiles.
                let mut target = unsafe { plan.inputs.positions(self.inputs, channel, place) };
                transform_input(simd, &square, &mut target);
            }
            let mut square = gradients.square::<OUTPUTS>(image, row, column);
            for channel in (0..shape.channels_out).step_by(LANES) {
                square.look_at(channel);
                // SAFETY: this task alone has these tiles.
                let mut target =
                    unsafe { plan.gradients.positions(self.gradients, channel, place) };
                transform_output_gradient(simd, &square, &mut target);
            }
        }
    }
}

/// Adds one round's products of some channel blocks; after the last round transforms them back.
struct Products<'a> {
    plan: &'a Plan,
    round: usize,
    inputs: &'a [f32],
    gradients: &'a [f32],
    sums: Shared<'a>,
    target: Shared<'a>,
    task: usize,
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (plan, shape) = (self.plan, &self.plan.shape);
        let across = plan.tasks_per_side(shape.channels_out);
        let rows = plan.blocks(self.task / across, shape.channels_in);
        let columns = plan.blocks(self.task % across, shape.channels_out);
        let mut own = Scratch::take(if plan.rounds > 1 { 0 } else { plan.task_sums() });
        let sums: &mut [f32] = if plan.rounds > 1 {
            // SAFETY: this task alone has these sums in this round.
            unsafe {
                self.sums
                    .slice_mut(self.task * plan.task_sums(), plan.task_sums())
            }
        } else {
            &mut own
        };
        for position in 0..POSITIONS {
            for (i, row) in rows.clone().enumerate() {
                for (j, column) in columns.clone().enumerate() {
                    let pair = (i * plan.task_blocks + j) * POSITIONS + position;
                    let sums = &mut sums[pair * BLOCK * BLOCK..(pair + 1) * BLOCK * BLOCK];
                    self.multiply(simd, position, (row, column), sums);
                }
            }
        }
        if self.round + 1 == plan.rounds {
            for (i, row) in rows.clone().enumerate() {
                for (j, column) in columns.clone().enumerate() {
                    let pair = (i * plan.task_blocks + j) * POSITIONS;
                    self.write(
                        simd,
                        (row, column),
                        &mut sums[pair * BLOCK * BLOCK..(pair + POSITIONS) * BLOCK * BLOCK],
                    );
                }
            }
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        simd: S,
        position: usize,
        (row, column): (usize, usize),
        sums: &mut [f32],
    ) {
        let plan = self.plan;
        let tiles = plan.round(self.round).len();
        let left = &self.inputs
            [position * plan.inputs.position_step + row * plan.inputs.block_step..]
            [..tiles * BLOCK];
        let right = position * plan.gradients.position_step + column * plan.gradients.block_step;
        let right = &self.gradients[right..right + tiles * BLOCK];
        let pixels = Strided {
            lines: 1,
            line_step: 0,
            length: tiles,
            step: BLOCK,
        };
        let parts = BLOCK.div_ceil(PANEL_ROWS);
        for part in 0..parts {
            let (start, end) = (part * BLOCK / parts, (part + 1) * BLOCK / parts);
            let sums = &mut sums[start * BLOCK..end * BLOCK];
            multiply_outer(
                simd,
                end - start,
                pixels,
                &left[start..],
                right,
                sums,
                self.round > 0,
            );
        }
    }

    /// Transforms the sums of a pair of blocks, `[position][32][32]`, to the gradient and writes it.
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S, (row, column): (usize, usize), sums: &mut [f32]) {
        let shape = &self.plan.shape;
        let elements = KERNEL * KERNEL;
        let sums = Shared::new(sums);
        for half in [0, LANES] {
            for channel in 0..BLOCK {
                // SAFETY: the sums are this task's own.
                let products =
                    unsafe { Positions::new(sums, channel * BLOCK + half, BLOCK * BLOCK) };
                let mut gradient = [[simd.splat(0.0); KERNEL]; KERNEL];
                transform_product_to_weight(simd, &products, &mut gradient);
                let mut columns = [simd.splat(0.0); LANES];
                for i in 0..elements {
                    columns[i] = gradient[i / KERNEL][i % KERNEL];
                }
                for (lane, line) in simd.transpose(columns).into_iter().enumerate() {
                    let output = column * BLOCK + half + lane;
                    let at = (output * shape.channels_in + row * BLOCK + channel) * elements;
                    let mut numbers = [0.0; LANES];
                    // SAFETY: the array has sixteen numbers.
                    unsafe { simd.store(numbers.as_mut_ptr(), line) };
                    // SAFETY: this task alone has these input and output channels.
                    unsafe { self.target.slice_mut(at, elements) }
                        .copy_from_slice(&numbers[..elements]);
                }
            }
        }
    }
}
