//! Convolution as a matrix product whose left matrix is gathered pixel by pixel, never stored whole.
//!
//! Row: an output pixel. Column: an output channel. The sum runs over taps and input channels. Forward and input
//! gradient differ only in where the taps point: the gradient of a strided convolution falls into
//! `stride * stride` phases of input pixels, each of which sees a fixed subset of the taps at stride one, so that
//! no product with an inserted zero is formed.

use rayon::prelude::*;

use super::{
    convolution::{Epilogue, Shape},
    gemm::{GROUP, PANEL_COLUMNS, PANEL_ROWS, multiply_panel},
    scratch::{Scratch, Shared},
    simd::{Kernel, LANES, Level, Simd},
};

/// Row panels of one task: with [`MAXIMUM_GROUPS`] the packed rows take half of a second-level cache of 512 KiB.
const BLOCK_PANELS: usize = 8;
/// Groups of sixteen summands between two visits of the outputs: the right panel (32 KiB) stays in the first-level cache.
const MAXIMUM_GROUPS: usize = 16;
/// Tasks wanted at least, so that several threads end at about the same time.
const TASKS: usize = 16;

/// One product of the kind the module describes.
pub struct Gather {
    batch: usize,
    source: (usize, usize),
    source_channels: usize,
    source_step: usize,
    target: (usize, usize),
    target_channels: usize,
    target_step: usize,
    target_start: (usize, usize),
    /// Output pixels of the product, along both axes.
    grid: (usize, usize),
    runs: Vec<Run>,
    /// Row of the packed weight at which this product's taps start, and all rows of it: the phases of an input
    /// gradient share one packed weight.
    first_row: usize,
    weight_rows: usize,
    /// Row of the packed weight at which each kernel element starts.
    element_rows: Vec<usize>,
    /// Whether the roles of the weight's channels are those of the forward direction.
    forward: bool,
}

/// Taps that lie side by side in a row of the source.
struct Run {
    row: isize,
    column: isize,
    taps: usize,
}

impl Gather {
    /// `output = convolution(input, weight)`.
    pub fn forward(shape: &Shape) -> Gather {
        let padding = shape.padding as isize;
        let run = |row: usize| Run {
            row: row as isize - padding,
            column: -padding,
            taps: shape.kernel,
        };
        let elements = shape.kernel * shape.kernel;
        Gather {
            batch: shape.batch,
            source: (shape.height, shape.width),
            source_channels: shape.channels_in,
            source_step: shape.stride,
            target: (shape.output_height(), shape.output_width()),
            target_channels: shape.channels_out,
            target_step: 1,
            target_start: (0, 0),
            grid: (shape.output_height(), shape.output_width()),
            runs: (0..shape.kernel).map(run).collect(),
            first_row: 0,
            weight_rows: Gather::weight_panel_length(shape) / PANEL_COLUMNS,
            element_rows: (0..elements)
                .map(|element| element * shape.channels_in)
                .collect(),
            forward: true,
        }
    }

    /// The gradient for the input: a product for each phase, that is, for the input pixels whose row and column are
    /// equal modulo the stride. All use the weight that the first has packed.
    pub fn input_gradient(shape: &Shape) -> Vec<Gather> {
        let mut element_rows = vec![0; shape.kernel * shape.kernel];
        let mut first_row = 0;
        let mut phases = Vec::new();
        for (row, column) in
            (0..shape.stride * shape.stride).map(|i| (i / shape.stride, i % shape.stride))
        {
            let (rows, columns) = (
                elements_of_phase(shape, row),
                elements_of_phase(shape, column),
            );
            for (i, r) in rows.iter().enumerate() {
                for (j, s) in columns.iter().enumerate() {
                    let tap = i * columns.len() + j;
                    element_rows[r * shape.kernel + s] = first_row + tap * shape.channels_out;
                }
            }
            phases.push(Gather::phase(
                shape,
                (row, column),
                (&rows, &columns),
                first_row,
            ));
            first_row += (rows.len() * columns.len() * shape.channels_out).next_multiple_of(LANES);
        }
        for phase in &mut phases {
            (phase.weight_rows, phase.element_rows) = (first_row, element_rows.clone());
        }
        phases
    }

