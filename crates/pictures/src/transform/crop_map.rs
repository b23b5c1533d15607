//! The map between the validation square and the picture.

use super::crop;
use super::crop::CropPosition;
use super::geometry::ResizeGeometry;

/// The affine map between the square the network sees in validation and the original picture.
///
/// Coordinates are (x, y) in pixels with whole numbers at pixel **centres**: (0, 0) is the centre of the top left
/// pixel, and a pixel's area reaches half a unit to each side. Points beyond the square or the picture are mapped as
/// well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropMap {
    /// Side of the square in pixels.
    pub size: usize,
    /// Width and height of the picture in pixels.
    pub picture_size: [usize; 2],
    /// Picture pixels per pixel of the square, along x and y; 0 along a side of a single pixel.
    pub scale: [f64; 2],
    /// Picture coordinates of the centre of the square's top left pixel.
    pub offset: [f64; 2],
}

impl CropMap {
    /// Map for a picture of `width` × `height` pixels and a square of `size` × `size` pixels.
    pub fn new(width: usize, height: usize, size: usize) -> Self {
        let geometry = ResizeGeometry::new(height, width, size);
        let axis = |length: usize, resized: usize, pct: f64| {
            let scale = (length - 1) as f64 / (resized - 1) as f64;
            (scale, scale * crop::first_index(resized, size, pct) as f64)
        };
        let (scale_x, offset_x) = axis(width, geometry.resized_width, CropPosition::CENTRE.col_pct);
        let (scale_y, offset_y) = axis(
            height,
            geometry.resized_height,
            CropPosition::CENTRE.row_pct,
        );
        Self {
            size,
            picture_size: [width, height],
            scale: [scale_x, scale_y],
            offset: [offset_x, offset_y],
        }
    }

    /// Maps a point of the square to the point of the picture it shows.
    pub fn to_picture(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            self.offset[0] + self.scale[0] * x,
            self.offset[1] + self.scale[1] * y,
        ]
    }

    /// Maps a point of the picture to the point of the square that shows it.
    ///
    /// Along a side of a single pixel every point of the square shows the same; the result is then the square's
    /// middle.
    pub fn to_square(&self, point: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| match self.scale[axis] {
            0.0 => (self.size as f64 - 1.0) / 2.0,
            scale => (point[axis] - self.offset[axis]) / scale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_and_back_is_the_same_point(
            width in 2usize..3000, height in 2usize..3000, size in 16usize..400, x in -50.0f64..450.0, y in -50.0f64..450.0,
        ) {
            let map = CropMap::new(width, height, size);
            let [back_x, back_y] = map.to_square(map.to_picture([x, y]));
            // f64 rounding of an offset up to 3000 pixels, divided by a scale of at least 1/400.
            prop_assert!((back_x - x).abs() < 1e-9 && (back_y - y).abs() < 1e-9);
            let [back_x, back_y] = map.to_picture(map.to_square([x, y]));
            prop_assert!((back_x - x).abs() < 1e-9 && (back_y - y).abs() < 1e-9);
        }

        #[test]
        fn the_square_shows_only_the_picture_and_its_middle_when_the_size_is_a_multiple_of_32(
            width in 1usize..3000, height in 1usize..3000, size in (1usize..12).prop_map(|k| 32 * k),
        ) {
            let map = CropMap::new(width, height, size);
            let last = (size - 1) as f64;
            let ([left, top], [right, bottom]) = (map.to_picture([0.0, 0.0]), map.to_picture([last, last]));
            prop_assert!(left >= 0.0 && top >= 0.0);
            prop_assert!(right <= width as f64 - 1.0 + 1e-9 && bottom <= height as f64 - 1.0 + 1e-9);
            // The crop's place is a whole number of resized pixels: off the middle by at most one of them.
            prop_assert!((left + right - (width as f64 - 1.0)).abs() <= 2.0 * map.scale[0] + 1e-9);
            prop_assert!((top + bottom - (height as f64 - 1.0)).abs() <= 2.0 * map.scale[1] + 1e-9);
        }
    }

    #[test]
    fn a_single_pixel_goes_to_the_middle() {
        let map = CropMap::new(1, 1, 64);
        assert_eq!(map.to_picture([10.0, 60.0]), [0.0, 0.0]);
        assert_eq!(map.to_square([0.0, 0.0]), [31.5, 31.5]);
    }
}
