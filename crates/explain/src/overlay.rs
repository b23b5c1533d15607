//! A heat-map drawn over the picture it belongs to.

use crate::{colour::ColourMap, look::ALPHA};
use cam::{HeatMap, Neighbours};
use image::{Rgb, RgbImage};
use pictures::{decode::Turn, transform::CropMap};

/// Drawing of what the network did not see: so much of the picture, the rest this grey, and stripes so far apart (in pixels).
const UNSEEN_SHARE: f64 = 0.35;
const UNSEEN_GREY: f64 = 150.0;
const STRIPE_SHARE: f64 = 0.6;
const STRIPES: u32 = 8;

/// Colours of a map's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// The colours.
    pub colours: ColourMap,
    /// The values of the lowest and the highest.
    pub scale: [f32; 2],
    /// Share of the map's colour where it lies over the picture; the rest is the picture's.
    pub alpha: f64,
}

impl Paint {
    fn colour(&self, value: f64) -> [u8; 3] {
        let [low, high] = self.scale.map(f64::from);
        // Without a scale: the colour of 0.
        let level = if self.colours.is_diverging() {
            0.5
        } else {
            0.0
        };
        let place = match high > low {
            true => (value - low) / (high - low),
            false => level,
        };
        self.colours.at(place)
    }
}

/// The picture under the map as fastai's lesson draws it: 0.4 picture + 0.6 magma, the map scaled from its own smallest and
/// largest value to 0..1. See [`painted`].
pub fn overlay(picture: &RgbImage, map: &HeatMap, crop: &CropMap) -> RgbImage {
    let paint = Paint {
        colours: ColourMap::Magma,
        scale: map.range(),
        alpha: ALPHA,
    };
    painted(picture, map, crop, &paint)
}

/// The picture in its own size with the map over what the network saw of it. The rest is grey and striped.
///
/// A map that is the same everywhere has no scale of its own and gets the colour of 0.
pub fn painted(picture: &RgbImage, map: &HeatMap, crop: &CropMap, paint: &Paint) -> RgbImage {
    let places = Places::new(picture, crop);
    let around = Around::new(map, &places);
    draw(picture, &places, |pixel, column, row| {
        let colour = paint.colour(around.value(map, column, row));
        [0, 1, 2].map(|channel| {
            paint.alpha * f64::from(colour[channel])
                + (1.0 - paint.alpha) * f64::from(pixel[channel])
        })
    })
}

/// A map alone, to be laid over its picture by somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Its colours, opaque.
    pub pixels: RgbImage,
    /// Left, top, width and height of the part of the picture that it covers, which the network saw: shares of its sides.
    pub place: [f64; 4],
}

/// The colours of `map` where the network looked, with a longer side of `longer` pixels, turned as the picture is shown.
pub fn layer(map: &HeatMap, crop: &CropMap, paint: &Paint, shown: Turn, longer: u32) -> Layer {
    let seen = [0, 1].map(|axis| seen_of(crop, axis));
    let pixels =
        [0, 1].map(|axis| (seen[axis][1] - seen[axis][0]) * crop.picture_size[axis] as f64);
    let factor = f64::from(longer) / pixels[0].max(pixels[1]);
    let [columns, rows] = pixels.map(|side| ((side * factor).round() as u32).max(1));
    let places = Places {
        columns: (0..columns)
            .map(|index| place_between(crop, 0, seen[0], index, columns))
            .collect(),
        rows: (0..rows)
            .map(|index| place_between(crop, 1, seen[1], index, rows))
            .collect(),
    };
    let around = Around::new(map, &places);
    let pixels = RgbImage::from_fn(columns, rows, |x, y| {
        Rgb(paint.colour(around.value(map, x as usize, y as usize)))
    });
    let corners = [0, 1].map(|end| shown.place([seen[0][end], seen[1][end]], [1.0; 2]));
    let [left, top] = [0, 1].map(|axis| corners[0][axis].min(corners[1][axis]));
    let [width, height] = [0, 1].map(|axis| (corners[0][axis] - corners[1][axis]).abs());
    Layer {
        pixels: shown.apply(pixels),
        place: [left, top, width, height],
    }
}

/// The part of the picture along an axis that the network saw, in 0..1.
fn seen_of(crop: &CropMap, axis: usize) -> [f64; 2] {
    if crop.scale[axis] == 0.0 {
        return [0.0, 1.0];
    }
    let edges = [-0.5, crop.frame[axis] as f64 - 0.5];
    edges.map(|edge| {
        let pixel = crop.offset[axis] + crop.scale[axis] * edge;
        ((pixel + 0.5) / crop.picture_size[axis] as f64).clamp(0.0, 1.0)
    })
}