    /// The input pixels from `start` on in steps of the stride, with the kernel rows and columns that meet them.
    fn phase(
        shape: &Shape,
        start: (usize, usize),
        (rows, columns): (&[usize], &[usize]),
        first_row: usize,
    ) -> Gather {
        let offset = |start: usize, element: usize| {
            ((start + shape.padding) as isize - element as isize) / shape.stride as isize
        };
        let run = |row: &usize| Run {
            row: offset(start.0, *row),
            column: offset(start.1, columns[0]),
            taps: columns.len(),
        };
        let pixels = |size: usize, start: usize| size.saturating_sub(start).div_ceil(shape.stride);
        Gather {
            batch: shape.batch,
            source: (shape.output_height(), shape.output_width()),
            source_channels: shape.channels_out,
            source_step: 1,
            target: (shape.height, shape.width),
            target_channels: shape.channels_in,
            target_step: shape.stride,
            target_start: start,
            grid: (pixels(shape.height, start.0), pixels(shape.width, start.1)),
            runs: if columns.is_empty() {
                Vec::new()
            } else {
                rows.iter().map(run).collect()
            },
            first_row,
            weight_rows: 0,
            element_rows: Vec::new(),
            forward: false,
        }
    }

    /// Numbers of a column panel of the packed weight in the forward direction.
    pub fn weight_panel_length(shape: &Shape) -> usize {
        (shape.kernel * shape.kernel * shape.channels_in).next_multiple_of(LANES) * PANEL_COLUMNS
    }

    fn taps(&self) -> usize {
        self.runs.iter().map(|run| run.taps).sum()
    }

    fn rows(&self) -> usize {
        self.batch * self.grid.0 * self.grid.1
    }

    /// Summands of one output, in groups of sixteen.
    fn groups(&self) -> usize {
        (self.taps() * self.source_channels).div_ceil(LANES)
    }

    /// Room for the summands of one output, and for a vector more.
    fn line_length(&self) -> usize {
        (self.groups() + 1) * LANES
    }

    fn column_panels(&self) -> usize {
        self.target_channels.div_ceil(PANEL_COLUMNS)
    }

    fn panel_length(&self) -> usize {
        self.weight_rows * PANEL_COLUMNS
    }
}

/// The kernel rows that meet the input rows `start`, `start + stride` and so on, the last first: so their output rows
/// are in ascending order.
fn elements_of_phase(shape: &Shape, start: usize) -> Vec<usize> {
    let meets = |element: &usize| {
        (start + shape.padding + shape.stride * shape.kernel - element).is_multiple_of(shape.stride)
    };
    (0..shape.kernel).rev().filter(meets).collect()
}

// ---------------------------------------------------------------------------------------------- weight

impl Gather {
    /// The right matrix: `[column panel][tap, source channel][32]`, zeros where there is no such channel.
    pub fn pack_weight(&self, level: Level, weight: &[f32]) -> Scratch {
        let mut panels = Scratch::take(self.column_panels() * self.panel_length());
        let tasks = panels.par_chunks_mut(self.panel_length()).enumerate();
        tasks.for_each(|(panel, target)| {
            level.run(PackPanel {
                gather: self,
                weight,
                panel,
                target,
            })
        });
        panels
    }
}

struct PackPanel<'a> {
    gather: &'a Gather,
    weight: &'a [f32],
    panel: usize,
    target: &'a mut [f32],
}

impl Kernel for PackPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let gather = self.gather;
        let elements = gather.element_rows.len();
        if !gather.source_channels.is_multiple_of(LANES) {
            self.target.fill(0.0);
        }
        let column = self.panel * PANEL_COLUMNS;
        for half in [0, LANES] {
            let lanes = gather
                .target_channels
                .saturating_sub(column + half)
                .min(LANES);
            if gather.forward {
                // A lane's numbers lie side by side for all source channels and elements.
                let start = (column + half) * gather.source_channels * elements;
                let numbers = gather.source_channels * elements;
                self.pack_run(simd, half, lanes, start, numbers, numbers, |i| {
                    (i / elements, i % elements)
                });
            } else {
                for source in 0..gather.source_channels {
                    let start = (source * gather.target_channels + column + half) * elements;
                    self.pack_run(simd, half, lanes, start, elements, elements, |i| {
                        (source, i)
                    });
                }
            }
        }
    }
}

