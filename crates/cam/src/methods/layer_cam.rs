//! LayerCAM: positive gradient times feature map, position by position.

use crate::{asked::Asked, heat_map::HeatMap};

/// LayerCAM: `Σ_k max(G_k, 0) A_k`, position by position. Never negative, since A is not.
///
/// Jiang, Zhang, Hou, Cheng, Wei: *LayerCAM: Exploring Hierarchical Class Activation Maps for Localization*, 2021, IEEE
/// Transactions on Image Processing 30.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    features.sum_of_products(asked.gradient(), |gradient| f64::from(gradient.max(0.0)))
}
