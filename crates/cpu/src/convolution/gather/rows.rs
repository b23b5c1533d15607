//! Output pixels gathered as rows of the left matrix.

use std::ops::Range;

use super::Gather;
use crate::{
    gemm::{GROUP, Lane, PANEL_ROWS},
    simd::{LANES, Simd},
};

/// Row panels of one task: with the groups of one part of the sum the packed rows take half of a second-level cache of
/// 512 KiB.
pub(super) const BLOCK_PANELS: usize = 8;

/// An output pixel: the position of its first tap, and its own in the target.
#[derive(Clone, Copy, Default)]
pub(super) struct OutputPixel {
    image: usize,
    row: isize,
    column: isize,
    pub(super) target: usize,
}

/// The pixels of a block.
pub(super) struct OutputPixels {
    pixels: [OutputPixel; BLOCK_PANELS * PANEL_ROWS],
    count: usize,
    /// Pixels of a panel.
    panel_rows: usize,
}

impl OutputPixels {
    pub(super) fn new(gather: &Gather, rows: Range<usize>, panel_rows: usize) -> OutputPixels {
        let mut pixels = [OutputPixel::default(); BLOCK_PANELS * PANEL_ROWS];
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
            *pixel = OutputPixel {
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
        OutputPixels {
            pixels,
            count,
            panel_rows,
        }
    }

    pub(super) fn panels(&self) -> usize {
        self.count.div_ceil(self.panel_rows)
    }

    pub(super) fn panel(&self, panel: usize) -> &[OutputPixel] {
        &self.pixels[panel * self.panel_rows..self.count.min((panel + 1) * self.panel_rows)]
    }
}

/// Writes the summands of `groups` of some rows as a left panel of the product.
#[inline(always)]
pub(super) fn pack_rows<S: Simd, L: Lane<S>>(
    simd: S,
    gather: &Gather,
    source: &[f32],
    rows: &[OutputPixel],
    groups: Range<usize>,
    panel: &mut [f32],
    lines: &mut [f32],
) {
    let panel = &mut panel[..groups.len() * GROUP];
    if gather.source_channels.is_multiple_of(LANES * L::NUMBERS) {
        pack_whole_groups::<S, L>(simd, gather, source, rows, groups, panel);
        return;
    }
    // All lines first: a vector that is read just after two others have written it waits for both.
    let length = gather.line_length(L::NUMBERS);
    for (line, pixel) in lines.chunks_exact_mut(length).zip(rows) {
        copy_summands(simd, gather, source, pixel, line);
    }
    for (r, line) in lines.chunks_exact(length).take(rows.len()).enumerate() {
        for (i, group) in groups.clone().enumerate() {
            let target = &mut panel[i * GROUP + r * LANES..][..LANES];
            let line = &line[group * LANES * L::NUMBERS..][..LANES * L::NUMBERS];
            // SAFETY: the slice has as many numbers as the lanes.
            let value = unsafe { L::load_from(simd, line.as_ptr()) };
            simd.store(target, value);
        }
    }
}

/// [`pack_rows`] where a group never spans two taps.
#[inline(always)]
fn pack_whole_groups<S: Simd, L: Lane<S>>(
    simd: S,
    gather: &Gather,
    source: &[f32],
    rows: &[OutputPixel],
    groups: Range<usize>,
    panel: &mut [f32],
) {
    let group = LANES * L::NUMBERS;
    let per_tap = gather.source_channels / group;
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
                        &source[from + (tap_groups.start - first) * group..]
                            [..tap_groups.len() * group]
                    });
                    copy_groups::<S, L>(simd, from, tap_groups.len(), target);
                }
            }
            first += per_tap;
        }
    }
}

/// Copies `count` groups of sixteen, or zeros, into a row of a panel.
#[inline(always)]
fn copy_groups<S: Simd, L: Lane<S>>(
    simd: S,
    source: Option<&[f32]>,
    count: usize,
    target: &mut [f32],
) {
    assert!(count > 0 && target.len() >= (count - 1) * GROUP + LANES);
    assert!(source.is_none_or(|source| source.len() >= count * LANES * L::NUMBERS));
    for i in 0..count {
        // SAFETY: the assertions cover group `i` of both slices.
        unsafe {
            let value = match source {
                Some(source) => L::load_from(simd, source.as_ptr().add(i * LANES * L::NUMBERS)),
                None => simd.splat(0.0),
            };
            simd.store_to(target.as_mut_ptr().add(i * GROUP), value);
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
    pixel: &OutputPixel,
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

/// Copies `count` numbers by whole vectors; the next run overwrites the numbers beyond them.
#[inline(always)]
fn copy_run<S: Simd>(simd: S, source: &[f32], start: usize, count: usize, target: &mut [f32]) {
    let rounded = count.next_multiple_of(LANES);
    if start + rounded > source.len() {
        target[..count].copy_from_slice(&source[start..start + count]);
        return;
    }
    let source = source[start..start + rounded].chunks_exact(LANES);
    for (target, source) in target[..rounded].chunks_exact_mut(LANES).zip(source) {
        simd.store(target, simd.load(source));
    }
}