impl PackPanel<'_> {
    /// Lane `l` of the target's row for summand `(source channel, element)` gets number `start + l * lane_step + i`.
    #[inline(always)]
    #[allow(
        clippy::too_many_arguments,
        reason = "an inner loop, inlined where it is called"
    )]
    fn pack_run<S: Simd>(
        &mut self,
        simd: S,
        half: usize,
        lanes: usize,
        start: usize,
        lane_step: usize,
        numbers: usize,
        summand: impl Fn(usize) -> (usize, usize),
    ) {
        for first in (0..numbers).step_by(LANES) {
            let count = (numbers - first).min(LANES);
            let ahead = if self.gather.forward {
                6 * LANES
            } else {
                2 * self.gather.target_channels * numbers
            };
            let at = Lanes {
                start: start + first,
                step: lane_step,
                lanes,
                count,
                ahead,
            };
            let columns = load_transposed(simd, self.weight, at);
            for (i, column) in columns.into_iter().enumerate().take(count) {
                let (channel, element) = summand(first + i);
                let row = (self.gather.element_rows[element] + channel) * PANEL_COLUMNS + half;
                let target = &mut self.target[row..row + LANES];
                // SAFETY: the slice has sixteen numbers.
                unsafe { simd.store(target.as_mut_ptr(), column) };
            }
        }
    }
}

/// Sixteen lanes of `count <= 16` numbers each: lane `l < lanes` starts at `start + l * step`, the others are zero.
pub struct Lanes {
    /// Position of the first number of lane 0.
    pub start: usize,
    /// Numbers from a lane to the next.
    pub step: usize,
    /// Lanes that exist.
    pub lanes: usize,
    /// Numbers of a lane.
    pub count: usize,
    /// Numbers from these to those that will be wanted some loads later: the processor does not guess sixteen paths.
    pub ahead: usize,
}

/// Vectors `i < count` of the i-th numbers of all lanes.
#[inline(always)]
pub fn load_transposed<S: Simd>(simd: S, numbers: &[f32], at: Lanes) -> [S::Vector; LANES] {
    let mut rows = [simd.splat(0.0); LANES];
    for (lane, row) in rows.iter_mut().enumerate().take(at.lanes) {
        let from = at.start + lane * at.step;
        simd.prefetch(numbers.as_ptr().wrapping_add(from + at.ahead));
        *row = if from + LANES <= numbers.len() {
            // SAFETY: the condition says that sixteen numbers follow.
            unsafe { simd.load(numbers.as_ptr().add(from)) }
        } else {
            let mut end = [0.0; LANES];
            end[..at.count].copy_from_slice(&numbers[from..from + at.count]);
            // SAFETY: the array has sixteen numbers.
            unsafe { simd.load(end.as_ptr()) }
        };
    }
    simd.transpose(rows)
}

// ---------------------------------------------------------------------------------------------- product

impl Gather {
    /// `target = gathered source * weight`, for the target pixels of this product.
    ///
    /// # Panics
    /// When a slice has not the length of the shape this was made from.
    pub fn run(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        assert_eq!(
            source.len(),
            self.batch * self.source.0 * self.source.1 * self.source_channels
        );
        assert_eq!(
            target.len(),
            self.batch * self.target.0 * self.target.1 * self.target_channels
        );
        assert_eq!(weight.len(), self.column_panels() * self.panel_length());
        assert!(
            epilogue
                .bias
                .is_none_or(|bias| bias.len() == self.target_channels)
        );
        assert!(
            epilogue
                .residual
                .is_none_or(|residual| residual.len() == target.len())
        );
        let target = Shared::new(target);
        let row_blocks = self.rows().div_ceil(BLOCK_PANELS * PANEL_ROWS);
        let column_blocks = TASKS.div_ceil(row_blocks.max(1)).min(self.column_panels());
        let panels = self.column_panels().div_ceil(column_blocks.max(1));
        (0..row_blocks * column_blocks)
            .into_par_iter()
            .for_each(|task| {
                let (block, part) = (task / column_blocks, task % column_blocks);
                let rows = block * BLOCK_PANELS * PANEL_ROWS
                    ..self.rows().min((block + 1) * BLOCK_PANELS * PANEL_ROWS);
                let columns = (part * panels).min(self.column_panels())
                    ..self.column_panels().min((part + 1) * panels);
                level.run(Block {
                    gather: self,
                    source,
                    weight,
                    target,
                    epilogue,
                    rows,
                    columns,
                });
            });
    }
}

