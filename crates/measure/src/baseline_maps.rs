use cam::HeatMap;
use rand::{Rng, RngExt};

/// The Gaussian's standard deviation along each side of the frame, as a part of it.
const GAUSSIAN_WIDTH: f64 = 0.25;

/// Rows and columns of the random map: as many as the last layer of a ResNet has for a square of 224 pixels.
const CELLS: usize = 7;

/// How much of each colour is in the brightness (ITU-R BT.601).
const BRIGHTNESS: [f32; 3] = [0.299, 0.587, 0.114];

/// Maps of one frame that know nothing of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineMaps {
    /// Width and height of the frame.
    pub frame: [usize; 2],
    /// Over the pixels of the frame, rows from the top, in the order of [`BaselineMaps::TITLES`].
    pub maps: [Vec<f64>; 4],
    /// The cells of the random map, and those of another one that has nothing to do with it.
    pub noise: [HeatMap; 2],
}

impl BaselineMaps {
    /// Names of the maps, as printed.
    pub const TITLES: [&str; 4] = [
        "uniform",
        "centred Gaussian",
        "random smooth map",
        "edges of the picture",
    ];

    /// The maps of a frame of this width and height; `pixels` are its planes red, green, blue.
    pub fn new(frame: [usize; 2], pixels: &[f32], random: &mut impl Rng) -> Self {
        let noise = [smooth(random), smooth(random)];
        Self {
            frame,
            maps: [
                uniform(frame),
                gaussian(frame),
                noise[0].spread(frame),
                edges(pixels, frame),
            ],
            noise,
        }
    }
}

/// The baseline that says nothing: the same everywhere.
fn uniform([width, height]: [usize; 2]) -> Vec<f64> {
    vec![1.0; width * height]
}

/// The baseline that knows where photographers put animals: a Gaussian around the middle, of a quarter of each
/// side.
fn gaussian([width, height]: [usize; 2]) -> Vec<f64> {
    let distance =
        |index: usize, side: usize| ((index as f64 + 0.5) / side as f64 - 0.5) / GAUSSIAN_WIDTH;
    let value = |index: usize| {
        let (x, y) = (
            distance(index % width, width),
            distance(index / width, height),
        );
        (-0.5 * (x.powi(2) + y.powi(2))).exp()
    };
    (0..width * height).map(value).collect()
}

/// The baseline that looks like a map and is none: cells that are drawn evenly from 0..1, drawn as cells of a method are.
fn smooth(random: &mut impl Rng) -> HeatMap {
    HeatMap {
        height: CELLS,
        width: CELLS,
        values: (0..CELLS * CELLS).map(|_| random.random()).collect(),
    }
}

/// The baseline that sees the picture and no network: how steeply brightness rises (Sobel's operator), 0 beyond the borders'
/// own pixels.
fn edges(pixels: &[f32], [width, height]: [usize; 2]) -> Vec<f64> {
    let plane = width * height;
    let brightness: Vec<f64> = (0..plane)
        .map(|index| {
            let colours = (0..3).map(|colour| BRIGHTNESS[colour] * pixels[colour * plane + index]);
            f64::from(colours.sum::<f32>())
        })
        .collect();
    let at = |x: usize, y: usize, dx: isize, dy: isize| {
        let column = x.saturating_add_signed(dx).min(width - 1);
        let row = y.saturating_add_signed(dy).min(height - 1);
        brightness[row * width + column]
    };
    let steepness = |index: usize| {
        let (x, y) = (index % width, index / width);
        let at = |dx, dy| at(x, y, dx, dy);
        let across =
            at(1, -1) + 2.0 * at(1, 0) + at(1, 1) - at(-1, -1) - 2.0 * at(-1, 0) - at(-1, 1);
        let down = at(-1, 1) + 2.0 * at(0, 1) + at(1, 1) - at(-1, -1) - 2.0 * at(0, -1) - at(1, -1);
        across.hypot(down)
    };
    (0..plane).map(steepness).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{energy_share, strongest};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_uniform_map_has_the_animals_share_of_the_frame_and_a_gaussian_its_peak_in_the_middle() {
        let inside: Vec<Option<bool>> = (0..16).map(|index| Some(index < 4)).collect();
        assert_eq!(energy_share(&uniform([4, 4]), &inside), Some(0.25));
        assert_eq!(strongest(&gaussian([9, 5]), [9, 5]), [4.0, 2.0]);
    }

    #[test]
    fn edges_are_where_the_brightness_changes_and_a_level_picture_has_none() {
        // Dark on the left, bright from column 3.
        let plane: Vec<f32> = (0..6 * 4)
            .map(|index| f32::from(u8::from(index % 6 >= 3)))
            .collect();
        let found = edges(&plane.repeat(3), [6, 4]);
        for (index, value) in found.iter().enumerate() {
            let expected = if [2, 3].contains(&(index % 6)) {
                4.0
            } else {
                0.0
            };
            assert!((value - expected).abs() < 1e-6, "{index}: {value}");
        }
        assert_eq!(edges(&[0.5; 3 * 24], [6, 4]), [0.0; 24]);
    }

    #[test]
    fn the_seed_alone_decides_the_random_map_and_the_other_one_is_another() {
        let maps =
            |seed| BaselineMaps::new([8, 6], &[0.5; 3 * 48], &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(maps(1), maps(1));
        assert_ne!(maps(1).maps[2], maps(2).maps[2]);
        let [one, other] = maps(1).noise;
        assert_ne!(one, other);
    }
}
