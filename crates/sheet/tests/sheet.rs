//! Sheets as they come out: what is where, in which colour.

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use sheet::{Cell, Sheet, Verdict, beside};

const WHITE: Rgb<u8> = Rgb([255; 3]);
const RED: Rgb<u8> = Rgb([255, 0, 0]);
const GREEN: Rgb<u8> = Rgb([0, 255, 0]);

fn plain(width: u32, height: u32, colour: Rgb<u8>) -> RgbImage {
    RgbImage::from_pixel(width, height, colour)
}

fn sheet_of(columns: usize, cells: impl IntoIterator<Item = Cell>) -> Sheet {
    let mut sheet = Sheet::new(columns);
    cells.into_iter().for_each(|cell| sheet.push(cell));
    sheet
}

/// Left, top, right and bottom (inclusive) of all pixels that are `wanted`.
fn bounds(picture: &RgbImage, wanted: impl Fn(Rgb<u8>) -> bool) -> Option<(u32, u32, u32, u32)> {
    let places = picture
        .enumerate_pixels()
        .filter(|(_, _, pixel)| wanted(**pixel));
    places.fold(None, |bounds, (x, y, _)| {
        let (left, top, right, bottom) = bounds.unwrap_or((x, y, x, y));
        Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
    })
}

#[test]
fn an_empty_sheet_is_a_small_white_picture() {
    for columns in [0, 1, 3] {
        let drawn = Sheet::new(columns).render();
        assert!(drawn.width() > 0 && drawn.height() > 0);
        assert!(drawn.pixels().all(|pixel| *pixel == WHITE));
    }
}

#[test]
fn a_sheet_without_cells_still_has_its_title() {
    let drawn = Sheet::new(3).title("Nothing was wrong").render();
    let (left, top, right, bottom) = bounds(&drawn, |pixel| pixel != WHITE).unwrap();
    assert!(left > 20 && top > 20 && right < drawn.width() - 20 && bottom < drawn.height() - 20);
}

#[test]
fn pictures_are_scaled_to_one_size_and_keep_their_aspect() {
    for (width, height, expected) in [
        (400, 200, (100, 50)),
        (200, 400, (50, 100)),
        (10, 10, (100, 100)),
        (1000, 1, (100, 1)),
        (1, 1000, (1, 100)),
    ] {
        let drawn = sheet_of(1, [Cell::picture(plain(width, height, RED))])
            .picture_size(100)
            .render();
        let (left, top, right, bottom) = bounds(&drawn, |pixel| pixel == RED).unwrap();
        assert_eq!(
            (right - left + 1, bottom - top + 1),
            expected,
            "{width} x {height}"
        );
    }
}

#[test]
fn cells_fill_the_sheet_row_by_row() {
    let colours = [RED, GREEN, Rgb([0, 0, 255])];
    let drawn = sheet_of(2, colours.map(|colour| Cell::picture(plain(9, 9, colour)))).render();
    let [red, green, blue] = colours.map(|colour| bounds(&drawn, |pixel| pixel == colour).unwrap());
    assert!(
        red.2 < green.0 && red.1 == green.1,
        "the second is right of the first"
    );
    assert!(
        red.3 < blue.1 && red.0 == blue.0,
        "the third is below the first"
    );
}

#[test]
fn pictures_of_a_row_stand_on_one_line() {
    let cells = [(90, 30, RED), (30, 90, GREEN)].map(|(width, height, colour)| {
        Cell::picture(plain(width, height, colour)).caption("caption")
    });
    let drawn = sheet_of(2, cells).render();
    let [red, green] = [RED, GREEN].map(|colour| bounds(&drawn, |pixel| pixel == colour).unwrap());
    assert_eq!(red.3, green.3);
}

#[test]
fn a_long_caption_stays_in_its_column() {
    let long = "a caption of very many words that would reach far into the picture of the neighbour and beyond it";
    let cells = [
        Cell::picture(plain(9, 9, RED)).caption(long),
        Cell::picture(plain(9, 9, GREEN)),
    ];
    let drawn = sheet_of(2, cells).render();
    let [red, green] = [RED, GREEN].map(|colour| bounds(&drawn, |pixel| pixel == colour).unwrap());
    for x in (red.2 + 2)..(green.0 - 1) {
        assert!(
            (0..drawn.height()).all(|y| *drawn.get_pixel(x, y) == WHITE),
            "ink between the columns at {x}"
        );
    }
}

