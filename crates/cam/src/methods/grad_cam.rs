//! Grad-CAM: channels weighted by their mean gradient.

use crate::{asked::Asked, heat_map::HeatMap, numbers::sum};

/// Grad-CAM, raw: `(1/C) Σ_k w_k A_k` with `w_k = mean_ij G_kij`.
///
/// Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: *Grad-CAM: Visual Explanations from Deep Networks via
/// Gradient-based Localization*, 2017, arXiv:1610.02391. The paper sums over the channels and cuts off what is negative;
/// fastai's lesson takes the mean, which differs by the factor C and draws the same.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let [channels, ..] = features.shape();
    let count = (channels * features.positions()) as f64;
    let gradients = asked.gradient().channels();
    features.weighted_sum(gradients.map(|gradient| sum(gradient) / count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    /// Zhou et al., *Learning Deep Features for Discriminative Localization* (CAM): with average pool and one linear
    /// layer, `S = Σ_k v_k mean_ij A_k`, hence `G_kij = v_k / hw`, and the class activation map is `Σ_k v_k A_k`.
    #[test]
    fn behind_an_average_pool_it_is_cam_up_to_scale() {
        let (channels, positions) = (4, 6);
        let weights = [0.5, -2.0, 1.0, 0.25];
        let values: Vec<f32> = (0..channels * positions)
            .map(|i| ((i * 7) % 11) as f32)
            .collect();
        let gradient: Vec<f32> = (0..channels * positions)
            .map(|i| weights[i / positions] / positions as f32)
            .collect();
        let map = map(&Given::rows(channels, &values, &gradient));
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
        let given = Given::rows(1, &[1.0, 3.0], &[-1.0, -1.0]);
        assert_eq!(map(&given).values, [-1.0, -3.0]);
    }
}
