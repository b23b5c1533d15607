//! Places of everything on a sheet: numbers in, rectangles out.

/// Distance from the edge of the sheet to anything on it, in pixels.
pub(crate) const MARGIN: u32 = 24;
/// Between columns and between rows.
pub(crate) const GAP: u32 = 20;
/// Between a picture and its caption, and between headings and what they head.
pub(crate) const CAPTION_GAP: u32 = 8;

/// Pixels from (x, y), the upper left corner, on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rectangle {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Room that a row needs, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowNeed {
    /// The highest of its pictures.
    pub(crate) picture: u32,
    /// The highest of its captions; 0 for none.
    pub(crate) caption: u32,
}

/// Room that a sheet needs, in pixels; 0 stands for what is not there.
#[derive(Debug, Clone)]
pub(crate) struct Needs {
    /// Width and height of the title.
    pub(crate) title: (u32, u32),
    /// Height of the column headings.
    pub(crate) column_headings: u32,
    /// Widths of the columns.
    pub(crate) columns: Vec<u32>,
    /// The rows from the top.
    pub(crate) rows: Vec<RowNeed>,
}

/// Places of everything on a sheet.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) title: Rectangle,
    /// One for each column.
    pub(crate) column_headings: Vec<Rectangle>,
    /// Row by row; a picture stands in the middle of the lower edge of its rectangle.
    pub(crate) pictures: Vec<Rectangle>,
    /// Row by row, below the pictures.
    pub(crate) captions: Vec<Rectangle>,
}

impl Layout {
    /// Puts everything beside and below one another without overlap.
    pub(crate) fn new(needs: &Needs) -> Self {
        let (title_width, title_height) = needs.title;
        let columns = places(MARGIN, &needs.columns, GAP);
        let headings_y = MARGIN + with_gap(title_height, GAP);
        let first_row = headings_y + with_gap(needs.column_headings, CAPTION_GAP);
        let heights: Vec<u32> = needs
            .rows
            .iter()
            .map(|row| row.picture + with_gap_before(row.caption))
            .collect();
        let rows = places(first_row, &heights, GAP);
        let right = end(&columns, MARGIN).max(MARGIN + title_width);
        let bottom = end(&rows, first_row);

        let mut pictures = Vec::new();
        let mut captions = Vec::new();
        for (&(y, _), need) in rows.iter().zip(&needs.rows) {
            for &(x, width) in &columns {
                pictures.push(Rectangle {
                    x,
                    y,
                    width,
                    height: need.picture,
                });
                let y = y + need.picture + with_gap_before(need.caption) - need.caption;
                captions.push(Rectangle {
                    x,
                    y,
                    width,
                    height: need.caption,
                });
            }
        }
        Layout {
            width: right + MARGIN,
            height: bottom + MARGIN,
            title: Rectangle {
                x: MARGIN,
                y: MARGIN,
                width: title_width,
                height: title_height,
            },
            column_headings: columns
                .iter()
                .map(|&(x, width)| Rectangle {
                    x,
                    y: headings_y,
                    width,
                    height: needs.column_headings,
                })
                .collect(),
            pictures,
            captions,
        }
    }
}

/// Begin and length of things in a line.
fn places(first: u32, lengths: &[u32], gap: u32) -> Vec<(u32, u32)> {
    let mut next = first;
    lengths
        .iter()
        .map(|&length| {
            let place = (next, length);
            next += length + gap;
            place
        })
        .collect()
}

fn end(places: &[(u32, u32)], first: u32) -> u32 {
    places
        .last()
        .map_or(first, |(begin, length)| begin + length)
}

/// A length and the gap after it; neither for what is not there.
fn with_gap(length: u32, gap: u32) -> u32 {
    if length == 0 { 0 } else { length + gap }
}

fn with_gap_before(caption: u32) -> u32 {
    with_gap(caption, CAPTION_GAP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_places_of_a_small_sheet() {
        let layout = Layout::new(&Needs {
            title: (100, 30),
            column_headings: 20,
            columns: vec![200, 40],
            rows: vec![
                RowNeed {
                    picture: 150,
                    caption: 21,
                },
                RowNeed {
                    picture: 60,
                    caption: 0,
                },
            ],
        });
        let rectangle = |x, y, width, height| Rectangle {
            x,
            y,
            width,
            height,
        };
        assert_eq!(layout.title, rectangle(24, 24, 100, 30));
        assert_eq!(
            layout.column_headings,
            [rectangle(24, 74, 200, 20), rectangle(244, 74, 40, 20)]
        );
        let pictures = [
            (24, 102, 200, 150),
            (244, 102, 40, 150),
            (24, 301, 200, 60),
            (244, 301, 40, 60),
        ];
        assert_eq!(
            layout.pictures,
            pictures.map(|(x, y, width, height)| rectangle(x, y, width, height))
        );
        assert_eq!(layout.captions[0], rectangle(24, 260, 200, 21));
        assert_eq!((layout.width, layout.height), (308, 385));
    }

    #[test]
    fn an_empty_sheet_is_its_margins() {
        let needs = Needs {
            title: (0, 0),
            column_headings: 0,
            columns: vec![],
            rows: vec![],
        };
        let layout = Layout::new(&needs);
        assert_eq!((layout.width, layout.height), (2 * MARGIN, 2 * MARGIN));
    }

    fn needs() -> impl Strategy<Value = Needs> {
        let row =
            (0u32..300, 0u32..100).prop_map(|(picture, caption)| RowNeed { picture, caption });
        (
            (0u32..900, 0u32..80),
            0u32..60,
            prop::collection::vec(0u32..300, 0..5),
            prop::collection::vec(row, 0..5),
        )
            .prop_map(|(title, column_headings, columns, rows)| Needs {
                title,
                column_headings,
                columns,
                rows,
            })
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_all_is_inside_the_margins(needs in needs()) {
            let layout = Layout::new(&needs);
            let all: Vec<Rectangle> = [&[layout.title][..], &layout.column_headings, &layout.pictures, &layout.captions].concat();
            prop_assert_eq!(layout.pictures.len(), needs.columns.len() * needs.rows.len());
            prop_assert_eq!(layout.captions.len(), layout.pictures.len());
            let drawn: Vec<_> = all.into_iter().filter(|place| place.width > 0 && place.height > 0).collect();
            for (index, one) in drawn.iter().enumerate() {
                prop_assert!(one.x >= MARGIN && one.x + one.width + MARGIN <= layout.width, "{one:?}");
                prop_assert!(one.y >= MARGIN && one.y + one.height + MARGIN <= layout.height, "{one:?}");
                for other in &drawn[..index] {
                    let apart = one.x + one.width <= other.x || other.x + other.width <= one.x
                        || one.y + one.height <= other.y || other.y + other.height <= one.y;
                    prop_assert!(apart, "{one:?} {other:?}");
                }
            }
        }
    }
}
