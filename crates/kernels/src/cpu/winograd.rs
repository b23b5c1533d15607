//! 3x3 convolutions at stride one by Winograd's F(4x4, 3x3): 36 matrix products over tiles of 4x4 outputs.
//!
//! Row of a product: a tile. Column: an output channel. The sum runs over input channels. Two schedules:
//! * few channels: a task takes some tiles through all three steps, their transforms stay in its second-level cache,
//!   and the transformed weight is read by all tasks;
//! * many channels: the tiles are transformed first, then a task takes 32 output channels of all tiles, so that the
//!   transformed weight, four times as large as the weight, is made in the cache, used at once and never stored.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    convolution::{Epilogue, Shape},
    convolution_gather::{Lanes, finish_vector, load_transposed},
    gemm::{GROUP, PANEL_COLUMNS, PANEL_ROWS, multiply_panel},
    scratch::{Scratch, Shared},
    simd::{Kernel, LANES, Level, Simd},
    winograd_transform::{
        INPUTS, KERNEL, OUTPUTS, POSITIONS, Picture, Positions, transform_input, transform_product,
        transform_weight,
    },
};

/// Input channels up to which a task keeps all of its tiles' transforms.
const FEW_CHANNELS: usize = 128;
/// Row panels of a task in the schedule for few channels.
const TASK_PANELS: usize = 2;
/// Tasks wanted at least, so that several threads end at about the same time.
const TASKS: usize = 8;
/// Row panels of a round in the schedule for many channels: a task's products take 450 KB.
const ROUND_PANELS: usize = 7;
/// Input channels whose transformed weight a task makes at a time: 590 KB.
const CHANNEL_BLOCK: usize = 128;

/// One convolution of this kind.
#[derive(Clone, Copy)]
pub struct Winograd {
    batch: usize,
    source: (usize, usize),
    target: (usize, usize),
    padding: isize,
    channels_in: usize,
    channels_out: usize,
    /// Whether the weight is used as it is, or with channels exchanged and the kernel turned round.
    forward: bool,
}

