use super::{FeatureMap, HeatMap, Method, feature_map::sum};

/// Grad-CAM, raw: `(1/C) Σ_k w_k A_k` with `w_k = mean_ij G_kij`.
///
/// Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: *Grad-CAM: Visual Explanations from Deep Networks via
/// Gradient-based Localization*, 2017, arXiv:1610.02391. The paper sums over the channels and cuts off what is negative;
/// fastai's lesson takes the mean, which differs by the factor C and draws the same.
#[derive(Debug, Clone, Copy)]
pub struct GradCam;

impl Method for GradCam {
    fn name(&self) -> &'static str {
        "grad-cam"
    }

    fn title(&self) -> &'static str {
        "Grad-CAM"
    }

    fn map(&self, features: &FeatureMap, gradient: &FeatureMap) -> HeatMap {
        let [channels, ..] = features.shape();
        let count = (channels * features.positions()) as f64;
        features.weighted_sum(gradient, |_, gradients| sum(gradients) / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Zhou et al., *Learning Deep Features for Discriminative Localization* (CAM): with average pool and one linear
    /// layer, `S = Σ_k v_k mean_ij A_k`, hence `G_kij = v_k / hw`, and the class activation map is `Σ_k v_k A_k`.
    #[test]
    fn behind_an_average_pool_it_is_cam_up_to_scale() {
        let (channels, positions) = (4, 6);
        let weights = [0.5, -2.0, 1.0, 0.25];
        let values: Vec<f32> = (0..channels * positions)
            .map(|i| ((i * 7) % 11) as f32)
            .collect();
        let gradient = (0..channels * positions)
            .map(|i| weights[i / positions] / positions as f32)
            .collect();
        let features = FeatureMap::new(channels, 2, 3, values.clone()).unwrap();
        let gradient = FeatureMap::new(channels, 2, 3, gradient).unwrap();
        let map = GradCam.map(&features, &gradient);
        for (ij, found) in map.values.iter().enumerate() {
            let cam: f32 = (0..channels)
                .map(|k| weights[k] * values[k * positions + ij])
                .sum();
            let scaled = cam / (channels * positions) as f32;
            // A sum of four products, rounded to f32 once.
            assert!(
                (found - scaled).abs() <= 1e-6 * cam.abs().max(1.0),
                "{found} instead of {scaled}"
            );
        }
    }

    #[test]
    fn negative_evidence_stays_in_the_raw_map() {
        let features = FeatureMap::new(1, 1, 2, vec![1.0, 3.0]).unwrap();
        let gradient = FeatureMap::new(1, 1, 2, vec![-1.0, -1.0]).unwrap();
        assert_eq!(GradCam.map(&features, &gradient).values, [-1.0, -3.0]);
    }
}