/// The place in the frame, which goes from 0 to 1, of the middle of one of `count` parts of what was seen.
fn place_between(crop: &CropMap, axis: usize, [from, to]: [f64; 2], index: u32, count: u32) -> f64 {
    let share = from + (to - from) * (f64::from(index) + 0.5) / f64::from(count);
    let pixel = share * crop.picture_size[axis] as f64 - 0.5;
    (crop.to_frame([pixel; 2])[axis] + 0.5) / crop.frame[axis] as f64
}

/// The picture in its own size, with what the network did not see in grey and striped.
pub fn seen(picture: &RgbImage, crop: &CropMap) -> RgbImage {
    let places = Places::new(picture, crop);
    draw(picture, &places, |pixel, _, _| pixel.map(f64::from))
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

    fn is_seen(&self, column: usize, row: usize) -> bool {
        let is_inside = |place: f64| (0.0..=1.0).contains(&place);
        is_inside(self.columns[column]) && is_inside(self.rows[row])
    }
}

/// The cells of a map around each column and each row.
struct Around {
    columns: Vec<Neighbours>,
    rows: Vec<Neighbours>,
}

impl Around {
    fn new(map: &HeatMap, places: &Places) -> Self {
        let around = |places: &[f64], at: fn(&HeatMap, f64) -> Neighbours| -> Vec<Neighbours> {
            places.iter().map(|place| at(map, *place)).collect()
        };
        Self {
            columns: around(&places.columns, HeatMap::columns_at),
            rows: around(&places.rows, HeatMap::rows_at),
        }
    }

    fn value(&self, map: &HeatMap, column: usize, row: usize) -> f64 {
        map.between(self.columns[column], self.rows[row])
    }
}

/// `inside` gets a pixel that the network saw, with its column and row.
fn draw(
    picture: &RgbImage,
    places: &Places,
    inside: impl Fn([u8; 3], usize, usize) -> [f64; 3],
) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let pixel = picture.get_pixel(x, y).0;
        let (column, row) = (x as usize, y as usize);
        let colour = if places.is_seen(column, row) {
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
    fn a_layer_lies_where_the_network_looked_and_has_the_maps_colours_also_of_a_turned_picture() {
        let picture = RgbImage::from_pixel(200, 100, Rgb([200, 40, 40]));
        let crop = CropMap::new(200, 100, 64);
        let map = HeatMap {
            height: 2,
            width: 2,
            values: vec![-1.0, 1.0, 0.0, 2.0],
        };
        let paint = Paint {
            colours: ColourMap::RedBlue,
            scale: [-2.0, 2.0],
            alpha: 1.0,
        };
        for tag in 1..=8 {
            let turn = Turn::of_tag(tag).unwrap();
            let whole = turn.apply(painted(&picture, &map, &crop, &paint));
            let Layer { pixels, place } = layer(&map, &crop, &paint, turn, 100);
            let [left, top, width, height] = place;
            let sides = turn.size([200.0, 100.0]);
            assert!((width * sides[0] - 100.0).abs() < 1.1, "{place:?}");
            assert!((height * sides[1] - 100.0).abs() < 1.1, "{place:?}");
            for (x, y, colour) in pixels.enumerate_pixels() {
                let at = |axis: usize, from: f64, share: f64, index: u32, count: u32| {
                    let middle = (f64::from(index) + 0.5) / f64::from(count);
                    ((from + share * middle) * sides[axis]) as u32
                };
                let across = at(0, left, width, x, pixels.width());
                let down = at(1, top, height, y, pixels.height());
                let expected = whole.get_pixel(across, down);
                for channel in 0..3 {
                    // A pixel is no more than one away, over which a colour changes by this.
                    let difference = colour[channel].abs_diff(expected[channel]);
                    let is_edge =
                        [x, y].contains(&0) || x + 1 == pixels.width() || y + 1 == pixels.height();
                    assert!(
                        is_edge || difference <= 8,
                        "{colour:?} {expected:?} at {x}, {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn of_a_diverging_scale_what_is_level_has_the_middle() {
        let picture = RgbImage::from_pixel(32, 32, Rgb([100; 3]));
        let map = HeatMap {
            height: 1,
            width: 1,
            values: vec![0.0],
        };
        let paint = Paint {
            colours: ColourMap::RedBlue,
            scale: [0.0, 0.0],
            alpha: 1.0,
        };
        let drawn = painted(&picture, &map, &CropMap::new(32, 32, 32), &paint);
        assert_eq!(drawn.get_pixel(16, 16).0, ColourMap::RedBlue.at(0.5));
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
