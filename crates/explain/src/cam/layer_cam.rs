use super::{FeatureMap, HeatMap, Method};

/// LayerCAM: `Σ_k max(G_k, 0) A_k`, position by position. Never negative, since A is not.
///
/// Jiang, Zhang, Hou, Cheng, Wei: *LayerCAM: Exploring Hierarchical Class Activation Maps for Localization*, 2021, IEEE
/// Transactions on Image Processing 30.
#[derive(Debug, Clone, Copy)]
pub struct LayerCam;

impl Method for LayerCam {
    fn name(&self) -> &'static str {
        "layer-cam"
    }

    fn title(&self) -> &'static str {
        "LayerCAM"
    }

    fn map(&self, features: &FeatureMap, gradient: &FeatureMap) -> HeatMap {
        features.sum_over_channels(gradient, |values, gradients, sums| {
            for ((sum, value), gradient) in sums.iter_mut().zip(values).zip(gradients) {
                *sum += f64::from(gradient.max(0.0)) * f64::from(*value);
            }
        })
    }
}
