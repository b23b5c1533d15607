//! Pictures with captions in a grid, as one picture: what `train preview` and `explain` show.
//!
//! A [`Sheet`] takes [`Cell`]s row by row. Every picture is scaled into the same square, its captions are broken to the
//! width of its column, and rows and columns take the room they need. What is right and what is wrong is told by a sign
//! and by two colours that colour-blind readers can tell apart.

mod draw;
mod layout;
mod save;
mod text;
mod words;
mod wrap;

use std::path::Path;

use image::RgbImage;

pub use draw::beside;
pub use save::{SaveError, save_png};

/// The side of the square that pictures are scaled into, unless told otherwise: the size that the networks see.
const DEFAULT_PICTURE_SIZE: u32 = 224;

/// Keeps a slip of the keyboard from asking for more memory than there is.
const LARGEST_PICTURE_SIZE: u32 = 4096;

/// Shades of a scale bar, from low to high.
const SHADES: u16 = 256;

/// A grid of cells with headings, filled row by row.
#[derive(Debug, Clone)]
pub struct Sheet {
    columns: usize,
    picture_size: u32,
    title: String,
    column_headings: Vec<String>,
    row_headings: Vec<String>,
    cells: Vec<Cell>,
}

impl Sheet {
    /// An empty sheet of so many columns; a sheet without columns has one.
    pub fn new(columns: usize) -> Self {
        Sheet {
            columns: columns.max(1),
            picture_size: DEFAULT_PICTURE_SIZE,
            title: String::new(),
            column_headings: Vec::new(),
            row_headings: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// Scales pictures so that their longer side has this many pixels (224 otherwise, 1 to 4096), larger ones down and
    /// smaller ones up.
    pub fn picture_size(mut self, pixels: u32) -> Self {
        self.picture_size = pixels.clamp(1, LARGEST_PICTURE_SIZE);
        self
    }

    /// Puts a line in large letters above everything.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Puts a heading above each column, from the left; columns beyond the last heading have none.
    pub fn column_headings<T: Into<String>>(
        mut self,
        headings: impl IntoIterator<Item = T>,
    ) -> Self {
        self.column_headings = headings.into_iter().map(Into::into).collect();
        self
    }

    /// Puts a heading to the left of each row, from the top; rows beyond the last heading have none.
    pub fn row_headings<T: Into<String>>(mut self, headings: impl IntoIterator<Item = T>) -> Self {
        self.row_headings = headings.into_iter().map(Into::into).collect();
        self
    }

    /// Fills the next place, from left to right and then from top to bottom.
    pub fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    /// Draws the sheet on white.
    pub fn render(&self) -> RgbImage {
        draw::render(self)
    }

    /// Draws the sheet into a PNG file, see [`save_png`].
    ///
    /// # Errors
    /// Those of [`save_png`].
    pub fn save_png(&self, path: &Path) -> Result<(), SaveError> {
        save_png(&self.render(), path)
    }
}

/// One place of a sheet: a picture or a scale, and the words below it.
#[derive(Debug, Clone)]
pub struct Cell {
    content: Content,
    captions: Vec<String>,
    verdict: Option<Verdict>,
}

#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Picture(RgbImage),
    ScaleBar {
        shades: Vec<[u8; 3]>,
        low_label: String,
        high_label: String,
    },
}

impl Cell {
    /// A picture of any size; its aspect is kept. A picture without pixels leaves its place empty.
    pub fn picture(picture: RgbImage) -> Self {
        Cell::of(Content::Picture(picture))
    }

    /// A place left empty.
    pub fn empty() -> Self {
        Cell::of(Content::Nothing)
    }

    /// The scale of a heat-map, as high as the pictures of its row: `colours` of 0 at the bottom beside `low_label`,
    /// `colours` of 1 at the top beside `high_label`.
    pub fn scale_bar(
        colours: impl Fn(f32) -> [u8; 3],
        low_label: impl Into<String>,
        high_label: impl Into<String>,
    ) -> Self {
        let shades = (0..SHADES)
            .map(|shade| colours(f32::from(shade) / f32::from(SHADES - 1)))
            .collect();
        Cell::of(Content::ScaleBar {
            shades,
            low_label: low_label.into(),
            high_label: high_label.into(),
        })
    }

    /// Adds a caption below those that are there. It may take two lines; what goes beyond ends in "…".
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.captions.push(caption.into());
        self
    }

    /// Marks the picture as right or wrong: a frame, and the first caption in the same colour behind a sign.
    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    fn of(content: Content) -> Self {
        Cell {
            content,
            captions: Vec::new(),
            verdict: None,
        }
    }
}

/// Whether what a cell shows is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Blue, with ✓.
    Right,
    /// Vermilion, with ✗.
    Wrong,
}
