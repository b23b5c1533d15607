//! The product in blocks: the left matrix is copied into panels, sixteen lanes of pixels side by side in a row.

use super::tiles::Tiles;
use crate::{
    gemm::{GROUP, Lane, PANEL_COLUMNS, StridedWalk, multiply_panel},
    scratch::Scratch,
    simd::{LANES, Simd},
};

/// [`super::add_piece`]. A tile of the left matrix is copied once for all panels.
#[inline(always)]
pub(super) fn add_piece<S: Simd, L: Lane<S>>(
    simd: S,
    tiles: &Tiles,
    (left, right): (&[f32], &[f32]),
    sums: &mut [f32],
    accumulate: bool,
) {
    let groups = tiles.lanes / LANES;
    let mut panel = Scratch::take(groups * GROUP);
    for tile in tiles.iter() {
        transpose(
            simd,
            tiles.pixels,
            &left[tile.left..],
            tile.rows,
            &mut panel,
        );
        for (sums, right) in tiles.panels(sums, right) {
            let (size, sums) = ((tile.rows, groups), &mut sums[tile.sums..]);
            multiply_panel::<S, L>(simd, size, &panel, right, sums, PANEL_COLUMNS, accumulate);
        }
    }
}

/// The panel of the first `rows` rows: `[group][row][lane]`, zeros after the last lane.
#[inline(always)]
fn transpose<S: Simd>(simd: S, pixels: StridedWalk, left: &[f32], rows: usize, panel: &mut [f32]) {
    let (mut line, mut i) = (0, 0);
    for group in panel.chunks_exact_mut(GROUP) {
        let mut lanes = [simd.splat(0.0); LANES];
        for lane in &mut lanes {
            if line == pixels.lines {
                break;
            }
            *lane = simd.load(&left[line * pixels.line_step + i * pixels.step..]);
            i += 1;
            if i == pixels.length {
                (line, i) = (line + 1, 0);
            }
        }
        let transposed = simd.transpose(lanes);
        for (target, row) in group.chunks_exact_mut(LANES).zip(transposed).take(rows) {
            simd.store(target, row);
        }
    }
}