impl Winograd {
    /// `output = convolution(input, weight)`, if this is the right algorithm for it.
    pub fn forward(shape: &Shape) -> Option<Winograd> {
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

    /// The gradient for the input, if this is the right algorithm for it.
    pub fn input_gradient(shape: &Shape) -> Option<Winograd> {
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

    /// Whether a convolution is of the kind this module computes.
    pub fn supports(shape: &Shape) -> bool {
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

    fn tiles(&self) -> usize {
        let (rows, columns) = self.tile_grid();
        self.batch * rows * columns
    }

    fn column_panels(&self) -> usize {
        self.channels_out / PANEL_COLUMNS
    }

    fn tile(&self, index: usize) -> Tile {
        let (rows, columns) = self.tile_grid();
        Tile {
            image: index / (rows * columns),
            row: index / columns % rows * OUTPUTS,
            column: index % columns * OUTPUTS,
        }
    }

    /// Computes the convolution with a weight as torch has it.
    pub fn run(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        if self.channels_in <= FEW_CHANNELS {
            let transformed = self.pack_weight(level, weight);
            self.run_packed(level, source, &transformed, target, epilogue);
        } else {
            self.run_many_channels(level, source, Weight::Torch(weight), target, epilogue);
        }
    }

    /// Computes the convolution with a weight from [`Winograd::pack_weight`].
    pub fn run_packed(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        if self.channels_in <= FEW_CHANNELS {
            self.run_few_channels(level, source, weight, target, epilogue);
        } else {
            self.run_many_channels(level, source, Weight::Transformed(weight), target, epilogue);
        }
    }
}

/// Position of a tile's first output.
#[derive(Clone, Copy)]
struct Tile {
    image: usize,
    row: usize,
    column: usize,
}

/// The 36 left matrices of some tiles, as panels: `[position][panel][group][row][16]`.
#[derive(Clone, Copy)]
struct LeftLayout {
    groups: usize,
    /// Rows that are used of each panel: as many in all, rather than few in the last.
    panel_rows: usize,
    position_step: usize,
}

impl LeftLayout {
    fn new(tiles: usize, channels: usize) -> LeftLayout {
        let groups = channels / LANES;
        let panels = tiles.div_ceil(PANEL_ROWS);
        let position_step = spread(panels * groups * GROUP);
        LeftLayout {
            groups,
            panel_rows: tiles.div_ceil(panels),
            position_step,
        }
    }

    fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    fn panel(&self, position: usize, panel: usize) -> usize {
        position * self.position_step + panel * self.groups * GROUP
    }
}

/// The next length that is an odd number of cache lines: 36 writes at this distance fall into different cache sets.
pub fn spread(length: usize) -> usize {
    length.next_multiple_of(LANES)
        + if length.div_ceil(LANES).is_multiple_of(2) {
            LANES
        } else {
            0
        }
}

// ---------------------------------------------------------------------------------------------- weight

#[derive(Clone, Copy)]
enum Weight<'a> {
    Torch(&'a [f32]),
    Transformed(&'a [f32]),
}

impl Winograd {
    /// The 36 right matrices: `[column panel][channel block][position][input channel of the block][32]`.
    pub fn pack_weight(&self, level: Level, weight: &[f32]) -> Scratch {
        let mut transformed = Scratch::take(self.column_panels() * self.panel_length());
        let target = Shared::new(&mut transformed);
        let blocks = self.channels_in.div_ceil(CHANNEL_BLOCK);
        (0..self.column_panels() * blocks)
            .into_par_iter()
            .for_each(|task| {
                let (panel, channels) = (task / blocks, self.channel_block(task % blocks));
                let start = panel * self.panel_length() + self.block_start(&channels);
                level.run(TransformWeight {
                    winograd: self,
                    weight,
                    panel,
                    channels,
                    target,
                    start,
                });
            });
        transformed
    }

    fn panel_length(&self) -> usize {
        self.block_start(&(self.channels_in..self.channels_in))
    }

    fn channel_block(&self, block: usize) -> Range<usize> {
        block * CHANNEL_BLOCK..self.channels_in.min((block + 1) * CHANNEL_BLOCK)
    }

    /// Where a block of channels starts in its panel.
    fn block_start(&self, channels: &Range<usize>) -> usize {
        let (whole, rest) = (
            channels.start / CHANNEL_BLOCK,
            channels.start % CHANNEL_BLOCK,
        );
        POSITIONS
            * (whole * position_step(CHANNEL_BLOCK)
                + if rest > 0 { position_step(rest) } else { 0 })
    }
}

/// Numbers from a position to the next in the transformed weight of `channels` input channels.
fn position_step(channels: usize) -> usize {
    spread(channels * PANEL_COLUMNS)
}

/// Transforms the weight of 32 output channels and some input channels.
struct TransformWeight<'a> {
    winograd: &'a Winograd,
    weight: &'a [f32],
    panel: usize,
    channels: Range<usize>,
    /// From `start` on it gets `[position][channel][32]`.
    target: Shared<'a>,
    start: usize,
}

impl Kernel for TransformWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let elements = KERNEL * KERNEL;
        for half in [0, LANES] {
            for (i, channel) in self.channels.clone().enumerate() {
                let column = self.panel * PANEL_COLUMNS + half;
                let (start, step, ahead) = if winograd.forward {
                    let step = winograd.channels_in * elements;
                    (column * step + channel * elements, step, 6 * elements)
                } else {
                    let step = winograd.channels_out * elements;
                    (channel * step + column * elements, elements, 2 * step)
                };
                let at = Lanes {
                    start,
                    step,
                    lanes: LANES,
                    count: elements,
                    ahead,
                };
                let columns = load_transposed(simd, self.weight, at);
                let mut kernel = [[simd.splat(0.0); KERNEL]; KERNEL];
                for i in 0..elements {
                    let element = if winograd.forward {
                        i
                    } else {
                        elements - 1 - i
                    };
                    kernel[i / KERNEL][i % KERNEL] = columns[element];
                }
                let start = self.start + i * PANEL_COLUMNS + half;
                // SAFETY: this task alone has this panel and these channels.
                let mut target = unsafe {
                    Positions::new(self.target, start, position_step(self.channels.len()))
                };
                transform_weight(simd, &kernel, &mut target);
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------- schedules

impl Winograd {
    fn run_few_channels(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        let target = Shared::new(target);
        let panels = self.tiles().div_ceil(PANEL_ROWS);
        let task_panels = (panels / TASKS).clamp(1, TASK_PANELS);
        (0..panels.div_ceil(task_panels))
            .into_par_iter()
            .for_each(|task| {
                let first = task * task_panels * PANEL_ROWS;
                let tiles = first..self.tiles().min(first + task_panels * PANEL_ROWS);
                let layout = LeftLayout::new(tiles.len(), self.channels_in);
                let mut left = Scratch::take(layout.length());
                let shared = Shared::new(&mut left);
                level.run(TransformTiles {
                    winograd: self,
                    source,
                    tiles: tiles.clone(),
                    layout,
                    target: shared,
                    first_panel: 0,
                });
                for panel in 0..self.column_panels() {
                    let weight = Weight::Transformed(weight);
                    level.run(Multiply {
                        winograd: self,
                        layout,
                        left: &left,
                        tiles: tiles.clone(),
                        weight,
                        panel,
                        target,
                        epilogue,
                    });
                }
            });
    }

    fn run_many_channels(
        &self,
        level: Level,
        source: &[f32],
        weight: Weight,
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        let target = Shared::new(target);
        let all_panels = self.tiles().div_ceil(PANEL_ROWS);
        let rounds = all_panels.div_ceil(ROUND_PANELS);
        let round_tiles = self.tiles().div_ceil(rounds);
        let layout = LeftLayout::new(round_tiles, self.channels_in);
        let mut left = Scratch::take(layout.length());
        for first in (0..self.tiles()).step_by(round_tiles) {
            let tiles = first..self.tiles().min(first + round_tiles);
            let shared = Shared::new(&mut left);
            (0..tiles.len().div_ceil(layout.panel_rows))
                .into_par_iter()
                .for_each(|panel| {
                    let start = first + panel * layout.panel_rows;
                    let tiles = start..tiles.end.min(start + layout.panel_rows);
                    level.run(TransformTiles {
                        winograd: self,
                        source,
                        tiles,
                        layout,
                        target: shared,
                        first_panel: panel,
                    });
                });
            (0..self.column_panels()).into_par_iter().for_each(|panel| {
                level.run(Multiply {
                    winograd: self,
                    layout,
                    left: &left,
                    tiles: tiles.clone(),
                    weight,
                    panel,
                    target,
                    epilogue,
                });
            });
        }
    }
}

// ---------------------------------------------------------------------------------------------- steps

/// Transforms the inputs of some tiles into left panels.
struct TransformTiles<'a> {
    winograd: &'a Winograd,
    source: &'a [f32],
    tiles: Range<usize>,
    layout: LeftLayout,
    target: Shared<'a>,
    /// Panel of the first tile.
    first_panel: usize,
}

impl Kernel for TransformTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let mut zeros = Scratch::take(winograd.channels_in);
        zeros.fill(0.0);
        let picture = Picture::new(self.source, winograd.source, &zeros);
        for (i, tile) in self.tiles.clone().enumerate() {
            let tile = winograd.tile(tile);
            let panel = self.first_panel + i / self.layout.panel_rows;
            let start = self.layout.panel(0, panel) + i % self.layout.panel_rows * LANES;
            let (row, column) = (
                tile.row as isize - winograd.padding,
                tile.column as isize - winograd.padding,
            );
            let mut square = picture.square::<INPUTS>(tile.image, row, column);
            for group in 0..self.layout.groups {
                square.look_at(group * LANES);
                // SAFETY: this task alone has the panels of these tiles.
                let mut target = unsafe {
                    Positions::new(
                        self.target,
                        start + group * GROUP,
                        self.layout.position_step,
                    )
                };
                transform_input(simd, &square, &mut target);
            }
        }
    }
}

/// Multiplies the transforms of some tiles with the weight of 32 output channels, transforms back and writes.
struct Multiply<'a> {
    winograd: &'a Winograd,
    layout: LeftLayout,
    left: &'a [f32],
    tiles: Range<usize>,
    weight: Weight<'a>,
    panel: usize,
    target: Shared<'a>,
    epilogue: Epilogue<'a>,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let channels = winograd.channels_in;
        let step = spread(self.tiles.len() * PANEL_COLUMNS);
        let mut products = Scratch::take(POSITIONS * step);
        let mut made = match self.weight {
            Weight::Torch(_) => {
                Scratch::take(POSITIONS * position_step(channels.min(CHANNEL_BLOCK)))
            }
            Weight::Transformed(_) => Scratch::take(0),
        };
        for block in 0..channels.div_ceil(CHANNEL_BLOCK) {
            let channels = winograd.channel_block(block);
            match self.weight {
                Weight::Torch(weight) => {
                    let (panel, target) = (self.panel, Shared::new(&mut made));
                    TransformWeight {
                        winograd,
                        weight,
                        panel,
                        channels: channels.clone(),
                        target,
                        start: 0,
                    }
                    .run(simd);
                    self.multiply(simd, &made, channels, &mut products, step);
                }
                Weight::Transformed(weight) => {
                    let start =
                        self.panel * winograd.panel_length() + winograd.block_start(&channels);
                    self.multiply(simd, &weight[start..], channels, &mut products, step);
                }
            }
        }
        let products = Shared::new(&mut products);
        for (i, tile) in self.tiles.clone().enumerate() {
            for half in [0, LANES] {
                // SAFETY: the products are this task's own, and nothing else uses them any more.
                let products = unsafe { Positions::new(products, i * PANEL_COLUMNS + half, step) };
                self.write_tile(
                    simd,
                    winograd.tile(tile),
                    &products,
                    self.panel * PANEL_COLUMNS + half,
                );
            }
        }
    }
}

impl Multiply<'_> {
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
                multiply_panel(
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

    /// Transforms one tile's products at sixteen channels to outputs and writes those inside the picture.
    #[inline(always)]
    fn write_tile<S: Simd>(&self, simd: S, tile: Tile, products: &Positions, channel: usize) {
        let winograd = self.winograd;
        let (height, width) = winograd.target;
        let mut outputs = [[simd.splat(0.0); OUTPUTS]; OUTPUTS];
        transform_product(simd, products, &mut outputs);
        for (i, line) in outputs.iter().enumerate().take(height - tile.row) {
            for (j, value) in line.iter().enumerate().take(width - tile.column) {
                let pixel = (tile.image * height + tile.row + i) * width + tile.column + j;
                let position = pixel * winograd.channels_out + channel;
                // SAFETY: this task alone has these tiles and output channels.
                let target = unsafe { self.target.slice_mut(position, LANES) };
                finish_vector(simd, &self.epilogue, position, channel, *value, target);
            }
        }
    }
}
