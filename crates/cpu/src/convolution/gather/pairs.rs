//! The product in bf16: pairs of summands in each lane, sums in `f32`.

use super::{
    Gather,
    product::{Operands, OutputBlock},
};
use crate::{
    convolution::epilogue::Epilogue,
    gemm::{PANEL_COLUMNS, Pair},
    simd::{LANES, PairLevel, PairOperation, Pairs, round_pair},
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
        self.column_panels() * self.groups(2) * LANES * PANEL_COLUMNS
    }

    /// The right matrix of a forward convolution in bf16: `[column panel][pair of (tap, source channel)][32]`.
    pub fn pack_pairs(&self, weight: &[f32], panels: &mut [f32]) {
        let (elements, summands) = (self.taps(), self.taps() * self.source_channels);
        let number = |column: usize, summand: usize| {
            let (element, channel) = (
                summand / self.source_channels,
                summand % self.source_channels,
            );
            let place = (column * self.source_channels + channel) * elements + element;
            let exists = column < self.target_channels && summand < summands;
            if exists { weight[place] } else { 0.0 }
        };
        let rows = self.groups(2) * LANES;
        for (i, row) in panels.chunks_exact_mut(PANEL_COLUMNS).enumerate() {
            let (panel, pair) = (i / rows, i % rows);
            for (lane, target) in row.iter_mut().enumerate() {
                let column = panel * PANEL_COLUMNS + lane;
                *target = round_pair(number(column, 2 * pair), number(column, 2 * pair + 1));
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
