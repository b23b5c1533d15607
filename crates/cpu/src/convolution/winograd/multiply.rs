//! Products of transformed tiles, and the outputs from them.

use std::ops::Range;

use super::{
    places::{TilePositions, TileSink, check_place},
    sizes::{OUTPUTS, POSITIONS, spread},
    tiles::LeftLayout,
    tiling::{TileOrigin, Winograd},
    transform::transform_product,
    weight::{TransformWeight, position_step, transformed_length},
};
use crate::{
    convolution::epilogue::{Epilogue, finish_vector},
    gemm::{GROUP, PANEL_COLUMNS, Single, multiply_panel},
    scratch::{Scratch, Shared},
    simd::{Arithmetic, LANES, Simd, SimdOperation},
};

/// Input channels whose weight a task transforms at a time: 590 KB.
const CHANNEL_BLOCK: usize = 128;

/// A weight, before or after its transform.
#[derive(Clone, Copy)]
pub enum WinogradWeight<'a> {
    /// The whole weight in torch's layout.
    Plain(&'a [f32]),
    /// The 36 right matrices of the task's output channels.
    Transformed(&'a [f32]),
}

/// Multiplies the transforms of some tiles with the weight of 32 output channels, transforms back and writes.
pub struct MultiplyTiles<'a> {
    /// The convolution.
    pub winograd: &'a Winograd,
    /// The layout of `left`.
    pub layout: LeftLayout,
    /// All left matrices.
    pub left: &'a [f32],
    /// The tiles of the layout.
    pub tiles: Range<usize>,
    /// The weight of these output channels, or all of it.
    pub weight: WinogradWeight<'a>,
    /// Index of the 32 output channels.
    pub panel: usize,
    /// The output.
    pub target: Shared<'a>,
    /// Operations on each output number before it is written.
    pub epilogue: Epilogue<'a>,
}

impl SimdOperation for MultiplyTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let channels = winograd.channels_in;
        let step = spread(self.tiles.len() * PANEL_COLUMNS);
        let mut products = Scratch::take(POSITIONS * step);
        match self.weight {
            WinogradWeight::Transformed(weight) => {
                self.multiply(simd, weight, 0..channels, &mut products, step)
            }
            WinogradWeight::Plain(weight) => {
                let mut transformed =
                    Scratch::take(transformed_length(channels.min(CHANNEL_BLOCK)));
                for start in (0..channels).step_by(CHANNEL_BLOCK) {
                    let channels = start..channels.min(start + CHANNEL_BLOCK);
                    let (panel, part, target) =
                        (self.panel, channels.clone(), Shared::new(&mut transformed));
                    TransformWeight {
                        winograd,
                        weight,
                        panel,
                        channels: part,
                        target,
                        start: 0,
                    }
                    .run(simd);
                    self.multiply(simd, &transformed, channels, &mut products, step);
                }
            }
        }
        let products = Shared::new(&mut products);
        for (i, tile) in self.tiles.clone().enumerate() {
            for half in [0, LANES] {
                // SAFETY: the products are this task's own, and nothing else uses them any more.
                let products =
                    unsafe { TilePositions::new(products, i * PANEL_COLUMNS + half, step) };
                let channel = self.panel * PANEL_COLUMNS + half;
                // SAFETY: this task alone has its tiles at its 32 output channels.
                let mut outputs = unsafe { self.output_tile(winograd.tile(tile), channel) };
                transform_product(simd, &products, &mut outputs);
            }
        }
    }
}

impl MultiplyTiles<'_> {
    /// The outputs of a tile at the sixteen channels from `channel` on.
    ///
    /// # Safety
    /// While the result lives, nobody else may use these numbers of the output.
    #[inline(always)]
    unsafe fn output_tile(&self, tile: TileOrigin, channel: usize) -> OutputTile<'_> {
        let (height, width) = self.winograd.target;
        let channels = self.winograd.channels_out;
        let pixel = (tile.image * height + tile.row) * width + tile.column;
        OutputTile {
            target: self.target,
            epilogue: &self.epilogue,
            position: pixel * channels + channel,
            row_step: width * channels,
            pixel_step: channels,
            inside: (height - tile.row, width - tile.column),
            channel,
        }
    }

    /// Adds the products over some input channels, whose weight is `[position][channel][32]`.
    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        simd: S,
        weight: &[f32],
        channels: Range<usize>,
        products: &mut [f32],
        step: usize,
    ) {
        let (group, groups) = (channels.start / LANES, channels.len() / LANES);
        let rights = weight.chunks_exact(position_step(channels.len()));
        let products = products.chunks_exact_mut(step);
        for (position, (right, products)) in rights.zip(products).enumerate() {
            let products = &mut products[..self.tiles.len() * PANEL_COLUMNS];
            for (panel, products) in products
                .chunks_mut(self.layout.panel_rows * PANEL_COLUMNS)
                .enumerate()
            {
                let left = self.layout.panel(position, panel) + group * GROUP;
                let left = &self.left[left..left + groups * GROUP];
                let rows = products.len() / PANEL_COLUMNS;
                multiply_panel::<S, Single>(
                    simd,
                    (rows, groups),
                    left,
                    right,
                    products,
                    PANEL_COLUMNS,
                    channels.start > 0,
                );
            }
        }
    }
}

/// Sixteen output channels of a tile; pixels beyond the picture are not written.
struct OutputTile<'a> {
    /// The output, as in [`MultiplyTiles`].
    target: Shared<'a>,
    epilogue: &'a Epilogue<'a>,
    /// Position of the tile's first number at the first of the channels.
    position: usize,
    /// Numbers from a row of the picture to the next.
    row_step: usize,
    /// Numbers from a pixel to the next: all output channels.
    pixel_step: usize,
    /// Rows and columns inside the picture.
    inside: (usize, usize),
    channel: usize,
}

impl TileSink<OUTPUTS> for OutputTile<'_> {
    #[inline(always)]
    fn put<A: Arithmetic>(
        &mut self,
        arithmetic: A,
        row: usize,
        column: usize,
        lane: usize,
        value: A::Vector,
    ) {
        check_place::<OUTPUTS, A>(row, column, lane);
        if row >= self.inside.0 || column >= self.inside.1 {
            return;
        }
        let position = self.position + row * self.row_step + column * self.pixel_step + lane;
        // SAFETY: one of the tile's pixels at one of its sixteen channels, which are ours by the promise to `output_tile`.
        let target = unsafe { self.target.slice_mut(position, A::WIDTH) };
        let channel = self.channel + lane;
        finish_vector(arithmetic, self.epilogue, position, channel, value, target);
    }
}
