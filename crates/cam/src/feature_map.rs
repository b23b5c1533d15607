use crate::heat_map::HeatMap;

/// Values over channels and positions, of one picture: a body's output, or a logit's gradient with respect to it.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMap {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f32>,
}

/// The number of values is not that of the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{values} values do not fill a feature map of {channels} x {height} x {width}")]
pub struct ShapeError {
    /// Number of values given.
    pub values: usize,
    /// Number of channels.
    pub channels: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
}

impl FeatureMap {
    /// `values` in the order channel, row, column.
    pub fn new(
        channels: usize,
        height: usize,
        width: usize,
        values: Vec<f32>,
    ) -> Result<Self, ShapeError> {
        if values.is_empty() || values.len() != channels * height * width {
            let values = values.len();
            return Err(ShapeError {
                values,
                channels,
                height,
                width,
            });
        }
        Ok(Self {
            channels,
            height,
            width,
            values,
        })
    }

    /// Number of channels, rows and columns; none of them is 0.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Number of positions.
    pub fn positions(&self) -> usize {
        self.height * self.width
    }

    /// All positions of one channel after the other, rows from the top.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.positions())
    }

    /// The map `Σ_k weight_k A_k` with one weight per channel.
    pub(crate) fn weighted_sum(&self, weights: impl IntoIterator<Item = f64>) -> HeatMap {
        self.heat_map(self.weighted_sums(weights))
    }

    /// The values of [`Self::weighted_sum`] as they were summed.
    pub(crate) fn weighted_sums(&self, weights: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.positions()];
        for (values, weight) in self.channels().zip(weights) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += weight * f64::from(*value);
            }
        }
        sums
    }

    /// The map `Σ_k weight(A_k, other_k) A_k`, with one weight per channel.
    pub(crate) fn weighted_by(
        &self,
        other: &Self,
        weight: impl Fn(&[f32], &[f32]) -> f64,
    ) -> HeatMap {
        let channels = self.channels().zip(other.channels());
        self.weighted_sum(channels.map(|(values, others)| weight(values, others)))
    }

    /// The map `Σ_k weight(other_k) A_k`, position by position.
    pub(crate) fn sum_of_products(&self, other: &Self, weight: impl Fn(f32) -> f64) -> HeatMap {
        let mut sums = vec![0.0; self.positions()];
        for (values, others) in self.channels().zip(other.channels()) {
            for ((sum, value), other) in sums.iter_mut().zip(values).zip(others) {
                *sum += weight(*other) * f64::from(*value);
            }
        }
        self.heat_map(sums)
    }

    /// A map over these positions.
    pub(crate) fn heat_map(&self, values: Vec<f64>) -> HeatMap {
        let values = values.into_iter().map(|value| value as f32).collect();
        HeatMap {
            height: self.height,
            width: self.width,
            values,
        }
    }
}
