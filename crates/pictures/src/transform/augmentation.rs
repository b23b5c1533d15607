//! Settings of the augmentation.

use serde::{Deserialize, Serialize};

use super::padding::Padding;
use super::rand_augment::{GREATEST_MAGNITUDE, MOST_OPERATIONS};

/// Random changes to training pictures; fields and defaults are those of fastai 1.0.30's `get_transforms`.
///
/// Values out of range are found by [`Augmentation::validate`]; call it once after reading a config file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// Rotation is uniform in ± this many degrees, 0 to 180; 0 switches it off.
    pub max_rotate: f64,
    /// Zoom is uniform in 1 to this factor, at least 1; 1 switches it off.
    pub max_zoom: f64,
    /// Strength of brightness and contrast, 0 to below 1; 0 switches both off.
    pub max_lighting: f64,
    /// Each of the four magnitudes of the warp is uniform in ± this, 0 to below 1; 0 switches it off.
    pub max_warp: f64,
    /// Probability of each of warp, rotation and zoom.
    pub p_affine: f64,
    /// Probability of each of brightness and contrast.
    pub p_lighting: f64,
    /// Mirror left and right with probability one half.
    pub do_flip: bool,
    /// With `do_flip`: draw one of the eight symmetries of the square instead, always.
    pub flip_vert: bool,
    /// Values outside the picture.
    pub padding: Padding,
    /// torchvision's random resized crop in place of warp, rotation, zoom and crop: least and greatest share of the picture
    /// that is cut out; nothing switches it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_resized_crop: Option<[f64; 2]>,
    /// RandAugment: operations for each picture, and their strength of 0 to 30; nothing switches it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rand_augment: Option<[usize; 2]>,
    /// Probability that a rectangle is erased; 0 switches it off.
    #[serde(skip_serializing_if = "is_zero")]
    pub random_erasing: f64,
}

/// True for the default.
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

/// Error of a field of [`Augmentation`] that is out of range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("augmentation.{field} is {value}: give {allowed}")]
pub struct AugmentationError {
    /// Name of the field, as written in a config file.
    pub field: &'static str,
    /// Value found.
    pub value: f64,
    /// Allowed values, in words.
    pub allowed: &'static str,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            max_rotate: 10.0,
            max_zoom: 1.1,
            max_lighting: 0.2,
            max_warp: 0.2,
            p_affine: 0.75,
            p_lighting: 0.75,
            do_flip: true,
            flip_vert: false,
            padding: Padding::Reflection,
            random_resized_crop: None,
            rand_augment: None,
            random_erasing: 0.0,
        }
    }
}

impl Augmentation {
    /// Checks that every field is in its range.
    ///
    /// # Errors
    /// The first field that is not a number or out of range, with the values allowed.
    pub fn validate(&self) -> Result<(), AugmentationError> {
        let probability = "a probability from 0 to 1";
        let strength = "a number from 0 to below 1";
        let checks = [
            (
                "max_rotate",
                self.max_rotate,
                (0.0..=180.0).contains(&self.max_rotate),
                "degrees from 0 to 180",
            ),
            (
                "max_zoom",
                self.max_zoom,
                (1.0..f64::INFINITY).contains(&self.max_zoom),
                "a factor of at least 1 (1 means no zoom)",
            ),
            (
                "max_lighting",
                self.max_lighting,
                (0.0..1.0).contains(&self.max_lighting),
                strength,
            ),
            (
                "max_warp",
                self.max_warp,
                (0.0..1.0).contains(&self.max_warp),
                strength,
            ),
            (
                "p_affine",
                self.p_affine,
                (0.0..=1.0).contains(&self.p_affine),
                probability,
            ),
            (
                "p_lighting",
                self.p_lighting,
                (0.0..=1.0).contains(&self.p_lighting),
                probability,
            ),
            (
                "random_erasing",
                self.random_erasing,
                (0.0..=1.0).contains(&self.random_erasing),
                probability,
            ),
        ];
        match checks.into_iter().find(|(_, _, in_range, _)| !in_range) {
            Some((field, value, _, allowed)) => Err(AugmentationError {
                field,
                value,
                allowed,
            }),
            None => self.validate_pairs(),
        }
    }

