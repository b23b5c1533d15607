//! Colours of heat-maps.

use clap::ValueEnum;

/// magma of matplotlib, 256 colours, red green blue one after the other. The crate's magma differs from it by 1 of 255 in places;
/// overlays stay what they have been, to the byte.
const MAGMA: &[u8; 768] = include_bytes!("magma.rgb");

/// A scale of colours from the lowest value to the highest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourMap {
    /// From black over violet and orange to a pale yellow, matplotlib's. Its lightness grows evenly, so it reads the same in
    /// print and to colour-blind eyes.
    #[default]
    Magma,
    /// From violet over blue-green to yellow; even as magma, and never black.
    Viridis,
    /// From black over red to a pale yellow; as magma with more contrast.
    Inferno,
    /// A rainbow from dark blue over green to dark red. Shows small steps; its lightness goes up and down, so it misleads in
    /// print and colour-blind eyes.
    Turbo,
    /// From blue (against the class) over white (0) to red (for it): 0 is always in its middle.
    RedBlue,
}

impl ColourMap {
    /// The colour of `value` in 0..1; of what lies beyond, that of the end.
    ///
    /// magma, viridis, inferno: Stéfan van der Walt, Nathaniel Smith, Eric Firing, 2015, <https://bids.github.io/colormap/>;
    /// turbo: Anton Mikhailov, 2019; red-blue: RdBu of Cynthia Brewer's ColorBrewer.
    pub fn at(self, value: f64) -> [u8; 3] {
        let value = if value.is_nan() {
            0.0
        } else {
            value.clamp(0.0, 1.0)
        };
        let gradient = match self {
            Self::Magma => {
                let index = 3 * ((256.0 * value) as usize).min(255);
                return [MAGMA[index], MAGMA[index + 1], MAGMA[index + 2]];
            }
            Self::Viridis => colorous::VIRIDIS,
            Self::Inferno => colorous::INFERNO,
            Self::Turbo => colorous::TURBO,
            // From red to blue in the crate.
            Self::RedBlue => return colorous::RED_BLUE.eval_continuous(1.0 - value).as_array(),
        };
        gradient.eval_continuous(value).as_array()
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Magma => "magma",
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Turbo => "turbo",
            Self::RedBlue => "red-blue",
        }
    }

    /// True if it has two ends and 0 in its middle.
    pub fn is_diverging(self) -> bool {
        self == Self::RedBlue
    }

    /// Its colours in words, from the lowest value to the highest.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Magma => "from black over violet and orange to pale yellow",
            Self::Viridis => "from violet over blue-green to yellow",
            Self::Inferno => "from black over red to pale yellow",
            Self::Turbo => "from dark blue over green and yellow to dark red",
            Self::RedBlue => "from blue over white, which is 0, to red",
        }
    }

    /// Its ends in words.
    pub fn ends(self) -> [&'static str; 2] {
        match self {
            Self::Magma | Self::Inferno => ["dark", "pale yellow"],
            Self::Viridis => ["violet", "yellow"],
            Self::Turbo => ["dark blue", "dark red"],
            Self::RedBlue => ["blue", "red"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_table_is_matplotlibs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/cam/magma_256_rgb_u8.json");
        let golden: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let golden: Vec<[u8; 3]> = serde_json::from_value(golden["rgb"].clone()).unwrap();
        assert_eq!(golden.len(), 256);
        for (index, colour) in golden.iter().enumerate() {
            let value = (index as f64 + 0.5) / 256.0;
            assert_eq!(ColourMap::Magma.at(value), *colour, "entry {index}");
            // What is said of the crate's.
            let theirs = colorous::MAGMA.eval_continuous(value).as_array();
            for (ours, theirs) in colour.iter().zip(theirs) {
                assert!(theirs.abs_diff(*ours) <= 1, "entry {index}");
            }
        }
    }

    #[test]
    fn values_beyond_the_scale_have_the_colours_of_its_ends() {
        for colours in ColourMap::value_variants() {
            assert_eq!(colours.at(-1.0), colours.at(0.0));
            assert_eq!(colours.at(7.0), colours.at(1.0));
            assert_eq!(colours.at(f64::NAN), colours.at(0.0));
            assert_ne!(colours.at(0.0), colours.at(1.0));
            let name = colours.to_possible_value().unwrap();
            assert_eq!(name.get_name(), colours.name());
        }
    }

    #[test]
    fn the_middle_of_a_diverging_scale_is_pale_and_its_ends_are_as_dark_as_each_other() {
        let lightness = |value: f64| -> i32 {
            let colour = ColourMap::RedBlue.at(value);
            colour.iter().map(|part| i32::from(*part)).sum()
        };
        assert!(lightness(0.5) > 3 * 235, "{:?}", ColourMap::RedBlue.at(0.5));
        assert!((lightness(0.0) - lightness(1.0)).abs() < 60);
        let [red, _, blue] = ColourMap::RedBlue.at(0.95);
        assert!(red > blue, "what speaks for the class is red");
    }
}
