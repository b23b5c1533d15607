//! Altered forms of what the network is shown, and the mean of their maps.

use cam::HeatMap;

/// The short side of a frame over the pixels by which it is shifted: 8 pixels of 192, a quarter of a cell of a ResNet's last layer.
const SHIFTS: usize = 24;
/// How much darker and brighter a frame is made.
const LIGHT: f32 = 0.1;

/// A form of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// The frame itself.
    AsItIs,
    /// Left and right exchanged.
    Mirrored,
    /// Everything moved by so many pixels to the right and down; what comes in repeats the edge.
    Shifted([isize; 2]),
    /// Every value times this, at most 1.
    Lit(f32),
}

/// The eight forms of a frame of this width and height, the frame itself first: mirrored, shifted by a 24th of the short side each
/// way, 10 % darker and brighter. Nothing is drawn by chance.
pub fn forms(size: [usize; 2]) -> Vec<Form> {
    let step = (size[0].min(size[1]) / SHIFTS).max(1) as isize;
    let shifts = [[-step, 0], [step, 0], [0, -step], [0, step]];
    let mut forms = vec![Form::AsItIs, Form::Mirrored];
    forms.extend(shifts.map(Form::Shifted));
    forms.extend([Form::Lit(1.0 - LIGHT), Form::Lit(1.0 + LIGHT)]);
    forms
}

impl Form {
    /// The form in words.
    pub fn name(self) -> String {
        match self {
            Self::AsItIs => "as it is".to_owned(),
            Self::Mirrored => "mirrored".to_owned(),
            Self::Shifted([right, down]) => {
                let (pixels, way) = match (right, down) {
                    (_, 0) if right < 0 => (-right, "left"),
                    (_, 0) => (right, "right"),
                    _ if down < 0 => (-down, "up"),
                    _ => (down, "down"),
                };
                format!("{pixels} px {way}")
            }
            Self::Lit(factor) if factor < 1.0 => format!("{:.0} % darker", 100.0 * (1.0 - factor)),
            Self::Lit(factor) => format!("{:.0} % brighter", 100.0 * (factor - 1.0)),
        }
    }

    /// This form of a frame of this width and height: planes with values in 0..1.
    pub fn of(self, frame: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
        let moved = |from: &dyn Fn(usize, usize) -> [usize; 2]| -> Vec<f32> {
            let pixel = |index: usize| {
                let place = index % (width * height);
                let [x, y] = from(place % width, place / width);
                frame[index - place + y * width + x]
            };
            (0..frame.len()).map(pixel).collect()
        };
        let within =
            |place: usize, by: isize, side: usize| place.saturating_add_signed(-by).min(side - 1);
        match self {
            Self::AsItIs => frame.to_vec(),
            Self::Mirrored => moved(&|x, y| [width - 1 - x, y]),
            Self::Shifted([right, down]) => {
                moved(&|x, y| [within(x, right, width), within(y, down, height)])
            }
            Self::Lit(factor) => frame
                .iter()
                .map(|value| (value * factor).min(1.0))
                .collect(),
        }
    }

    /// A map of this form of a frame as a map of the frame itself, with the same cells.
    pub fn back(self, map: &HeatMap, size: [usize; 2]) -> HeatMap {
        let values = match self {
            Self::AsItIs | Self::Lit(_) => map.values.clone(),
            Self::Mirrored => {
                let rows = map.values.chunks_exact(map.width);
                rows.flat_map(|row| row.iter().rev().copied()).collect()
            }
            Self::Shifted(by) => {
                let place = |axis: usize, cell: usize, cells: usize| {
                    (cell as f64 + 0.5) / cells as f64 + by[axis] as f64 / size[axis] as f64
                };
                let cells =
                    (0..map.height).flat_map(|row| (0..map.width).map(move |column| [column, row]));
                let at = |[column, row]: [usize; 2]| {
                    map.at([place(0, column, map.width), place(1, row, map.height)]) as f32
                };
                cells.map(at).collect()
            }
        };
        HeatMap { values, ..*map }
    }
}

/// Mean and standard deviation (over all, not an estimate) at each place of maps with the same cells.
///
/// # Panics
/// If there is none.
pub fn mean_and_spread(maps: &[HeatMap]) -> [HeatMap; 2] {
    let count = maps.len() as f64;
    let at = |place: usize| maps.iter().map(move |map| f64::from(map.values[place]));
    let mean = |place: usize| at(place).sum::<f64>() / count;
    let spread = |place: usize| {
        let mean = mean(place);
        let squares: f64 = at(place).map(|value| (value - mean).powi(2)).sum();
        (squares / count).sqrt()
    };
    let places = 0..maps[0].values.len();
    let map = |values: Vec<f64>| HeatMap {
        values: values.into_iter().map(|value| value as f32).collect(),
        ..maps[0]
    };
    [
        map(places.clone().map(mean).collect()),
        map(places.map(spread).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_are_named_and_the_frame_itself_is_the_first() {
        let names: Vec<String> = forms([192, 288]).into_iter().map(Form::name).collect();
        let expected = [
            "as it is",
            "mirrored",
            "8 px left",
            "8 px right",
            "8 px up",
            "8 px down",
            "10 % darker",
            "10 % brighter",
        ];
        assert_eq!(names, expected);
        assert_eq!(forms([9, 5])[2], Form::Shifted([-1, 0]));
    }

    proptest! {
        /// A map that is the frame's own pixels, of any form, lies behind the frame again where nothing has left it.
        #[test]
        fn a_map_of_any_form_is_brought_back_to_where_its_pixels_were(
            width in 8usize..40, height in 8usize..40, seed in 0u32..1000,
        ) {
            let frame: Vec<f32> = (0..(width * height) as u32)
                .map(|index| ((index * 97 + seed * 31) % 101) as f32 / 120.0)
                .collect();
            for form in forms([width, height]) {
                let shown = form.of(&frame, [width, height]);
                let back = form.back(&HeatMap { height, width, values: shown }, [width, height]);
                let (factor, by) = match form {
                    Form::Lit(factor) => (factor, [0, 0]),
                    Form::Shifted(by) => (1.0, by),
                    _ => (1.0, [0, 0]),
                };
                let stays = |place: usize, by: isize, side: usize| (0..side as isize).contains(&(place as isize + by));
                for (index, (found, expected)) in back.values.iter().zip(&frame).enumerate() {
                    if stays(index % width, by[0], width) && stays(index / width, by[1], height) {
                        prop_assert!((found - expected * factor).abs() < 1e-5, "{form:?} at {index}: {found}, {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_mean_is_drawn_and_the_spread_is_that_of_all() {
        let map = |values: [f32; 2]| HeatMap {
            height: 1,
            width: 2,
            values: values.to_vec(),
        };
        let [mean, spread] = mean_and_spread(&[map([1.0, -2.0]), map([3.0, -2.0])]);
        assert_eq!((mean, spread), (map([2.0, -2.0]), map([1.0, 0.0])));
    }
}
