//! Ablation-CAM: channels weighted by what the target loses without them.

use crate::{asked::Asked, heat_map::HeatMap};

/// Ablation-CAM, raw: `(1/C) Σ_k w_k A_k` with `w_k = S − S_k`, where `S_k` is the target when channel k is 0 everywhere.
///
/// Desai, Ramaswamy: *Ablation-CAM: Visual Explanations for Deep Convolutional Network via Gradient-free Localization*, 2020,
/// IEEE Winter Conference on Applications of Computer Vision. The paper divides by S, the same for the whole map: that is left
/// out, since it would turn the map of a target below 0 around. Behind a pool and one linear layer `w_k` is `v_k mean_ij A_k`
/// where Grad-CAM has `v_k / hw`: the same up to scale for channels that are equally active. No gradient is taken, and only
/// what lies behind the layer runs, once for each channel that is not 0 already.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let [channels, ..] = features.shape();
    let whole = f64::from(asked.score());
    let lost = |score: f32| (whole - f64::from(score)) / channels as f64;
    let without = asked.scores_without_each_channel();
    features.weighted_sum(without.into_iter().map(lost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{given::Given, method};
    use proptest::prelude::*;

    /// A head that pools and weighs: `S = Σ_k v_k mean_ij A_k + b`.
    fn linear(weights: &[f32], values: &[f32]) -> Given {
        let weights = weights.to_vec();
        let positions = values.len() / weights.len();
        let slope = |weight: &f32| vec![weight / positions as f32; positions];
        let gradient: Vec<f32> = weights.iter().flat_map(slope).collect();
        let given = Given::rows(weights.len(), values, &gradient);
        let target = move |values: &[f32]| {
            let channels = values.chunks_exact(positions);
            let mean = |channel: &[f32]| channel.iter().sum::<f32>() / channel.len() as f32;
            let terms = weights.iter().zip(channels);
            terms
                .map(|(weight, channel)| weight * mean(channel))
                .sum::<f32>()
                + BIAS
        };
        Given {
            of_features: Some(Box::new(target)),
            ..given
        }
    }

    const BIAS: f32 = -7.0;

    proptest! {
        /// `w_k = v_k mean_ij A_k` here and `v_k / hw` in Grad-CAM: equal up to scale where all channels have one mean.
        #[test]
        fn with_a_linear_head_it_is_grad_cam_up_to_scale(
            weights in prop::collection::vec(-2.0f32..2.0, 4),
            values in prop::collection::vec(0.1f32..1.0, 4 * 6),
        ) {
            let scaled = values.chunks_exact(6).flat_map(|channel| {
                let sum: f32 = channel.iter().sum();
                channel.iter().map(move |value| 6.0 * value / sum)
            });
            let network = linear(&weights, &scaled.collect::<Vec<_>>());
            let grad_cam = method("grad-cam").unwrap().map(&network);
            for (found, expected) in map(&network).values.iter().zip(&grad_cam.values) {
                // A difference of scores of about 10 in f32.
                prop_assert!((found - 6.0 * expected).abs() < 1e-5, "{found} instead of 6 × {expected}");
            }
        }
    }

    #[test]
    fn a_channel_counts_by_what_is_lost_without_it_even_where_the_target_is_below_zero() {
        let network = linear(&[1.0, -1.0], &[2.0, 4.0, 0.0, 2.0]);
        assert!(network.score() < 0.0);
        // S − S_k = 3 and −1.
        assert_eq!(map(&network).values, [3.0, 5.0]);
    }
}
