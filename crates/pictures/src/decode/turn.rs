//! The way a camera was held, and the turn that makes its picture upright.

use image::metadata::Orientation as ExifOrientation;
use image::{DynamicImage, RgbImage};
use serde::{Deserialize, Serialize};

use super::budget;

/// Treatment of the orientation that a camera wrote into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// Pictures are turned upright, as viewers show them.
    #[default]
    Exif,
    /// Pictures stay as they are stored, as fastai 1.0.30 reads them.
    Ignore,
}

/// One of the eight ways in which a stored picture becomes upright: a turn by quarters, with or without mirroring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(ExifOrientation);

impl Turn {
    /// The picture is stored upright.
    pub const NONE: Self = Self(ExifOrientation::NoTransforms);

    /// The turn of EXIF's tag 274; `None` for anything but 1 to 8.
    pub fn of_tag(value: u8) -> Option<Self> {
        ExifOrientation::from_exif(value).map(Self)
    }

    /// The value of EXIF's tag 274, from 1 (none) to 8.
    pub fn tag(self) -> u8 {
        self.0.to_exif()
    }

    /// The stored `picture` upright. A turn that swaps the sides needs a second copy, for which it waits as `decode` does.
    pub fn apply(self, picture: RgbImage) -> RgbImage {
        let _share = self
            .swaps_sides()
            .then(|| budget::take(picture.len() as u64));
        let mut picture = DynamicImage::ImageRgb8(picture);
        picture.apply_orientation(self.0);
        picture.into_rgb8()
    }

    /// The turn from the upright picture to the stored one.
    pub fn back(self) -> Self {
        Self(match self.0 {
            ExifOrientation::Rotate90 => ExifOrientation::Rotate270,
            ExifOrientation::Rotate270 => ExifOrientation::Rotate90,
            // A mirroring undoes itself.
            other => other,
        })
    }

    /// Size of the upright picture in pixels, for one that is stored in `[width, height]`.
    pub fn size<T>(self, [width, height]: [T; 2]) -> [T; 2] {
        if self.swaps_sides() {
            [height, width]
        } else {
            [width, height]
        }
    }

    /// The place in the upright picture of `[x, y]` in the stored one, whose sides end at `[right, bottom]` and begin at 0.
    pub fn place(self, [x, y]: [f64; 2], [right, bottom]: [f64; 2]) -> [f64; 2] {
        match self.0 {
            ExifOrientation::NoTransforms => [x, y],
            ExifOrientation::FlipHorizontal => [right - x, y],
            ExifOrientation::Rotate180 => [right - x, bottom - y],
            ExifOrientation::FlipVertical => [x, bottom - y],
            ExifOrientation::Rotate90FlipH => [y, x],
            ExifOrientation::Rotate90 => [bottom - y, x],
            ExifOrientation::Rotate270FlipH => [bottom - y, right - x],
            ExifOrientation::Rotate270 => [y, right - x],
        }
    }

    /// True if the upright picture is as wide as the stored one is high.
    pub(crate) fn swaps_sides(self) -> bool {
        self.tag() >= 5
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use image::Rgb;

    use super::*;

    /// Where EXIF 2.3 says that the stored picture's first row and first column lie in the upright one.
    const SIDES: [(u8, &str, &str); 8] = [
        (1, "top", "left"),
        (2, "top", "right"),
        (3, "bottom", "right"),
        (4, "bottom", "left"),
        (5, "left", "top"),
        (6, "right", "top"),
        (7, "right", "bottom"),
        (8, "left", "bottom"),
    ];

    /// The pixel of a picture of 3 × 2 pixels that lies at two of its sides.
    fn corner(picture: &RgbImage, sides: [&str; 2]) -> u8 {
        let x = if sides.contains(&"left") {
            0
        } else {
            picture.width() - 1
        };
        let y = if sides.contains(&"top") {
            0
        } else {
            picture.height() - 1
        };
        picture.get_pixel(x, y)[0]
    }

    #[test]
    fn each_of_the_eight_orientations_puts_the_first_row_and_column_where_exif_says() {
        let stored = RgbImage::from_fn(3, 2, |x, y| Rgb([(10 * y + x) as u8; 3]));
        let opposite = |side| match side {
            "top" => "bottom",
            "bottom" => "top",
            "left" => "right",
            _ => "left",
        };
        for (tag, row, column) in SIDES {
            let turn = Turn::of_tag(tag).unwrap();
            let upright = turn.apply(stored.clone());
            let size: [u32; 2] = upright.dimensions().into();
            assert_eq!(size, turn.size([3, 2]), "{tag}");
            assert_eq!(corner(&upright, [row, column]), 0, "{tag}");
            assert_eq!(corner(&upright, [row, opposite(column)]), 2, "{tag}");
            assert_eq!(corner(&upright, [opposite(row), column]), 10, "{tag}");
        }
    }

    #[test]
    fn a_place_goes_where_its_pixel_goes() {
        let stored = RgbImage::from_fn(5, 3, |x, y| Rgb([(10 * y + x) as u8; 3]));
        for tag in 1..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            let upright = turn.apply(stored.clone());
            for (x, y, pixel) in stored.enumerate_pixels() {
                let [x, y] = turn.place([x.into(), y.into()], [4.0, 2.0]);
                assert_eq!(upright.get_pixel(x as u32, y as u32), pixel, "{tag}");
            }
        }
    }

    #[test]
    fn the_turn_back_gives_the_stored_picture() {
        let stored = RgbImage::from_fn(5, 3, |x, y| Rgb([(10 * y + x) as u8; 3]));
        for tag in 1..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            assert_eq!(
                turn.back().apply(turn.apply(stored.clone())),
                stored,
                "{tag}"
            );
        }
    }

    #[test]
    fn the_copy_of_a_turn_that_swaps_the_sides_is_counted_while_it_is_made() {
        let all = budget::take(budget::DECODING_BYTES);
        let (send, turned) = channel();
        let turn = std::thread::spawn(move || {
            let upright = Turn::of_tag(6).unwrap().apply(RgbImage::new(3, 2));
            send.send(upright.dimensions()).unwrap();
        });
        // Only a turn that does not wait can end while nothing is left, however long that takes.
        assert!(turned.recv_timeout(Duration::from_millis(50)).is_err());
        drop(all);
        assert_eq!(turned.recv(), Ok((2, 3)));
        turn.join().unwrap();
    }

    #[test]
    fn there_are_eight_tags() {
        assert_eq!((Turn::of_tag(0), Turn::of_tag(9)), (None, None));
        assert!((1..=8).all(|tag| Turn::of_tag(tag).map(Turn::tag) == Some(tag)));
    }
}
