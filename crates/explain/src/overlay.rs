//! A heat-map drawn over the picture it belongs to.

use crate::colour::magma;
use cam::{HeatMap, Neighbours};
use image::{Rgb, RgbImage};
use pictures::transform::CropMap;

/// Shares of the map's colour and of the picture: fastai's lesson draws with `alpha=0.6`.
const MAP_SHARE: f64 = 0.6;
const PICTURE_SHARE: f64 = 0.4;
/// Drawing of what the network did not see: so much of the picture, the rest this grey, and stripes so far apart (in pixels).
const UNSEEN_SHARE: f64 = 0.35;
const UNSEEN_GREY: f64 = 150.0;
const STRIPE_SHARE: f64 = 0.6;
const STRIPES: u32 = 8;

/// The picture in its own size with the map over what the network saw of it: 0.4 picture + 0.6 magma, the map scaled from
/// its own smallest and largest value to 0..1. The rest is grey and striped.
///
/// A map that is the same everywhere has no scale and gets the colour of 0.
pub fn overlay(picture: &RgbImage, map: &HeatMap, crop: &CropMap) -> RgbImage {
    let [smallest, largest] = map.range().map(f64::from);
    let span = largest - smallest;
    let places = Places::new(picture, crop);
    let around = |places: &[f64], at: fn(&HeatMap, f64) -> Neighbours| -> Vec<Neighbours> {
        places.iter().map(|place| at(map, *place)).collect()
    };
    let columns = around(&places.columns, HeatMap::columns_at);
    let rows = around(&places.rows, HeatMap::rows_at);
    draw(picture, &places, |pixel, column, row| {
        let value = if span > 0.0 {
            (map.between(columns[column], rows[row]) - smallest) / span
        } else {
            0.0
        };
        let colour = magma(value);
        [0, 1, 2].map(|channel| {
            MAP_SHARE * f64::from(colour[channel]) + PICTURE_SHARE * f64::from(pixel[channel])
        })
    })
}

/// The picture in its own size, with what the network did not see in grey and striped.
pub fn seen(picture: &RgbImage, crop: &CropMap) -> RgbImage {
    draw(picture, &Places::new(picture, crop), |pixel, _, _| {
        pixel.map(f64::from)
    })
}

/// Places of the centres of the picture's columns and rows in the frame, whose sides go from 0 to 1.
struct Places {
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl Places {
    fn new(picture: &RgbImage, crop: &CropMap) -> Self {
        let place = |axis: usize, pixel: u32| {
            (crop.to_frame([f64::from(pixel); 2])[axis] + 0.5) / crop.frame[axis] as f64
        };
        Self {
            columns: (0..picture.width())
                .map(|column| place(0, column))
                .collect(),
            rows: (0..picture.height()).map(|row| place(1, row)).collect(),
        }
    }
}

/// `inside` gets a pixel that the network saw, with its column and row.
fn draw(
    picture: &RgbImage,
    places: &Places,
    inside: impl Fn([u8; 3], usize, usize) -> [f64; 3],
) -> RgbImage {
    let is_inside = |place: &f64| (0.0..=1.0).contains(place);
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let pixel = picture.get_pixel(x, y).0;
        let (column, row) = (x as usize, y as usize);
        let colour = if is_inside(&places.columns[column]) && is_inside(&places.rows[row]) {
            inside(pixel, column, row)
        } else {
            let is_stripe = (x + y) % STRIPES == 0;
            let share = UNSEEN_SHARE * if is_stripe { STRIPE_SHARE } else { 1.0 };
            pixel.map(|value| share * f64::from(value) + (1.0 - share) * UNSEEN_GREY)
        };
        // To the nearest: the conversion cuts off, and keeps to 0..=255.
        Rgb(colour.map(|value| (value + 0.5) as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pictures::transform::{Draws, Padding, View, apply_to_frame};
    use proptest::prelude::*;

    #[test]
    fn what_was_cropped_away_is_shown_unseen_and_the_rest_under_the_map() {
        let picture = RgbImage::from_pixel(200, 100, Rgb([200, 40, 40]));
        let crop = CropMap::new(200, 100, 64);
        let map = HeatMap {
            height: 1,
            width: 2,
            values: vec![0.0, 1.0],
        };
        let drawn = overlay(&picture, &map, &crop);
        assert_eq!(drawn.dimensions(), (200, 100));
        // The square shows columns 50 to 149: the map's ends are level beyond the centres of its two cells. By hand: 0.4 of
        // the picture and 0.6 of magma's ends, [0, 0, 3] and [251, 252, 191].
        assert_eq!(*drawn.get_pixel(55, 50), Rgb([80, 16, 18]));
        assert_eq!(*drawn.get_pixel(145, 50), Rgb([231, 167, 131]));
        let plain = seen(&picture, &crop);
        assert_eq!(*plain.get_pixel(100, 50), Rgb([200, 40, 40]));
        for column in [0, 45, 155, 199] {
            assert_eq!(drawn.get_pixel(column, 50), plain.get_pixel(column, 50));
            assert!(
                plain.get_pixel(column, 50)[0] < 180,
                "column {column} looks seen"
            );
        }
    }

    proptest! {
        /// A picture whose colour is the place, and a map that is the mean colour of each cell: it is drawn where it belongs
        /// if the map is at every pixel that pixel's own colour.
        #[test]
        fn a_map_of_a_whole_picture_of_any_shape_lies_where_its_cells_looked(
            short in 31usize..=64, eighths in 8usize..=64, upright in any::<bool>(), axis in 0usize..2,
        ) {
            let long = (short * eighths / 8).min(256);
            let [width, height] = if upright { [short, long] } else { [long, short] };
            let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| Rgb([x as u8, y as u8, 0]));
            let crop = CropMap::of(View::Whole { stride: 8 }, width, height, 32);
            let frame = apply_to_frame(&picture, 32, crop.frame, Padding::Border, &Draws::validation());
            let [columns, rows] = crop.frame;
            let mean = |row: usize, column: usize| {
                let pixels = (8 * row..8 * row + 8).flat_map(|y| (8 * column..8 * column + 8).map(move |x| (y, x)));
                pixels.map(|(y, x)| frame[(axis * rows + y) * columns + x]).sum::<f32>() * 255.0 / 64.0
            };
            let map = HeatMap {
                height: rows / 8,
                width: columns / 8,
                values: (0..rows * columns / 64).map(|cell| mean(cell / (columns / 8), cell % (columns / 8))).collect(),
            };
            let places = Places::new(&picture, &crop);
            let mut compared = 0;
            for (x, across) in places.columns.iter().enumerate() {
                for (y, down) in places.rows.iter().enumerate() {
                    // Between the outer two cells, which what fills the frame up may be part of.
                    let (place, side) = if axis == 0 { (across, columns) } else { (down, rows) };
                    let margin = 12.0 / side as f64;
                    if (margin..=1.0 - margin).contains(place) {
                        let found = map.between(map.columns_at(*across), map.rows_at(*down));
                        let expected = [x, y][axis] as f64;
                        prop_assert!((found - expected).abs() < 1e-3, "{found} at {expected}");
                        compared += 1;
                    }
                }
            }
            prop_assert!(compared > 0);
        }
    }

    #[test]
    fn a_level_map_has_the_lowest_colour() {
        let picture = RgbImage::from_pixel(32, 32, Rgb([100; 3]));
        let map = HeatMap {
            height: 1,
            width: 1,
            values: vec![7.0],
        };
        let drawn = overlay(&picture, &map, &CropMap::new(32, 32, 32));
        assert_eq!(*drawn.get_pixel(16, 16), Rgb([40, 40, 42]));
    }
}