    fn validate_pairs(&self) -> Result<(), AugmentationError> {
        if let Some([least, greatest]) = self.random_resized_crop {
            let shares = [
                ("random_resized_crop.0", least, 0.0 < least && least <= 1.0),
                (
                    "random_resized_crop.1",
                    greatest,
                    least <= greatest && greatest <= 1.0,
                ),
            ];
            if let Some((field, value, _)) = shares.into_iter().find(|(_, _, in_range)| !in_range) {
                let allowed = "a share of the picture above 0 and at most 1, the smaller first";
                return Err(AugmentationError {
                    field,
                    value,
                    allowed,
                });
            }
        }
        if let Some([count, magnitude]) = self.rand_augment {
            let (most, greatest) = (MOST_OPERATIONS, GREATEST_MAGNITUDE);
            let numbers = [
                (
                    "rand_augment.0",
                    count,
                    (1..=most).contains(&count),
                    "1 to 10 operations",
                ),
                (
                    "rand_augment.1",
                    magnitude,
                    magnitude <= greatest,
                    "a strength from 0 to 30",
                ),
            ];
            if let Some((field, value, _, allowed)) =
                numbers.into_iter().find(|(_, _, in_range, _)| !in_range)
            {
                return Err(AugmentationError {
                    field,
                    value: value as f64,
                    allowed,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_survive_a_round_trip() {
        let text = serde_json::to_string(&Augmentation::default()).unwrap();
        let back: Augmentation = serde_json::from_str(&text).unwrap();
        assert_eq!(back, Augmentation::default());
        assert_eq!(back.validate(), Ok(()));
    }

    #[test]
    fn a_missing_field_takes_the_default_and_an_unknown_one_is_an_error() {
        let some: Augmentation =
            serde_json::from_str(r#"{"max_warp": 0.4, "padding": "border"}"#).unwrap();
        assert_eq!(
            some,
            Augmentation {
                max_warp: 0.4,
                padding: Padding::Border,
                ..Augmentation::default()
            }
        );
        let unknown = serde_json::from_str::<Augmentation>(r#"{"max_wrap": 0.4}"#).unwrap_err();
        assert!(unknown.to_string().contains("max_wrap"), "{unknown}");
    }

    #[test]
    fn each_value_out_of_range_is_named() {
        let default = Augmentation::default();
        let cases = [
            (
                Augmentation {
                    max_rotate: -1.0,
                    ..default
                },
                "max_rotate",
            ),
            (
                Augmentation {
                    max_rotate: f64::NAN,
                    ..default
                },
                "max_rotate",
            ),
            (
                Augmentation {
                    max_zoom: 0.9,
                    ..default
                },
                "max_zoom",
            ),
            (
                Augmentation {
                    max_zoom: f64::INFINITY,
                    ..default
                },
                "max_zoom",
            ),
            (
                Augmentation {
                    max_lighting: 1.0,
                    ..default
                },
                "max_lighting",
            ),
            (
                Augmentation {
                    max_warp: 1.0,
                    ..default
                },
                "max_warp",
            ),
            (
                Augmentation {
                    p_affine: 1.1,
                    ..default
                },
                "p_affine",
            ),
            (
                Augmentation {
                    p_lighting: -0.1,
                    ..default
                },
                "p_lighting",
            ),
        ];
        for (augmentation, field) in cases {
            assert_eq!(augmentation.validate().unwrap_err().field, field);
        }
        let message = Augmentation {
            max_zoom: 0.5,
            ..default
        }
        .validate()
        .unwrap_err()
        .to_string();
        assert_eq!(
            message,
            "augmentation.max_zoom is 0.5: give a factor of at least 1 (1 means no zoom)"
        );
    }
}
