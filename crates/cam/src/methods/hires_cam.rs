//! HiResCAM: gradient times feature map, position by position.

use crate::{asked::Asked, heat_map::HeatMap};

/// HiResCAM: `Σ_k G_k A_k`, position by position.
///
/// Draelos, Carin: *Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks*, 2020,
/// arXiv:2011.08891. Behind an average pool and one linear layer the map sums to the logit less its bias.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    features.sum_of_products(asked.gradient(), f64::from)
}
