use crate::{cell::Cell, draw::render, grid::Grid};
use image::RgbImage;

/// The side of the square that pictures are scaled into, unless told otherwise: the size that the networks see.
const DEFAULT_PICTURE_SIZE: u32 = 224;

/// Keeps a slip of the keyboard from asking for more memory than there is.
const LARGEST_PICTURE_SIZE: u32 = 4096;

/// A grid of cells with headings, filled row by row.
#[derive(Debug, Clone)]
pub struct Sheet {
    grid: Grid,
}

impl Sheet {
    /// An empty sheet of so many columns; a sheet without columns has one.
    pub fn new(columns: usize) -> Self {
        Sheet {
            grid: Grid {
                columns: columns.max(1),
                picture_size: DEFAULT_PICTURE_SIZE,
                title: String::new(),
                column_headings: Vec::new(),
                cells: Vec::new(),
            },
        }
    }

    /// Scales pictures so that their longer side has this many pixels (224 otherwise, 1 to 4096), larger ones down and
    /// smaller ones up.
    pub fn picture_size(mut self, pixels: u32) -> Self {
        self.grid.picture_size = pixels.clamp(1, LARGEST_PICTURE_SIZE);
        self
    }

    /// Puts a line in large letters above everything.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.grid.title = title.into();
        self
    }

    /// Puts a heading above each column, from the left; columns beyond the last heading have none.
    pub fn column_headings<T: Into<String>>(
        mut self,
        headings: impl IntoIterator<Item = T>,
    ) -> Self {
        self.grid.column_headings = headings.into_iter().map(Into::into).collect();
        self
    }

    /// Fills the next place, from left to right and then from top to bottom.
    pub fn push(&mut self, cell: Cell) {
        self.grid.cells.push(cell);
    }

    /// Draws the sheet on white.
    pub fn render(&self) -> RgbImage {
        render(&self.grid)
    }
}
