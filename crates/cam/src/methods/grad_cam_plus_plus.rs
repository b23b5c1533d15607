//! Grad-CAM++: channels weighted by their positive gradients, each with a weight of its own.

use crate::{asked::Asked, heat_map::HeatMap, numbers::sum};

/// Grad-CAM++: `Σ_k w_k A_k` with `w_k = Σ_ij α_kij max(G_kij, 0)`.
///
/// Chattopadhay, Sarkar, Howlader, Balasubramanian: *Grad-CAM++: Improved Visual Explanations for Deep Convolutional
/// Networks*, 2018, arXiv:1710.11063. The score is `exp(S)`, whose second and third derivatives are powers of G, so that
/// `α = G² / (2 G² + (Σ_ij A_kij) G³)`, or `1 / (2 + (Σ_ij A_kij) G)` where G > 0; elsewhere `max(G, 0)` makes it
/// irrelevant. The factor `exp(S)`, the same for the whole map, is left out. Never negative, since A is not.
pub fn map(asked: &dyn Asked) -> HeatMap {
    asked.features().weighted_by(asked.gradient(), weight)
}

/// `Σ_ij α_kij max(G_kij, 0)` of the channel k.
fn weight(values: &[f32], gradients: &[f32]) -> f64 {
    let total = sum(values);
    gradients
        .iter()
        .map(|gradient| f64::from(*gradient))
        .filter(|gradient| *gradient > 0.0)
        .map(|gradient| gradient / (2.0 + total * gradient))
        .sum()
}
