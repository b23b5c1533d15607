//! Eigen-CAM: the feature map's first principal component.

use crate::{
    asked::Asked, feature_map::FeatureMap, heat_map::HeatMap, lanczos::leading_eigenvector,
};

/// Eigen-CAM: `O v`, where `O` is A as a matrix of hw positions × C channels (not centred) and v its first right singular
/// vector; the sign is that of a map with a sum of at least 0. Class-blind.
///
/// Muhammad, Yeasin: *Eigen-CAM: Class Activation Map using Principal Components*, 2020, arXiv:2008.00299.
///
/// v is the leading eigenvector of `Oᵀ O`. Neither this matrix nor `O Oᵀ` is formed: Lanczos' method needs `Oᵀ (O v)` only,
/// two passes over the feature map, and converges however near the second singular value is.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    // Not orthogonal to v, whose components all have one sign if A has none below 0.
    let lengths = features.channels().map(length).collect();
    let mut values = pattern(features, lengths);
    if values.iter().sum::<f64>() < 0.0 {
        values.iter_mut().for_each(|value| *value = -*value);
    }
    features.heat_map(values)
}

/// `O v` of any values, with whichever sign; `start` has a component for each channel and is not orthogonal to v.
pub(super) fn pattern(features: &FeatureMap, start: Vec<f64>) -> Vec<f64> {
    let direction = leading_eigenvector(start, |direction| {
        let sums = features.weighted_sums(direction.iter().copied());
        let channels = features.channels();
        channels.map(|channel| product(channel, &sums)).collect()
    });
    features.weighted_sums(direction)
}

fn length(channel: &[f32]) -> f64 {
    let squares = channel.iter().map(|value| f64::from(*value).powi(2));
    squares.sum::<f64>().sqrt()
}

fn product(channel: &[f32], sums: &[f64]) -> f64 {
    let products = channel.iter().zip(sums);
    products.map(|(value, sum)| f64::from(*value) * sum).sum()
}

#[cfg(test)]
mod tests {
    use crate::given::Given;

    fn map_of(channels: usize, values: &[f32]) -> Vec<f32> {
        super::map(&Given::rows(channels, values, values)).values
    }

    #[test]
    fn a_matrix_of_rank_one_is_its_only_pattern() {
        // O = [1, 2, 3]ᵀ · [3, 4]: v = [0.6, 0.8], O v = 5 · [1, 2, 3].
        let found = map_of(2, &[3.0, 6.0, 9.0, 4.0, 8.0, 12.0]);
        for (found, expected) in found.iter().zip([5.0, 10.0, 15.0]) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{found} instead of {expected}"
            );
        }
    }

    #[test]
    fn nothing_active_is_a_map_of_zeros() {
        assert_eq!(map_of(2, &[0.0; 6]), [0.0; 3]);
    }

    #[test]
    fn the_larger_of_two_nearly_equal_patterns_is_found() {
        // Two channels that are active in different places, one by 1e-5 more strongly.
        let found = map_of(2, &[1.0, 0.0, 0.0, 1.00001]);
        assert!(found[0].abs() < 1e-12 && found[1] == 1.00001, "{found:?}");
    }
}