#[test]
fn right_and_wrong_differ_in_more_than_their_colour() {
    let [right, wrong] = [Verdict::Right, Verdict::Wrong].map(|verdict| {
        let drawn = sheet_of(
            1,
            [Cell::picture(plain(9, 9, RED))
                .caption("pug")
                .verdict(verdict)],
        )
        .render();
        drawn
            .pixels()
            .map(|pixel| *pixel != WHITE)
            .collect::<Vec<bool>>()
    });
    assert_ne!(right, wrong);
}

#[test]
fn a_verdict_without_a_caption_still_has_its_sign() {
    let with = sheet_of(1, [Cell::picture(plain(9, 9, RED)).verdict(Verdict::Wrong)]).render();
    let without = sheet_of(1, [Cell::picture(plain(9, 9, RED))]).render();
    assert!(with.height() > without.height());
}

#[test]
fn a_scale_bar_is_as_high_as_its_row_with_high_above_low() {
    let colours = |value: f32| [(value * 255.0).round() as u8, 0, 200];
    let cells = [
        Cell::picture(plain(9, 9, GREEN)),
        Cell::scale_bar(colours, "0", "1"),
    ];
    let drawn = sheet_of(2, cells).render();
    let picture = bounds(&drawn, |pixel| pixel == GREEN).unwrap();
    let bar = bounds(&drawn, |pixel| pixel.0[1] == 0 && pixel.0[2] == 200).unwrap();
    assert_eq!((bar.1, bar.3), (picture.1, picture.3));
    assert_eq!(*drawn.get_pixel(bar.0, bar.1), Rgb([255, 0, 200]));
    assert_eq!(*drawn.get_pixel(bar.0, bar.3), Rgb([0, 0, 200]));
    let column: Vec<u8> = (bar.1..=bar.3)
        .map(|y| drawn.get_pixel(bar.0, y).0[0])
        .collect();
    assert!(column.is_sorted_by(|above, below| above >= below));
}

#[test]
fn sheets_side_by_side_keep_their_pixels() {
    let drawn = beside(&[plain(3, 5, RED), plain(4, 2, GREEN)]);
    assert_eq!(drawn.dimensions(), (7, 5));
    assert_eq!(bounds(&drawn, |pixel| pixel == RED), Some((0, 0, 2, 4)));
    assert_eq!(bounds(&drawn, |pixel| pixel == GREEN), Some((3, 0, 6, 1)));
    assert_eq!(*drawn.get_pixel(6, 4), WHITE);
    assert_eq!(beside(&[]).dimensions(), (0, 0));
}

fn cell() -> impl Strategy<Value = Cell> {
    let content = prop_oneof![
        Just(Cell::empty()),
        (0u32..40, 0u32..40).prop_map(|(width, height)| Cell::picture(plain(width, height, RED))),
        (".{0,40}", ".{0,40}").prop_map(|(low, high)| Cell::scale_bar(
            |value| [(value * 255.0) as u8; 3],
            low,
            high
        )),
    ];
    let verdict = prop::option::of(prop_oneof![Just(Verdict::Right), Just(Verdict::Wrong)]);
    (content, prop::collection::vec(".{0,60}", 0..3), verdict).prop_map(
        |(cell, captions, verdict)| {
            let cell = captions.into_iter().fold(cell, Cell::caption);
            verdict.into_iter().fold(cell, Cell::verdict)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sheet_is_drawn_with_white_margins(
        columns in 0usize..5,
        picture_size in 0u32..60,
        title in ".{0,60}",
        column_headings in prop::collection::vec(".{0,30}", 0..6),
        cells in prop::collection::vec(cell(), 0..8),
    ) {
        let mut sheet = Sheet::new(columns)
            .picture_size(picture_size)
            .title(title)
            .column_headings(column_headings);
        cells.into_iter().for_each(|cell| sheet.push(cell));
        let drawn = sheet.render();
        if let Some((left, top, right, bottom)) = bounds(&drawn, |pixel| pixel != WHITE) {
            // Accents and letters that lean over may leave their boxes by a few pixels.
            prop_assert!(left >= 8 && top >= 8 && right + 8 < drawn.width() && bottom + 8 < drawn.height());
        }
    }
}
