//! Normalisation by mean and standard deviation of each channel.

use serde::{Deserialize, Serialize};

use super::error::LoaderError;
use crate::transform::vectorised::{VectorKernel, vectorised};

/// Mean and standard deviation of red, green and blue, for values in 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Mean, subtracted first.
    pub mean: [f32; 3],
    /// Standard deviation, the divisor of the difference.
    pub std: [f32; 3],
}

impl Normalisation {
    /// Statistics of ImageNet, as torchvision's networks were trained with them.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// Normalises a square in place: `(value - mean) / std` of each value of its planes red, green, blue.
    ///
    /// # Panics
    /// If the length of `square` is not a multiple of three.
    pub fn apply(&self, square: &mut [f32]) {
        assert!(
            square.len().is_multiple_of(3),
            "{} values are not three planes",
            square.len()
        );
        vectorised(NormalisationKernel {
            normalisation: self,
            square,
        });
    }

    /// Checks that the means are finite and the standard deviations finite and above 0.
    pub(super) fn check(&self) -> Result<(), LoaderError> {
        let mut channels = self.mean.into_iter().zip(self.std);
        match channels.find(|(mean, std)| !(mean.is_finite() && std.is_finite() && *std > 0.0)) {
            Some((mean, std)) => Err(LoaderError::Normalisation { mean, std }),
            None => Ok(()),
        }
    }
}

struct NormalisationKernel<'a> {
    normalisation: &'a Normalisation,
    square: &'a mut [f32],
}

impl VectorKernel for NormalisationKernel<'_> {
    #[inline(always)]
    fn run(self) {
        let Normalisation { mean, std } = self.normalisation;
        let plane = (self.square.len() / 3).max(1);
        let planes = self.square.chunks_exact_mut(plane);
        for (values, (mean, std)) in planes.zip(mean.iter().zip(std)) {
            for value in values {
                *value = (*value - mean) / std;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plane_has_its_own_mean_and_deviation() {
        let normalisation = Normalisation {
            mean: [0.5, 0.25, 0.0],
            std: [0.5, 0.25, 2.0],
        };
        let mut square = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        normalisation.apply(&mut square);
        assert_eq!(square, [-1.0, 1.0, -1.0, 3.0, 0.0, 0.5]);
    }

    #[test]
    fn a_deviation_of_zero_is_a_named_error() {
        let error = Normalisation {
            std: [1.0, 0.0, 1.0],
            ..Normalisation::IMAGENET
        }
        .check()
        .unwrap_err();
        assert!(
            error.to_string().contains("standard deviation 0"),
            "{error}"
        );
    }
}
