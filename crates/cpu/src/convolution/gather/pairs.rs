//! The product in bf16: pairs of summands in each lane, sums in `f32`.

use rayon::prelude::*;

use super::{
    Gather,
    product::{Operands, OutputBlock},
    weight::PackPanel,
};
use crate::{
    convolution::epilogue::Epilogue,
    gemm::{PANEL_COLUMNS, Pair},
    scratch::Scratch,
    simd::{LANES, PairLevel, PairOperation, Pairs, SimdOperation},
};

impl Gather {
    /// [`Gather::run`] in bf16, with a weight from [`Gather::pack_pairs`].
    ///
    /// # Panics
    /// When a slice does not have the length of the shape that this was made from.
    pub fn run_pairs(
        &self,
        level: PairLevel,
        source: &[f32],
        weight: &[f32],
        target: &mut [f32],
        epilogue: Epilogue,
    ) {
        assert_eq!(weight.len(), self.pairs_length());
        let operands = Operands {
            source,
            weight,
            epilogue,
        };
        let is_wide = level.single().is_wide();
        self.for_each_block(operands, target, is_wide, |block| level.run(block));
    }

    /// Lanes of the right matrix in bf16.
    pub fn pairs_length(&self) -> usize {
        self.column_panels() * self.panel_pairs()
    }

    fn panel_pairs(&self) -> usize {
        self.weight_rows.div_ceil(2 * LANES) * LANES * PANEL_COLUMNS
    }

    /// The right matrix in bf16: `[column panel][pair of (tap, source channel)][32]`, of [`Gather::pairs_length`] lanes.
    pub fn pack_pairs(&self, level: PairLevel, weight: &[f32], panels: &mut [f32]) {
        let tasks = panels.par_chunks_mut(self.panel_pairs()).enumerate();
        tasks.for_each(|(panel, target)| {
            level.run(PackPairs {
                gather: self,
                weight,
                panel,
                target,
            })
        });
    }
}

/// A column panel: first in `f32`, then rounded, two rows at a time.
struct PackPairs<'a> {
    gather: &'a Gather,
    weight: &'a [f32],
    panel: usize,
    target: &'a mut [f32],
}

impl PairOperation for PackPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) {
        let length = self.gather.panel_length();
        let mut singles = Scratch::take(2 * self.target.len());
        singles[length..].fill(0.0);
        let panel = PackPanel {
            gather: self.gather,
            weight: self.weight,
            panel: self.panel,
            target: &mut singles[..length],
        };
        SimdOperation::run(panel, simd);
        let rows = singles.chunks_exact(2 * PANEL_COLUMNS);
        for (target, rows) in self.target.chunks_exact_mut(PANEL_COLUMNS).zip(rows) {
            let (even, odd) = rows.split_at(PANEL_COLUMNS);
            for half in [0, LANES] {
                let pairs = simd.round_together(simd.load(&even[half..]), simd.load(&odd[half..]));
                simd.store(&mut target[half..], pairs);
            }
        }
    }
}

impl PairOperation for OutputBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) {
        self.product::<S, Pair>(simd);
    }
}
