//! EigenGrad-CAM: the first principal component of gradient times feature map.

use super::eigen_cam::pattern;
use crate::{asked::Asked, feature_map::FeatureMap, heat_map::HeatMap};

/// EigenGrad-CAM: [Eigen-CAM](super::eigen_cam::map) of `G_k A_k` instead of `A_k`, so that it is about a class; the sign is
/// that in which the map agrees with their sum, HiResCAM.
///
/// It has no paper: it comes from pytorch-grad-cam, which takes the mean away first and leaves the sign to chance, so that
/// half of its map is below 0 whatever the class. Here it is not centred, as in Eigen-CAM's paper.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let [channels, height, width] = features.shape();
    let pairs = features.channels().zip(asked.gradient().channels());
    let products = pairs.flat_map(|(values, gradients)| {
        let pairs = values.iter().zip(gradients);
        pairs.map(|(value, gradient)| value * gradient)
    });
    let Ok(products) = FeatureMap::new(channels, height, width, products.collect()) else {
        unreachable!("as many products as values")
    };
    let evidence = products.weighted_sums(vec![1.0; channels]);
    // Any start that no pattern is orthogonal to: sines of whole numbers are in no simple proportion.
    let starts = (1..=channels).map(|k| (k as f64).sin()).collect();
    let mut values = pattern(&products, starts);
    let agreement = values.iter().zip(&evidence).map(|(value, sum)| value * sum);
    if agreement.sum::<f64>() < 0.0 {
        values.iter_mut().for_each(|value| *value = -*value);
    }
    features.heat_map(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    #[test]
    fn what_speaks_against_the_class_is_below_zero() {
        // G A = [3, −6] and [4, −8]: of rank one, and 3 + 4 speaks for the class.
        let given = Given::rows(2, &[3.0, 6.0, 4.0, 8.0], &[1.0, -1.0, 1.0, -1.0]);
        let found = map(&given).values;
        for (found, expected) in found.iter().zip([5.0, -10.0]) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{found} instead of {expected}"
            );
        }
    }

    #[test]
    fn two_channels_that_are_each_others_opposite_are_a_pattern() {
        let given = Given::rows(2, &[1.0, 2.0, 1.0, 2.0], &[1.0, 1.0, -1.0, -1.0]);
        let found = map(&given).values;
        let root = 2.0f32.sqrt();
        assert!(
            (found[0].abs() - root).abs() < 1e-5 && (found[1].abs() - 2.0 * root).abs() < 1e-5,
            "{found:?}"
        );
    }
}
