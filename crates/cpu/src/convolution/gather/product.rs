//! The product, in blocks of output pixels.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    Gather,
    rows::{BLOCK_PANELS, OutputPixel, OutputPixels, pack_rows},
};
use crate::{
    convolution::epilogue::{Epilogue, finish_row, finish_vector},
    gemm::{
        GROUP, Lane, PANEL_COLUMNS, PANEL_ROWS, Single, SumSink, multiply_panel,
        multiply_panel_into, panel_rows,
    },
    scratch::{Scratch, Shared},
    simd::{LANES, Level, Simd, SimdOperation},
};

/// Groups of sixteen summands between two visits of the outputs: the right panel (32 KiB) stays in the first-level cache.
const MAXIMUM_GROUPS: usize = 16;
/// Tasks wanted at least for each of several threads, so that they end at about the same time. Each task of the same pixels
/// packs them anew.
const TASKS: usize = 4;

/// The slices of a product.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub(super) source: &'a [f32],
    pub(super) weight: &'a [f32],
    pub(super) epilogue: Epilogue<'a>,
}

impl Gather {
    /// `target = gathered source * weight`, for the target pixels of this product.
    ///
    /// # Panics
    /// When a slice does not have the length of the shape that this was made from.
    pub fn run(
        &self,
        level: Level,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        assert_eq!(weight.len(), self.packed_length());
        let operands = Operands {
            source,
            weight,
            epilogue,
        };
        self.for_each_block(operands, target, level.is_wide(), |block| level.run(block));
    }

    /// Calls `run` for each block, on as many threads as there are.
    pub(super) fn for_each_block<'a>(
        &'a self,
        operands: Operands<'a>,
        target: &'a mut [f32],
        is_wide: bool,
        run: impl Fn(OutputBlock<'a>) + Sync,
    ) {
        assert_eq!(
            operands.source.len(),
            self.batch * self.source.0 * self.source.1 * self.source_channels
        );
        assert_eq!(
            target.len(),
            self.batch * self.target.0 * self.target.1 * self.target_channels
        );
        let Epilogue { bias, residual, .. } = operands.epilogue;
        assert!(bias.is_none_or(|bias| bias.len() == self.target_channels));
        assert!(residual.is_none_or(|residual| residual.len() == target.len()));
        let target = Shared::new(target);
        let block_rows = BLOCK_PANELS * panel_rows(is_wide);
        let row_blocks = self.rows().div_ceil(block_rows);
        let threads = rayon::current_num_threads();
        let tasks = if threads > 1 { TASKS * threads } else { 1 };
        let column_blocks = tasks.div_ceil(row_blocks.max(1)).min(self.column_panels());
        let panels = self.column_panels().div_ceil(column_blocks.max(1));
        (0..row_blocks * column_blocks)
            .into_par_iter()
            .for_each(|task| {
                let (block, part) = (task / column_blocks, task % column_blocks);
                let rows = block * block_rows..self.rows().min((block + 1) * block_rows);
                let columns = (part * panels).min(self.column_panels())
                    ..self.column_panels().min((part + 1) * panels);
                run(OutputBlock {
                    gather: self,
                    operands,
                    target,
                    rows,
                    columns,
                });
            });
    }
}

/// Some output pixels and some column panels.
pub(super) struct OutputBlock<'a> {
    gather: &'a Gather,
    operands: Operands<'a>,
    target: Shared<'a>,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl SimdOperation for OutputBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.product::<S, Single>(simd);
    }
}