/// Some output pixels and some column panels.
struct Block<'a> {
    gather: &'a Gather,
    source: &'a [f32],
    weight: &'a [f32],
    target: Shared<'a>,
    epilogue: Epilogue<'a>,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let gather = self.gather;
        let groups = gather.groups();
        let parts = groups.div_ceil(MAXIMUM_GROUPS).max(1);
        let part_groups = groups.div_ceil(parts);
        let panels = self.rows.len().div_ceil(PANEL_ROWS);
        let pixels = Pixels::new(gather, self.rows.clone());
        let mut left = Scratch::take(panels * part_groups * GROUP);
        let mut lines = Scratch::take(PANEL_ROWS * gather.line_length());
        let mut sums = Scratch::take(self.columns.len() * panels * PANEL_ROWS * PANEL_COLUMNS);
        for part in 0..parts {
            let range = (part * part_groups).min(groups)..((part + 1) * part_groups).min(groups);
            for panel in 0..panels {
                let rows = pixels.panel(panel);
                pack_rows(
                    simd,
                    gather,
                    self.source,
                    rows,
                    range.clone(),
                    &mut left[panel * part_groups * GROUP..],
                    &mut lines,
                );
            }
            for (i, column) in self.columns.clone().enumerate() {
                let row = gather.first_row + range.start * LANES;
                let start = column * gather.panel_length() + row * PANEL_COLUMNS;
                let right = &self.weight[start..start + range.len() * LANES * PANEL_COLUMNS];
                for panel in 0..panels {
                    let tile = (i * panels + panel) * PANEL_ROWS * PANEL_COLUMNS;
                    let sums = &mut sums[tile..tile + PANEL_ROWS * PANEL_COLUMNS];
                    let rows = pixels.panel(panel);
                    let left = &left[panel * part_groups * GROUP..][..range.len() * GROUP];
                    multiply_panel(
                        simd,
                        (rows.len(), range.len()),
                        left,
                        right,
                        sums,
                        PANEL_COLUMNS,
                        part > 0,
                    );
                    if part + 1 == parts {
                        self.finish(simd, rows, column, sums);
                    }
                }
            }
        }
    }
}

impl Block<'_> {
    /// Applies the epilogue to one tile and writes it.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, rows: &[Pixel], column: usize, sums: &[f32]) {
        let gather = self.gather;
        let first = column * PANEL_COLUMNS;
        let count = (gather.target_channels - first).min(PANEL_COLUMNS);
        for (row, sums) in rows.iter().zip(sums.chunks_exact(PANEL_COLUMNS)) {
            // SAFETY: this task alone has these rows and columns.
            let target = unsafe { self.target.slice_mut(row.target + first, count) };
            finish_row(
                simd,
                &self.epilogue,
                row.target + first,
                first,
                &sums[..count],
                target,
            );
        }
    }
}

/// `target = epilogue(sums)`; `position` is that of `target` in the whole output, `channel` its first channel.
#[inline(always)]
pub fn finish_row<S: Simd>(
    simd: S,
    epilogue: &Epilogue,
    position: usize,
    channel: usize,
    sums: &[f32],
    target: &mut [f32],
) {
    let whole = target.len() / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        let sums = &sums[start..start + LANES];
        // SAFETY: the slice has sixteen numbers.
        let sum = unsafe { simd.load(sums.as_ptr()) };
        finish_vector(
            simd,
            epilogue,
            position + start,
            channel + start,
            sum,
            &mut target[start..start + LANES],
        );
    }
    for (i, target) in target.iter_mut().enumerate().skip(whole) {
        let bias = epilogue.bias.map_or(0.0, |bias| bias[channel + i]);
        let residual = epilogue
            .residual
            .map_or(0.0, |residual| residual[position + i]);
        let sum = sums[i] + bias + residual;
        *target = if epilogue.relu { sum.max(0.0) } else { sum };
    }
}

