//! From pictures to transformed tiles.

use std::ops::Range;

use super::{
    places::{Picture, Positions},
    sizes::{INPUTS, OUTPUTS, POSITIONS, spread},
    tiling::Winograd,
    transform::transform_input,
};
use crate::{
    gemm::GROUP,
    scratch::{Scratch, Shared},
    simd::{Kernel, LANES, Simd},
};

/// The 36 left matrices of some tiles, as panels: `[position][panel][group][row][16]`.
#[derive(Clone, Copy)]
pub struct LeftLayout {
    /// Groups of sixteen input channels.
    pub groups: usize,
    /// Rows that are used of each panel: as many in all, rather than few in the last.
    pub panel_rows: usize,
    /// Numbers from a position to the next.
    pub position_step: usize,
}

impl LeftLayout {
    /// Room for `tiles` tiles of `channels` input channels, in panels of `rows` at most.
    pub fn new(tiles: usize, channels: usize, rows: usize) -> LeftLayout {
        let groups = channels / LANES;
        let panels = tiles.div_ceil(rows);
        let position_step = spread(panels * groups * GROUP);
        LeftLayout {
            groups,
            panel_rows: tiles.div_ceil(panels),
            position_step,
        }
    }

    /// Numbers in all.
    pub fn length(&self) -> usize {
        POSITIONS * self.position_step
    }

    /// Where a panel of a position starts.
    pub fn panel(&self, position: usize, panel: usize) -> usize {
        position * self.position_step + panel * self.groups * GROUP
    }
}

/// Transforms the inputs of some tiles into left panels.
pub struct TransformTiles<'a> {
    /// The convolution.
    pub winograd: &'a Winograd,
    /// Its input.
    pub source: &'a [f32],
    /// Which tiles.
    pub tiles: Range<usize>,
    /// Where they go in `target`.
    pub layout: LeftLayout,
    /// All left matrices.
    pub target: Shared<'a>,
    /// Panel of the first tile.
    pub panel: usize,
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
            let panel = self.panel + i / self.layout.panel_rows;
            let start = self.layout.panel(0, panel) + i % self.layout.panel_rows * LANES;
            let (row, column) = (
                tile.row as isize - winograd.padding,
                tile.column as isize - winograd.padding,
            );
            let mut square = picture.square::<INPUTS>(tile.image, row, column);
            for group in 0..self.layout.groups {
                square.look_at(group * LANES);
                square.prefetch_next(simd, OUTPUTS);
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