impl OutputBlock<'_> {
    #[inline(always)]
    pub(super) fn product<S: Simd, L: Lane<S>>(self, simd: S) {
        let gather = self.gather;
        let Operands { source, weight, .. } = self.operands;
        let groups = gather.groups(L::NUMBERS);
        let panel_length = weight.len() / gather.column_panels();
        let parts = groups.div_ceil(MAXIMUM_GROUPS).max(1);
        let part_groups = groups.div_ceil(parts);
        let pixels = OutputPixels::new(gather, self.rows.clone(), panel_rows(S::WIDE));
        let panels = pixels.panels();
        let mut left = Scratch::take(panels * part_groups * GROUP);
        let mut lines = Scratch::take(PANEL_ROWS * gather.line_length(L::NUMBERS));
        let mut sums = Scratch::take(self.columns.len() * panels * PANEL_ROWS * PANEL_COLUMNS);
        for part in 0..parts {
            let range = (part * part_groups).min(groups)..((part + 1) * part_groups).min(groups);
            for panel in 0..panels {
                let rows = pixels.panel(panel);
                pack_rows::<S, L>(
                    simd,
                    gather,
                    source,
                    rows,
                    range.clone(),
                    &mut left[panel * part_groups * GROUP..],
                    &mut lines,
                );
            }
            for (i, column) in self.columns.clone().enumerate() {
                let row = gather.first_row / L::NUMBERS + range.start * LANES;
                let start = column * panel_length + row * PANEL_COLUMNS;
                let right = &weight[start..start + range.len() * LANES * PANEL_COLUMNS];
                for panel in 0..panels {
                    let tile = (i * panels + panel) * PANEL_ROWS * PANEL_COLUMNS;
                    let sums = &mut sums[tile..tile + PANEL_ROWS * PANEL_COLUMNS];
                    let rows = pixels.panel(panel);
                    let left = &left[panel * part_groups * GROUP..][..range.len() * GROUP];
                    let size = (rows.len(), range.len());
                    let is_last = part + 1 == parts;
                    if is_last && self.channels(column) == PANEL_COLUMNS {
                        let before = (part > 0).then_some(&*sums);
                        let sink = self.finished(rows, column);
                        multiply_panel_into::<S, L>(simd, size, left, right, before, sink);
                        continue;
                    }
                    let stride = PANEL_COLUMNS;
                    multiply_panel::<S, L>(simd, size, left, right, sums, stride, part > 0);
                    if is_last {
                        self.finish(simd, rows, column, sums);
                    }
                }
            }
        }
    }

    /// Channels of a column panel.
    fn channels(&self, column: usize) -> usize {
        (self.gather.target_channels - column * PANEL_COLUMNS).min(PANEL_COLUMNS)
    }

    /// Where the sums of a whole column panel go.
    fn finished<'b>(&'b self, rows: &'b [OutputPixel], column: usize) -> FinishedPixels<'b> {
        FinishedPixels {
            rows,
            first: column * PANEL_COLUMNS,
            epilogue: &self.operands.epilogue,
            target: self.target,
        }
    }

    /// Applies the epilogue to one tile and writes it.
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, rows: &[OutputPixel], column: usize, sums: &[f32]) {
        let (first, count) = (column * PANEL_COLUMNS, self.channels(column));
        for (row, sums) in rows.iter().zip(sums.chunks_exact(PANEL_COLUMNS)) {
            // SAFETY: this task alone has these rows and columns.
            let target = unsafe { self.target.slice_mut(row.target + first, count) };
            finish_row(
                simd,
                &self.operands.epilogue,
                row.target + first,
                first,
                &sums[..count],
                target,
            );
        }
    }
}

/// Applies the epilogue to sums in registers and writes them: 32 channels of some output pixels, which are the task's alone.
#[derive(Clone, Copy)]
struct FinishedPixels<'a> {
    rows: &'a [OutputPixel],
    /// The first channel.
    first: usize,
    epilogue: &'a Epilogue<'a>,
    target: Shared<'a>,
}

impl<S: Simd> SumSink<S> for FinishedPixels<'_> {
    #[inline(always)]
    unsafe fn put(self, simd: S, row: usize, column: usize, sums: S::Vector) {
        let channel = self.first + column;
        let position = self.rows[row].target + channel;
        // SAFETY: this task alone has these rows and columns.
        let target = unsafe { self.target.slice_mut(position, LANES) };
        finish_vector(simd, self.epilogue, position, channel, sums, target);
    }
}