/// [`finish_row`] for sixteen channels.
#[inline(always)]
pub fn finish_vector<S: Simd>(
    simd: S,
    epilogue: &Epilogue,
    position: usize,
    channel: usize,
    mut sum: S::Vector,
    target: &mut [f32],
) {
    if let Some(bias) = epilogue.bias {
        let bias = &bias[channel..channel + LANES];
        // SAFETY: the slice has sixteen numbers.
        sum = simd.add(sum, unsafe { simd.load(bias.as_ptr()) });
    }
    if let Some(residual) = epilogue.residual {
        let residual = &residual[position..position + LANES];
        // SAFETY: the slice has sixteen numbers.
        sum = simd.add(sum, unsafe { simd.load(residual.as_ptr()) });
    }
    if epilogue.relu {
        sum = simd.maximum(sum, simd.splat(0.0));
    }
    let target = &mut target[..LANES];
    // SAFETY: the slice has sixteen numbers.
    unsafe { simd.store(target.as_mut_ptr(), sum) };
}

// ---------------------------------------------------------------------------------------------- rows

/// An output pixel: where its taps start and where it is written.
#[derive(Clone, Copy, Default)]
struct Pixel {
    image: usize,
    row: isize,
    column: isize,
    target: usize,
}

/// The pixels of a block.
struct Pixels {
    pixels: [Pixel; BLOCK_PANELS * PANEL_ROWS],
    count: usize,
}

impl Pixels {
    fn new(gather: &Gather, rows: std::ops::Range<usize>) -> Pixels {
        let mut pixels = [Pixel::default(); BLOCK_PANELS * PANEL_ROWS];
        let (height, width) = gather.grid;
        let count = rows.len();
        let (mut image, mut i, mut j) = (
            rows.start / (height * width),
            rows.start / width % height,
            rows.start % width,
        );
        for pixel in pixels.iter_mut().take(count) {
            let row = i * gather.target_step + gather.target_start.0;
            let column = j * gather.target_step + gather.target_start.1;
            *pixel = Pixel {
                image,
                row: (i * gather.source_step) as isize,
                column: (j * gather.source_step) as isize,
                target: ((image * gather.target.0 + row) * gather.target.1 + column)
                    * gather.target_channels,
            };
            j += 1;
            if j == width {
                (i, j) = (i + 1, 0);
            }
            if i == height {
                (image, i) = (image + 1, 0);
            }
        }
        Pixels { pixels, count }
    }

    fn panel(&self, panel: usize) -> &[Pixel] {
        &self.pixels[panel * PANEL_ROWS..self.count.min((panel + 1) * PANEL_ROWS)]
    }
}

/// Writes the summands of `groups` of some rows as a left panel of the product.
#[inline(always)]
fn pack_rows<S: Simd>(
    simd: S,
    gather: &Gather,
    source: &[f32],
    rows: &[Pixel],
    groups: std::ops::Range<usize>,
    panel: &mut [f32],
    lines: &mut [f32],
) {
    let panel = &mut panel[..groups.len() * GROUP];
    if gather.source_channels.is_multiple_of(LANES) {
        pack_whole_groups(simd, gather, source, rows, groups, panel);
        return;
    }
    // All lines first: a vector that is read just after two others have written it waits for both.
    let length = gather.line_length();
    for (line, pixel) in lines.chunks_exact_mut(length).zip(rows) {
        copy_summands(simd, gather, source, pixel, line);
    }
    for (r, line) in lines.chunks_exact(length).take(rows.len()).enumerate() {
        for (i, group) in groups.clone().enumerate() {
            let target = &mut panel[i * GROUP + r * LANES..][..LANES];
            let line = &line[group * LANES..][..LANES];
            // SAFETY: both slices have sixteen numbers.
            unsafe { simd.store(target.as_mut_ptr(), simd.load(line.as_ptr())) };
        }
    }
}

