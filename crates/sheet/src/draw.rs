//! Draws a sheet.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::cell::{Cell, Content, Verdict};
use crate::grid::Grid;
use crate::layout::{Layout, Rectangle};
use crate::text::Style;
use crate::words::{BAR_LABEL_GAP, BAR_WIDTH, Words, bar_label, fit};

const WHITE: Rgb<u8> = Rgb([255; 3]);
const INK: Rgb<u8> = Rgb([34; 3]);
/// For captions after the first.
const PALE_INK: Rgb<u8> = Rgb([95; 3]);
/// Keeps a picture with a white edge apart from the sheet.
const HAIRLINE: Rgb<u8> = Rgb([214; 3]);

/// The frame of a verdict, in pixels.
const FRAME: u32 = 4;

/// Puts pictures side by side on white, their upper edges level: sheets bring their own margins.
pub fn beside(pictures: &[RgbImage]) -> RgbImage {
    let width = pictures.iter().map(RgbImage::width).sum();
    let height = pictures.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut sheet = RgbImage::from_pixel(width, height, WHITE);
    let mut x = 0;
    for picture in pictures {
        imageops::replace(&mut sheet, picture, x, 0);
        x += i64::from(picture.width());
    }
    sheet
}

/// Draws a sheet on white.
pub(crate) fn render(grid: &Grid) -> RgbImage {
    let words = Words::of(grid);
    let layout = Layout::new(&words.needs(grid));
    let mut canvas = RgbImage::from_pixel(layout.width, layout.height, WHITE);
    draw_lines(
        &mut canvas,
        layout.title,
        Style::Title,
        &words.title,
        Side::Left,
    );
    for (place, lines) in layout.column_headings.iter().zip(&words.column_headings) {
        draw_lines(&mut canvas, *place, Style::Heading, lines, Side::Middle);
    }
    // The last row may have more places than cells.
    for ((cell, place), (captions, caption_place)) in grid
        .cells
        .iter()
        .zip(&layout.pictures)
        .zip(words.captions.iter().zip(&layout.captions))
    {
        draw_content(&mut canvas, *place, cell, grid.picture_size);
        draw_captions(&mut canvas, *caption_place, captions, cell.verdict);
    }
    canvas
}

fn colour_of(verdict: Verdict) -> Rgb<u8> {
    // Blue and vermilion of Okabe and Ito (Color Universal Design, 2008).
    match verdict {
        Verdict::Right => Rgb([0, 114, 178]),
        Verdict::Wrong => Rgb([213, 94, 0]),
    }
}

fn draw_content(canvas: &mut RgbImage, place: Rectangle, cell: &Cell, picture_size: u32) {
    match &cell.content {
        Content::Nothing => {}
        Content::Picture(picture) => {
            draw_picture(canvas, place, picture, cell.verdict, picture_size)
        }
        Content::ScaleBar {
            shades,
            low_label,
            high_label,
        } => {
            draw_scale_bar(
                canvas,
                place,
                shades,
                &bar_label(low_label),
                &bar_label(high_label),
            );
        }
    }
}

fn draw_picture(
    canvas: &mut RgbImage,
    place: Rectangle,
    picture: &RgbImage,
    verdict: Option<Verdict>,
    picture_size: u32,
) {
    let Some((width, height)) = fit(picture, picture_size) else {
        return;
    };
    // Lanczos keeps the detail of what shrinks, but rings around the large pixels of what grows.
    let filter = if width < picture.width() {
        FilterType::Lanczos3
    } else {
        FilterType::CatmullRom
    };
    let scaled = imageops::resize(picture, width, height, filter);
    let x = place.x + place.width.saturating_sub(width) / 2;
    // Pictures of a row stand on one line, right above their captions.
    let y = place.y + place.height.saturating_sub(height);
    let (frame, colour) = verdict.map_or((1, HAIRLINE), |verdict| (FRAME, colour_of(verdict)));
    fill(
        canvas,
        x - frame,
        y - frame,
        width + 2 * frame,
        height + 2 * frame,
        |_| colour,
    );
    imageops::replace(canvas, &scaled, i64::from(x), i64::from(y));
}

fn draw_scale_bar(
    canvas: &mut RgbImage,
    place: Rectangle,
    shades: &[[u8; 3]],
    low: &[String],
    high: &[String],
) {
    fill(
        canvas,
        place.x - 1,
        place.y - 1,
        BAR_WIDTH + 2,
        place.height + 2,
        |_| HAIRLINE,
    );
    let highest = shades.len() as u32 - 1;
    let rows = place.height.saturating_sub(1).max(1);
    fill(canvas, place.x, place.y, BAR_WIDTH, place.height, |row| {
        Rgb(shades[(highest - row * highest / rows) as usize])
    });
    let beside = Rectangle {
        x: place.x + BAR_WIDTH + BAR_LABEL_GAP,
        width: place.width.saturating_sub(BAR_WIDTH + BAR_LABEL_GAP),
        ..place
    };
    draw_lines(canvas, beside, Style::Caption, high, Side::Left);
    let lowered = place.y + place.height.saturating_sub(Style::Caption.height(low));
    draw_lines(
        canvas,
        Rectangle {
            y: lowered,
            ..beside
        },
        Style::Caption,
        low,
        Side::Left,
    );
}

fn draw_captions(
    canvas: &mut RgbImage,
    place: Rectangle,
    captions: &[Vec<String>],
    verdict: Option<Verdict>,
) {
    let mut place = place;
    for (index, lines) in captions.iter().enumerate() {
        let colour = match verdict {
            _ if index > 0 => PALE_INK,
            Some(verdict) => colour_of(verdict),
            None => INK,
        };
        draw_coloured_lines(canvas, place, Style::Caption, lines, Side::Middle, colour);
        place.y += Style::Caption.height(lines);
    }
}

/// The side of its place that a line stands on.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Middle,
}

fn draw_lines(canvas: &mut RgbImage, place: Rectangle, style: Style, lines: &[String], side: Side) {
    draw_coloured_lines(canvas, place, style, lines, side, INK);
}

fn draw_coloured_lines(
    canvas: &mut RgbImage,
    place: Rectangle,
    style: Style,
    lines: &[String],
    side: Side,
    colour: Rgb<u8>,
) {
    for (line, y) in lines
        .iter()
        .zip((place.y..).step_by(style.line_height() as usize))
    {
        let indent = match side {
            Side::Left => 0,
            Side::Middle => place.width.saturating_sub(style.line_width(line)) / 2,
        };
        style.draw(canvas, place.x + indent, y, colour, line);
    }
}

/// Colours a rectangle by the row, counted from its top.
fn fill(
    canvas: &mut RgbImage,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    colour: impl Fn(u32) -> Rgb<u8>,
) {
    for row in 0..height {
        for column in 0..width {
            if let Some(pixel) = canvas.get_pixel_mut_checked(x + column, y + row) {
                *pixel = colour(row);
            }
        }
    }
}
