//! Products of blocks of channels, and the gradient from them.

use std::ops::Range;

use super::plan::{BLOCK, GradientPlan, SumsLayout};
use crate::{
    convolution::winograd::{
        places::{LocalTile, TilePositions},
        sizes::{KERNEL, POSITIONS},
        transform::transform_product_to_weight,
    },
    gemm::{Single, StridedWalk, multiply_outer, panel_rows},
    scratch::{Scratch, Shared},
    simd::{LANES, Simd, SimdOperation},
};

/// Computes the gradient of some blocks of channels, from transforms of all tiles (one round).
pub struct BlockGradient<'a> {
    /// The division of the work.
    pub plan: &'a GradientPlan,
    /// Transforms of the input.
    pub inputs: &'a [f32],
    /// Transforms of the output's gradient.
    pub gradients: &'a [f32],
    /// The gradient.
    pub target: Shared<'a>,
    /// Blocks of input channels.
    pub rows: Range<usize>,
    /// Blocks of output channels.
    pub columns: Range<usize>,
}

impl SimdOperation for BlockGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let BlockGradient {
            plan,
            inputs,
            gradients,
            target,
            rows,
            columns,
        } = self;
        let layout = &SumsLayout::new(rows.clone(), columns.clone());
        let mut sums = Scratch::take(layout.length());
        let sums = Shared::new(&mut sums);
        BlockProducts {
            plan,
            round: 0,
            inputs,
            gradients,
            sums,
            layout,
            positions: 0..POSITIONS,
        }
        .run(simd);
        WriteGradient {
            plan,
            sums,
            layout,
            rows,
            columns,
            target,
        }
        .run(simd);
    }
}

/// Adds one round's products at some positions to the sums of all blocks of the layout.
pub struct BlockProducts<'a> {
    /// The division of the work.
    pub plan: &'a GradientPlan,
    /// The round whose products are added.
    pub round: usize,
    /// Transforms of the input.
    pub inputs: &'a [f32],
    /// Transforms of the output's gradient.
    pub gradients: &'a [f32],
    /// The sums.
    pub sums: Shared<'a>,
    /// The layout of the sums.
    pub layout: &'a SumsLayout,
    /// Positions of this task.
    pub positions: Range<usize>,
}

impl SimdOperation for BlockProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for position in self.positions.clone() {
            for row in self.layout.rows.clone() {
                for column in self.layout.columns.clone() {
                    self.multiply(simd, position, row, column);
                }
            }
        }
    }
}

impl BlockProducts<'_> {
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, position: usize, row: usize, column: usize) {
        let plan = self.plan;
        let tiles = plan.round(self.round).len();
        let left = position * plan.inputs.position_step + row * plan.inputs.block_step;
        let left = &self.inputs[left..left + tiles * BLOCK];
        let right = position * plan.gradients.position_step + column * plan.gradients.block_step;
        let right = &self.gradients[right..right + tiles * BLOCK];
        let start = self.layout.start(position, row, column);
        // SAFETY: this task alone has this position of this layout.
        let sums = unsafe { self.sums.slice_mut(start, BLOCK * BLOCK) };
        let pixels = StridedWalk {
            lines: 1,
            line_step: 0,
            length: tiles,
            step: BLOCK,
        };
        let parts = BLOCK.div_ceil(panel_rows(S::WIDE));
        for part in 0..parts {
            let (start, end) = (part * BLOCK / parts, (part + 1) * BLOCK / parts);
            let sums = &mut sums[start * BLOCK..end * BLOCK];
            multiply_outer::<S, Single>(
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
}

/// Transforms the sums of some blocks to the gradient and writes it.
pub struct WriteGradient<'a> {
    /// The division of the work.
    pub plan: &'a GradientPlan,
    /// The sums.
    pub sums: Shared<'a>,
    /// The layout of the sums.
    pub layout: &'a SumsLayout,
    /// Blocks of input channels.
    pub rows: Range<usize>,
    /// Blocks of output channels.
    pub columns: Range<usize>,
    /// The gradient.
    pub target: Shared<'a>,
}

impl SimdOperation for WriteGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for row in self.rows.clone() {
            for column in self.columns.clone() {
                for half in [0, LANES] {
                    for channel in 0..BLOCK {
                        self.write(simd, row, column, channel, half);
                    }
                }
            }
        }
    }
}

impl WriteGradient<'_> {
    /// Writes one input channel and sixteen output channels.
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S, row: usize, column: usize, channel: usize, half: usize) {
        let elements = KERNEL * KERNEL;
        let start = self.layout.start(0, row, column) + channel * BLOCK + half;
        // SAFETY: this task alone has these blocks, and nothing writes sums any more.
        let products = unsafe { TilePositions::new(self.sums, start, self.layout.position_step) };
        let mut gradient = LocalTile::<KERNEL>::zero();
        transform_product_to_weight(simd, &products, &mut gradient);
        let mut columns = [simd.splat(0.0); LANES];
        for (i, column) in columns.iter_mut().enumerate().take(elements) {
            let lanes = gradient.lanes(i / KERNEL, i % KERNEL);
            *column = simd.load(lanes);
        }
        for (lane, line) in simd.transpose(columns).into_iter().enumerate() {
            let output = column * BLOCK + half + lane;
            let at = (output * self.plan.shape.channels_in + row * BLOCK + channel) * elements;
            let mut numbers = [0.0; LANES];
            simd.store(&mut numbers, line);
            // SAFETY: this task alone has these input and output channels.
            unsafe { self.target.slice_mut(at, elements) }.copy_from_slice(&numbers[..elements]);
        }
    }
}
