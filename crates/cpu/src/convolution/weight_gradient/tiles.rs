//! How the left matrix of a piece is cut.

use crate::gemm::{PANEL_COLUMNS, StridedWalk};

/// The rows of the left matrix, in tiles.
pub struct Tiles {
    /// Rows of the kernel.
    pub kernel: usize,
    /// Rows for each kernel row.
    pub rows: usize,
    /// Tiles that these are cut into.
    pub count: usize,
    /// Numbers of a line of the left matrix.
    pub line: usize,
    /// Where the lanes of pixels lie in the left matrix.
    pub pixels: StridedWalk,
    /// Lanes of pixels of the right matrix, those that fill it up included.
    pub lanes: usize,
    /// Numbers of the sums of a panel.
    pub sums_length: usize,
}

/// Some rows.
pub struct Tile {
    /// How many.
    pub rows: usize,
    /// Where they begin in the left matrix.
    pub left: usize,
    /// Where they begin in the sums of a panel.
    pub sums: usize,
}

impl Tiles {
    /// The sums of each panel with its right matrix.
    pub fn panels<'a>(
        &self,
        sums: &'a mut [f32],
        right: &'a [f32],
    ) -> impl Iterator<Item = (&'a mut [f32], &'a [f32])> {
        let right = right.chunks_exact(self.lanes * PANEL_COLUMNS);
        sums.chunks_exact_mut(self.sums_length).zip(right)
    }

    /// Tiles of almost the same height, rather than a small last one.
    pub fn iter(&self) -> impl Iterator<Item = Tile> {
        (0..self.kernel * self.count).map(|i| {
            let (kernel_row, tile) = (i / self.count, i % self.count);
            let (row, end) = (
                tile * self.rows / self.count,
                (tile + 1) * self.rows / self.count,
            );
            Tile {
                rows: end - row,
                left: kernel_row * self.line + row,
                sums: (kernel_row * self.rows + row) * PANEL_COLUMNS,
            }
        })
    }
}
