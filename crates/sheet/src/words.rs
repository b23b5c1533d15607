//! The words of a sheet, broken into lines, and the room that they and the pictures need.

use image::RgbImage;

use crate::cell::{Cell, Content, Verdict};
use crate::grid::Grid;
use crate::layout::{GAP, Needs, RowNeed};
use crate::text::Style;

pub(crate) const BAR_WIDTH: u32 = 20;
pub(crate) const BAR_LABEL_GAP: u32 = 8;
const BAR_LABEL_WIDTH: u32 = 110;
/// A title may be wider than a narrow grid.
const TITLE_WIDTH: u32 = 480;

const TITLE_LINES: usize = 2;
const HEADING_LINES: usize = 2;
const CAPTION_LINES: usize = 2;
const BAR_LABEL_LINES: usize = 3;

/// All words of a sheet, broken into lines.
pub(crate) struct Words {
    pub(crate) title: Vec<String>,
    pub(crate) column_headings: Vec<Vec<String>>,
    /// The lines of every caption of every cell.
    pub(crate) captions: Vec<Vec<Vec<String>>>,
    /// Widths of the columns in pixels: what the words are broken to.
    columns: Vec<u32>,
}

impl Words {
    /// Breaks all words to the columns they belong to.
    pub(crate) fn of(grid: &Grid) -> Self {
        let columns = column_widths(grid);
        let column_headings = columns.iter().enumerate().map(|(column, width)| {
            let heading = grid.column_headings.get(column).map_or("", String::as_str);
            Style::Heading.wrap(heading, *width, HEADING_LINES)
        });
        let captions = grid.cells.iter().enumerate().map(|(index, cell)| {
            let width = columns[index % columns.len()];
            signed_captions(cell)
                .iter()
                .map(|caption| Style::Caption.wrap(caption, width, CAPTION_LINES))
                .collect()
        });
        let grid_width = columns.iter().map(|width| width + GAP).sum::<u32>();
        Words {
            title: Style::Title.wrap(&grid.title, grid_width.max(TITLE_WIDTH), TITLE_LINES),
            column_headings: column_headings.collect(),
            captions: captions.collect(),
            columns,
        }
    }

    /// The room that these words and the pictures of their sheet need.
    pub(crate) fn needs(&self, grid: &Grid) -> Needs {
        let row_count = grid.cells.len().div_ceil(grid.columns);
        let rows = (0..row_count).map(|row| {
            let first = row * self.columns.len();
            let cells = first..(first + self.columns.len()).min(grid.cells.len());
            let pictures = grid.cells[cells.clone()]
                .iter()
                .map(|cell| height_needed(cell, grid.picture_size));
            let captions = self.captions[cells]
                .iter()
                .map(|captions| Style::Caption.height(&captions.concat()));
            RowNeed {
                picture: pictures.max().unwrap_or(0),
                caption: captions.max().unwrap_or(0),
            }
        });
        let headings = self
            .column_headings
            .iter()
            .map(|lines| Style::Heading.height(lines));
        Needs {
            title: (
                Style::Title.width(&self.title),
                Style::Title.height(&self.title),
            ),
            column_headings: headings.max().unwrap_or(0),
            columns: self.columns.clone(),
            rows: rows.collect(),
        }
    }
}

/// The captions of a cell, the first behind the sign of its verdict.
fn signed_captions(cell: &Cell) -> Vec<String> {
    let mut captions = cell.captions.clone();
    let sign = match cell.verdict {
        None => return captions,
        Some(Verdict::Right) => '✓',
        Some(Verdict::Wrong) => '✗',
    };
    match captions.first_mut() {
        Some(first) => *first = format!("{sign} {first}"),
        None => captions.push(sign.to_string()),
    }
    captions
}

/// As wide as the widest cell of each column, and as its heading as long as that is no wider than a picture.
fn column_widths(grid: &Grid) -> Vec<u32> {
    (0..grid.columns.min(grid.cells.len()))
        .map(|column| {
            let cells = grid.cells.iter().skip(column).step_by(grid.columns);
            let widest = cells
                .map(|cell| width_needed(cell, grid.picture_size))
                .max()
                .unwrap_or(0);
            let heading = grid
                .column_headings
                .get(column)
                .map_or(0, |heading| Style::Heading.line_width(heading));
            widest.max(heading.min(grid.picture_size))
        })
        .collect()
}

fn width_needed(cell: &Cell, picture_size: u32) -> u32 {
    match &cell.content {
        Content::Nothing if cell.captions.is_empty() => 0,
        Content::Nothing | Content::Picture(_) => picture_size,
        Content::ScaleBar {
            low_label,
            high_label,
            ..
        } => {
            let labels =
                Style::Caption.width(&[bar_label(low_label), bar_label(high_label)].concat());
            BAR_WIDTH + BAR_LABEL_GAP + labels
        }
    }
}

fn height_needed(cell: &Cell, picture_size: u32) -> u32 {
    match &cell.content {
        Content::Nothing => 0,
        Content::Picture(picture) => fit(picture, picture_size).map_or(0, |(_, height)| height),
        Content::ScaleBar {
            low_label,
            high_label,
            ..
        } => {
            let lines = bar_label(low_label).len() + bar_label(high_label).len();
            Style::Caption.line_height() * (lines as u32 + 1)
        }
    }
}

/// Width and height of a picture whose longer side is `size`; `None` for a picture without pixels.
pub(crate) fn fit(picture: &RgbImage, size: u32) -> Option<(u32, u32)> {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    let scaled =
        |side: u32| ((f64::from(side) * f64::from(size) / f64::from(longer)).round() as u32).max(1);
    (width > 0 && height > 0).then(|| (scaled(width), scaled(height)))
}

/// The label of a scale bar, broken into lines.
pub(crate) fn bar_label(label: &str) -> Vec<String> {
    Style::Caption.wrap(label, BAR_LABEL_WIDTH, BAR_LABEL_LINES)
}
