/// Feature vectors of pictures, each scaled to the length 1, so that a product of two is the cosine of their angle.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    width: usize,
    values: Vec<f32>,
    has_direction: Vec<bool>,
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
        let has_direction = values.chunks_exact_mut(width).map(normalise).collect();
        Ok(Self {
            width,
            values,
            has_direction,
        })
    }

    /// Number of pictures.
    pub fn pictures(&self) -> usize {
        self.has_direction.len()
    }

    /// Pictures whose features are all 0: they have no direction, and are similar to nothing.
    pub fn without_direction(&self) -> Vec<usize> {
        (0..self.pictures())
            .filter(|picture| !self.has_direction[*picture])
            .collect()
    }

    /// Whether a picture's features are not all 0.
    pub(crate) fn has_direction(&self, picture: usize) -> bool {
        self.has_direction[picture]
    }

    /// The vector of a picture, of length 1, or 0 if it has no direction.
    fn row(&self, picture: usize) -> &[f32] {
        &self.values[picture * self.width..][..self.width]
    }

    /// Cosine similarity of two pictures, at most 1; 0 if one has no direction. Summed in f32: its error is about 1e-6.
    pub fn similarity(&self, first: usize, second: usize) -> f32 {
        dot(self.row(first), self.row(second)).clamp(-1.0, 1.0)
    }
}

/// Scales to the length 1, in f64; false of nothing but zeros.
fn normalise(row: &mut [f32]) -> bool {
    let squares: f64 = row.iter().map(|value| f64::from(*value).powi(2)).sum();
    if squares == 0.0 {
        return false;
    }
    let length = squares.sqrt();
    for value in row {
        *value = (f64::from(*value) / length) as f32;
    }
    true
}

/// Sixteen sums side by side, which the compiler makes a vector of; the order of additions is always the same.
fn dot(first: &[f32], second: &[f32]) -> f32 {
    const LANES: usize = 16;
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
mod tests {
    use super::*;

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
        assert_eq!(features.without_direction(), [3]);
    }
}
