use crate::cell::Cell;

/// The contents of a sheet.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    /// Number of columns, at least 1.
    pub(crate) columns: usize,
    /// Longer side of its pictures, in pixels.
    pub(crate) picture_size: u32,
    pub(crate) title: String,
    /// One for each column from the left, or fewer.
    pub(crate) column_headings: Vec<String>,
    /// The cells row by row.
    pub(crate) cells: Vec<Cell>,
}
