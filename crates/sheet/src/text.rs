//! Measures and draws words in the embedded letters.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

use crate::wrap::wrap;

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../fonts/DejaVuSans.ttf")));
static BOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../fonts/DejaVuSans-Bold.ttf")));

fn embedded(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font is part of the program and tested")
}

/// The kinds of letters on a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Above everything.
    Title,
    /// Beside rows and above columns.
    Heading,
    /// Below pictures and beside scales.
    Caption,
}

impl Style {
    /// Distance from the top of one line to the top of the next, in pixels.
    pub(crate) fn line_height(self) -> u32 {
        match self {
            Style::Title => 34,
            Style::Heading | Style::Caption => 21,
        }
    }

    /// `text` broken into lines that are at most `width` pixels wide, see [`wrap`].
    pub(crate) fn wrap(self, text: &str, width: u32, most_lines: usize) -> Vec<String> {
        wrap(text, width as f32, most_lines, |line| {
            self.exact_width(line)
        })
    }

    /// The width of the widest of some lines in pixels, rounded up.
    pub(crate) fn width(self, lines: &[String]) -> u32 {
        lines
            .iter()
            .map(|line| self.line_width(line))
            .max()
            .unwrap_or(0)
    }

    /// The width of a line in pixels, rounded up.
    pub(crate) fn line_width(self, line: &str) -> u32 {
        self.exact_width(line).ceil() as u32
    }

    /// The height of lines below one another, in pixels.
    pub(crate) fn height(self, lines: &[String]) -> u32 {
        self.line_height() * lines.len() as u32
    }

    /// Draws a line whose box has its upper left corner at (x, y). What is outside of the picture is left out.
    pub(crate) fn draw(self, picture: &mut RgbImage, x: u32, y: u32, colour: Rgb<u8>, line: &str) {
        let font = self.font().as_scaled(self.scale());
        let leading = (self.line_height() as f32 - font.height()) / 2.0;
        let baseline = (y as f32 + leading + font.ascent()).round();
        for (mut glyph, offset) in self.glyphs(line).0 {
            glyph.position = point(x as f32 + offset, baseline);
            draw_glyph(picture, self.font(), glyph, colour);
        }
    }

    fn font(self) -> &'static FontRef<'static> {
        match self {
            Style::Title | Style::Heading => &BOLD,
            Style::Caption => &REGULAR,
        }
    }

    fn scale(self) -> PxScale {
        match self {
            Style::Title => PxScale::from(26.0),
            Style::Heading | Style::Caption => PxScale::from(17.0),
        }
    }

    fn exact_width(self, line: &str) -> f32 {
        self.glyphs(line).1
    }

    /// The glyphs of a line, each with where it begins, and where the line ends.
    fn glyphs(self, line: &str) -> (Vec<(Glyph, f32)>, f32) {
        let font = self.font().as_scaled(self.scale());
        let mut end = 0.0;
        let mut glyphs: Vec<(Glyph, f32)> = Vec::new();
        for letter in line.chars() {
            let glyph = font.scaled_glyph(letter);
            if let Some((before, _)) = glyphs.last() {
                end += font.kern(before.id, glyph.id);
            }
            let advance = font.h_advance(glyph.id);
            glyphs.push((glyph, end));
            end += advance;
        }
        (glyphs, end)
    }
}

fn draw_glyph(picture: &mut RgbImage, font: &FontRef<'_>, glyph: Glyph, colour: Rgb<u8>) {
    let Some(outline) = font.outline_glyph(glyph) else {
        return;
    };
    let corner = outline.px_bounds().min;
    outline.draw(|right, down, coverage| {
        let (x, y) = (
            corner.x as i64 + i64::from(right),
            corner.y as i64 + i64::from(down),
        );
        let inside = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        if let Some(pixel) = inside.and_then(|(x, y)| picture.get_pixel_mut_checked(x, y)) {
            for (below, ink) in pixel.0.iter_mut().zip(colour.0) {
                let mixed = f32::from(*below) * (1.0 - coverage) + f32::from(ink) * coverage;
                *below = mixed.round() as u8;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_have_the_letters_and_signs_that_are_needed() {
        for letter in "Straßenköter ÄÖÜ éàçñøåłš ✓✗→×·…–≥°µ σ Жук"
            .chars()
            .filter(|letter| *letter != ' ')
        {
            for font in [&*REGULAR, &*BOLD] {
                assert_ne!(font.glyph_id(letter).0, 0, "{letter}");
            }
        }
    }

    #[test]
    fn a_drawn_line_is_inside_its_box() {
        let (white, black) = (Rgb([255; 3]), Rgb([0; 3]));
        for style in [Style::Title, Style::Heading, Style::Caption] {
            let line = "ÄÅgjpqy|(✓ Straße)_";
            let (width, height) = (style.line_width(line), style.line_height());
            let mut picture = RgbImage::from_pixel(width + 40, height + 40, white);
            style.draw(&mut picture, 20, 20, black, line);
            let inked: Vec<_> = picture
                .enumerate_pixels()
                .filter(|(_, _, pixel)| **pixel != white)
                .collect();
            assert!(!inked.is_empty());
            for (x, y, _) in inked {
                // Antialiasing may touch the pixel beside the box.
                assert!(
                    (19..=20 + width).contains(&x) && (20..20 + height).contains(&y),
                    "{style:?} at {x}, {y}"
                );
            }
        }
    }

    #[test]
    fn a_line_outside_of_the_picture_is_no_panic() {
        let mut picture = RgbImage::new(5, 5);
        for (x, y) in [(0, 0), (4, 4), (100, 100), (u32::MAX, u32::MAX)] {
            Style::Title.draw(&mut picture, x, y, Rgb([255; 3]), "pug");
        }
    }
}
