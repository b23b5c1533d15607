use super::{FeatureMap, HeatMap, Method};

/// The class-blind map of fastai's lesson "Heatmap": mean over the channels, `(1/C) Σ_k A_k`.
///
/// It shows where the body found anything at all, whatever the class.
#[derive(Debug, Clone, Copy)]
pub struct ActivationMap;

impl Method for ActivationMap {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn title(&self) -> &'static str {
        "Activation map"
    }

    fn is_class_specific(&self) -> bool {
        false
    }

    fn map(&self, features: &FeatureMap, gradient: &FeatureMap) -> HeatMap {
        let [channels, ..] = features.shape();
        features.weighted_sum(gradient, |_, _| 1.0 / channels as f64)
    }
}
