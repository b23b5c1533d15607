//! The weight as the right matrix of the product.

use rayon::prelude::*;

use super::Gather;
use crate::{
    convolution::transposed::{StridedLanes, load_transposed},
    gemm::PANEL_COLUMNS,
    scratch::Scratch,
    simd::{LANES, Level, Simd, SimdOperation},
};

impl Gather {
    /// The right matrix: `[column panel][tap, source channel][32]`, zeros where there is no such channel.
    pub fn pack_weight(&self, level: Level, weight: &[f32]) -> Scratch {
        let mut panels = Scratch::take(self.packed_length());
        self.pack_weight_into(level, weight, &mut panels);
        panels
    }

    /// Numbers of the right matrix.
    pub fn packed_length(&self) -> usize {
        self.column_panels() * self.panel_length()
    }

    /// [`Gather::pack_weight`] into memory of the caller, of [`Gather::packed_length`] numbers.
    pub fn pack_weight_into(&self, level: Level, weight: &[f32], panels: &mut [f32]) {
        let tasks = panels.par_chunks_mut(self.panel_length()).enumerate();
        tasks.for_each(|(panel, target)| {
            level.run(PackPanel {
                gather: self,
                weight,
                panel,
                target,
            })
        });
    }
}

/// A column panel.
pub(super) struct PackPanel<'a> {
    pub(super) gather: &'a Gather,
    pub(super) weight: &'a [f32],
    pub(super) panel: usize,
    pub(super) target: &'a mut [f32],
}

impl SimdOperation for PackPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let gather = self.gather;
        let elements = gather.element_rows.len();
        // The rows of each phase are filled up to whole groups of pairs.
        if !gather.source_channels.is_multiple_of(2 * LANES) {
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
            } else if elements == 1 {
                self.copy_rows(half, lanes);
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
    /// The backward direction of a kernel with one element: the lanes of a row lie side by side as they are.
    #[inline(always)]
    fn copy_rows(&mut self, half: usize, lanes: usize) {
        let gather = self.gather;
        let column = self.panel * PANEL_COLUMNS + half;
        for source in 0..gather.source_channels {
            let row = (gather.element_rows[0] + source) * PANEL_COLUMNS + half;
            let line = &self.weight[source * gather.target_channels..][..gather.target_channels];
            let target = &mut self.target[row..row + LANES];
            target.fill(0.0);
            // The last panel may begin its second half beyond the last channel.
            if lanes > 0 {
                target[..lanes].copy_from_slice(&line[column..column + lanes]);
            }
        }
    }

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
            let at = StridedLanes {
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
                simd.store(target, column);
            }
        }
    }
}
