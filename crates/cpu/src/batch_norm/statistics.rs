//! Mean and variance of channels.

/// Mean and biased variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Mean square distance from the mean of each channel.
    pub variance: Vec<f32>,
}

/// `1 / sqrt(variance + epsilon)` of each channel.
pub(super) fn inverse_deviation(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance
        .iter()
        .map(|&variance| (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32)
        .collect()
}
