/// Sums that are taken side by side.
const LANES: usize = 16;

/// Feature vectors of pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    width: usize,
    /// Rows scaled to the length 1, so that a product of two is roughly the cosine of their angle.
    values: Vec<f32>,
    /// The length of each row after that, which rounding makes differ from 1; 0 of a row of zeros.
    lengths: Vec<f64>,
}

/// Why numbers are no feature vectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// Not whole rows.
    #[error("{values} numbers are not rows of {width} features")]
    WrongShape {
        /// Number of values.
        values: usize,
        /// Features of each picture.
        width: usize,
    },
    /// A feature that is infinite or not a number.
    #[error("feature {feature} of picture {picture} is not a finite number")]
    NotFinite {
        /// The picture's index.
        picture: usize,
        /// The feature's.
        feature: usize,
    },
}

impl Features {
    /// Features of one picture after the other, rows of `width`.
    ///
    /// # Errors
    /// Values that are no whole rows, or not finite.
    pub fn new(width: usize, mut values: Vec<f32>) -> Result<Self, FeatureError> {
        if width == 0 || !values.len().is_multiple_of(width) {
            let values = values.len();
            return Err(FeatureError::WrongShape { values, width });
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let (picture, feature) = (index / width, index % width);
            return Err(FeatureError::NotFinite { picture, feature });
        }
        let lengths = values.chunks_exact_mut(width).map(normalise).collect();
        Ok(Self {
            width,
            values,
            lengths,
        })
    }

    /// Number of pictures.
    pub fn pictures(&self) -> usize {
        self.lengths.len()
    }

    /// Whether a picture's features are not all 0; one whose are is similar to nothing.
    pub(crate) fn has_direction(&self, picture: usize) -> bool {
        self.lengths[picture] > 0.0
    }

    /// Cosine similarity of two pictures, −1 to 1; 0 if one has no direction. Of equal vectors it is 1.
    pub fn similarity(&self, first: usize, second: usize) -> f32 {
        if !self.has_direction(first) || !self.has_direction(second) {
            return 0.0;
        }
        let product = product(self.row(first), self.row(second));
        (product / (self.lengths[first] * self.lengths[second])) as f32
    }

    /// [`Self::similarity`] summed in f32, which is faster; off by no more than [`Self::roughness`].
    pub(crate) fn rough_similarity(&self, first: usize, second: usize) -> f32 {
        rough_product(self.row(first), self.row(second))
    }

    /// Largest error of [`Self::rough_similarity`]: a rounding for each addition of a lane, for adding up lanes, and for a
    /// vector's own values.
    pub(crate) fn roughness(&self) -> f32 {
        (self.width.div_ceil(LANES) + LANES + 2) as f32 * f32::EPSILON
    }

    fn row(&self, picture: usize) -> &[f32] {
        &self.values[picture * self.width..][..self.width]
    }
}

/// Scales to the length 1 and returns the length that rounding left; 0 of nothing but zeros.
fn normalise(row: &mut [f32]) -> f64 {
    let length = product(row, row).sqrt();
    if length > 0.0 {
        for value in &mut *row {
            *value = (f64::from(*value) / length) as f32;
        }
    }
    product(row, row).sqrt()
}

fn product(first: &[f32], second: &[f32]) -> f64 {
    let pairs = first.iter().zip(second);
    pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// Sums side by side, which the compiler makes vectors of; the order of additions is always the same.
fn rough_product(first: &[f32], second: &[f32]) -> f32 {
    let (first, first_rest) = first.as_chunks::<LANES>();
    let (second, second_rest) = second.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in first.iter().zip(second) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest = first_rest.iter().zip(second_rest);
    sums.iter().sum::<f32>() + rest.map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
impl Features {
    /// Vectors in the plane at these angles, in degrees.
    pub(crate) fn at_angles(degrees: &[f32]) -> Self {
        let rows = degrees.iter().map(|angle| angle.to_radians());
        let rows = rows.flat_map(|angle| [angle.cos(), angle.sin()]);
        Self::new(2, rows.collect()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let error = |width, values: &[f32]| {
            Features::new(width, values.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(2, &[1.0; 3]), "3 numbers are not rows of 2 features");
        assert_eq!(error(0, &[]), "0 numbers are not rows of 0 features");
        assert_eq!(
            error(2, &[1.0, 2.0, f32::INFINITY, 0.0]),
            "feature 0 of picture 1 is not a finite number"
        );
    }

    #[test]
    fn similarity_is_the_cosine_however_long_the_vectors_are() {
        let rows = [[3.0, 0.0], [1e30, 1e30], [0.0, -1e-30], [0.0, 0.0]];
        let features = Features::new(2, rows.concat()).unwrap();
        assert_eq!(features.similarity(0, 0), 1.0);
        assert!((features.similarity(0, 1) - 0.5f32.sqrt()).abs() < 1e-6);
        assert!((features.similarity(1, 2) + 0.5f32.sqrt()).abs() < 1e-6);
        assert_eq!(features.similarity(1, 3), 0.0);
    }

    proptest! {
        #[test]
        fn equal_vectors_have_the_similarity_1_and_rough_ones_are_close(
            mut row in prop::collection::vec(-3f32..3.0, 1..200), other in -3f32..3.0,
        ) {
            row[0] = 1.0;
            let width = row.len();
            let others: Vec<f32> = row.iter().map(|value| value + other).collect();
            let features = Features::new(width, [row.clone(), row, others].concat()).unwrap();
            prop_assert_eq!(features.similarity(0, 1), 1.0);
            for second in [1, 2] {
                let error = features.similarity(0, second) - features.rough_similarity(0, second);
                prop_assert!(error.abs() <= features.roughness());
            }
        }
    }
}