/// [`pack_rows`] where a group never spans two taps.
#[inline(always)]
fn pack_whole_groups<S: Simd>(
    simd: S,
    gather: &Gather,
    source: &[f32],
    rows: &[Pixel],
    groups: std::ops::Range<usize>,
    panel: &mut [f32],
) {
    let per_tap = gather.source_channels / LANES;
    let mut first = 0;
    for run in &gather.runs {
        for tap in 0..run.taps {
            let tap_groups = first.max(groups.start)..(first + per_tap).min(groups.end);
            if !tap_groups.is_empty() {
                for (r, pixel) in rows.iter().enumerate() {
                    let (row, column) = (
                        pixel.row + run.row,
                        pixel.column + run.column + tap as isize,
                    );
                    let target =
                        &mut panel[(tap_groups.start - groups.start) * GROUP + r * LANES..];
                    let target = &mut target[..(tap_groups.len() - 1) * GROUP + LANES];
                    let from = gather.source_pixel(pixel.image, row, column);
                    let from = from.map(|from| {
                        &source[from + (tap_groups.start - first) * LANES..]
                            [..tap_groups.len() * LANES]
                    });
                    copy_groups(simd, from, tap_groups.len(), target);
                }
            }
            first += per_tap;
        }
    }
}

/// Copies `count` groups of sixteen, or zeros, into a row of a panel.
#[inline(always)]
fn copy_groups<S: Simd>(simd: S, source: Option<&[f32]>, count: usize, target: &mut [f32]) {
    assert!(count > 0 && target.len() >= (count - 1) * GROUP + LANES);
    assert!(source.is_none_or(|source| source.len() >= count * LANES));
    for i in 0..count {
        // SAFETY: the assertions cover sixteen numbers at `i` of both slices.
        unsafe {
            let value = match source {
                Some(source) => simd.load(source.as_ptr().add(i * LANES)),
                None => simd.splat(0.0),
            };
            simd.store(target.as_mut_ptr().add(i * GROUP), value);
        }
    }
}

impl Gather {
    /// Position of a source pixel's first channel, if the pixel is inside the picture.
    #[inline(always)]
    fn source_pixel(&self, image: usize, row: isize, column: isize) -> Option<usize> {
        let (height, width) = self.source;
        let inside =
            row >= 0 && (row as usize) < height && column >= 0 && (column as usize) < width;
        inside.then(|| {
            ((image * height + row as usize) * width + column as usize) * self.source_channels
        })
    }
}

/// Copies all summands of one output pixel, zeros where a tap is outside the picture. `line` has room for
/// [`LANES`] numbers more.
#[inline(always)]
fn copy_summands<S: Simd>(
    simd: S,
    gather: &Gather,
    source: &[f32],
    pixel: &Pixel,
    line: &mut [f32],
) {
    let channels = gather.source_channels;
    let width = gather.source.1 as isize;
    let mut at = 0;
    for run in &gather.runs {
        let count = run.taps * channels;
        let (row, column) = (pixel.row + run.row, pixel.column + run.column);
        let (first, end) = (
            (-column).clamp(0, run.taps as isize),
            (width - column).clamp(0, run.taps as isize),
        );
        let start = if first < end {
            gather.source_pixel(pixel.image, row, column + first)
        } else {
            None
        };
        match start {
            Some(start) if end - first == run.taps as isize => {
                copy_run(simd, source, start, count, &mut line[at..])
            }
            Some(start) => {
                let target = &mut line[at..at + count];
                let (low, high) = (first as usize * channels, end as usize * channels);
                target[..low].fill(0.0);
                target[low..high].copy_from_slice(&source[start..start + high - low]);
                target[high..].fill(0.0);
            }
            None => line[at..at + count].fill(0.0),
        }
        at += count;
    }
    line[at..].fill(0.0);
}

/// Copies `count` numbers by whole vectors; what is written beyond them is overwritten by the next run.
#[inline(always)]
fn copy_run<S: Simd>(simd: S, source: &[f32], start: usize, count: usize, target: &mut [f32]) {
    let rounded = count.next_multiple_of(LANES);
    if start + rounded > source.len() {
        target[..count].copy_from_slice(&source[start..start + count]);
        return;
    }
    assert!(rounded <= target.len());
    for i in (0..count).step_by(LANES) {
        // SAFETY: the checks above cover `rounded` numbers of both slices.
        unsafe {
            simd.store(
                target.as_mut_ptr().add(i),
                simd.load(source.as_ptr().add(start + i)),
            )
        };
    }
}
