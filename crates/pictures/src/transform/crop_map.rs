//! The map between what a network is shown and the picture.

use super::crop;
use super::crop::CropPosition;
use super::geometry::ResizeGeometry;
use super::view::View;

/// The affine map between the frame the network is shown, in validation a square, and the original picture.
///
/// Coordinates are (x, y) in pixels with whole numbers at pixel **centres**: (0, 0) is the centre of the top left
/// pixel, and a pixel's area reaches half a unit to each side. Points beyond the frame or the picture are mapped as
/// well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropMap {
    /// Width and height of the frame in pixels.
    pub frame: [usize; 2],
    /// Width and height of the picture in pixels.
    pub picture_size: [usize; 2],
    /// Picture pixels per pixel of the frame, along x and y; 0 along a side of a single pixel.
    pub scale: [f64; 2],
    /// Picture coordinates of the centre of the frame's top left pixel.
    pub offset: [f64; 2],
}

impl CropMap {
    /// Map for a picture of `width` × `height` pixels and a square of `size` × `size` pixels.
    pub fn new(width: usize, height: usize, size: usize) -> Self {
        Self::of(View::Square, width, height, size)
    }

    /// Map for a picture of `width` × `height` pixels of which `view` is shown, for squares of `size`.
    pub fn of(view: View, width: usize, height: usize, size: usize) -> Self {
        let frame = view.frame(width, height, size);
        let geometry = ResizeGeometry::new(height, width, size);
        let axis = |length: usize, resized: usize, shown: usize, pct: f64| {
            let scale = (length - 1) as f64 / (resized - 1) as f64;
            (scale, scale * crop::first_index(resized, shown, pct) as f64)
        };
        let CropPosition { row_pct, col_pct } = CropPosition::CENTRE;
        let (scale_x, offset_x) = axis(width, geometry.resized_width, frame[0], col_pct);
        let (scale_y, offset_y) = axis(height, geometry.resized_height, frame[1], row_pct);
        Self {
            frame,
            picture_size: [width, height],
            scale: [scale_x, scale_y],
            offset: [offset_x, offset_y],
        }
    }

    /// Maps a point of the frame to the point of the picture it shows.
    pub fn to_picture(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            self.offset[0] + self.scale[0] * x,
            self.offset[1] + self.scale[1] * y,
        ]
    }

    /// Maps a point of the picture to the point of the frame that shows it.
    ///
    /// Along a side of a single pixel every point of the frame shows the same; the result is then the frame's
    /// middle.
    pub fn to_frame(&self, point: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| match self.scale[axis] {
            0.0 => (self.frame[axis] as f64 - 1.0) / 2.0,
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
            let [back_x, back_y] = map.to_frame(map.to_picture([x, y]));
            // f64 rounding of an offset up to 3000 pixels, divided by a scale of at least 1/400.
            prop_assert!((back_x - x).abs() < 1e-9 && (back_y - y).abs() < 1e-9);
            let [back_x, back_y] = map.to_picture(map.to_frame([x, y]));
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

    /// A picture of any shape from 1 : 8 to 8 : 1: its short side, and the long one in eighths of it, lying or standing.
    fn shape() -> impl Strategy<Value = [usize; 2]> {
        (8usize..500, 8usize..=64, any::<bool>()).prop_map(|(short, eighths, stands)| {
            let long = short * eighths / 8;
            if stands { [short, long] } else { [long, short] }
        })
    }

    proptest! {
        #[test]
        fn the_whole_picture_lies_in_the_middle_of_its_frame_undistorted_and_the_frame_is_less_than_a_stride_larger(
            shape in shape(), size in (1usize..8).prop_map(|k| 32 * k), stride in prop::sample::select(vec![8usize, 16, 32]),
        ) {
            let [width, height] = shape;
            let map = CropMap::of(View::Whole { stride }, width, height, size);
            prop_assert_eq!(map.frame.map(|side| side % stride), [0, 0]);
            let first = map.to_frame([0.0, 0.0]);
            let last = map.to_frame([width as f64 - 1.0, height as f64 - 1.0]);
            for axis in [0, 1] {
                let (before, after) = (first[axis], map.frame[axis] as f64 - 1.0 - last[axis]);
                prop_assert!(before > -1e-9 && after > -1e-9, "{before} and {after} are seen of nothing");
                prop_assert!(before + after < stride as f64 - 1.0 + 1e-9, "{before} + {after}");
                // Of an odd number of pixels one more on the left.
                prop_assert!((before - after).abs() < 1.0 + 1e-9, "{before} and {after}");
            }
            // Centres of pixels are n - 1 apart over n pixels, and the long side is a whole number of them.
            let [across, down] = [0, 1].map(|axis| (last[axis] - first[axis] + 1.0) / shape[axis] as f64);
            let short = width.min(height) as f64;
            prop_assert!((across - down).abs() <= 0.5 / short + 1e-9, "{across} and {down}");
        }
    }

    #[test]
    fn of_a_sliver_the_middle_is_shown() {
        let map = CropMap::of(View::Whole { stride: 32 }, 100, 5000, 64);
        assert_eq!(map.frame, [64, 512]);
        let [top, bottom] = [0.0, 511.0].map(|row| map.to_picture([0.0, row])[1]);
        assert!((top + bottom - 4999.0).abs() < 2.0 * map.scale[1]);
    }

    #[test]
    fn a_single_pixel_goes_to_the_middle() {
        let map = CropMap::new(1, 1, 64);
        assert_eq!(map.to_picture([10.0, 60.0]), [0.0, 0.0]);
        assert_eq!(map.to_frame([0.0, 0.0]), [31.5, 31.5]);
    }
}
