//! XGrad-CAM: channels weighted by their gradient where they are active.

use crate::{asked::Asked, heat_map::HeatMap, numbers::sum};

/// XGrad-CAM: `Σ_k w_k A_k` with `w_k = Σ_ij G_kij A_kij / Σ_ij A_kij`, 0 where nothing is active.
///
/// Fu, Hu, Dong, Guo, Gao, Li: *Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs*, 2020,
/// arXiv:2008.02312.
pub fn map(asked: &dyn Asked) -> HeatMap {
    asked.features().weighted_by(asked.gradient(), weight)
}

/// `Σ_ij G_kij A_kij / Σ_ij A_kij` of the channel k, 0 where nothing is active.
fn weight(values: &[f32], gradients: &[f32]) -> f64 {
    let total = sum(values);
    let products = values.iter().zip(gradients);
    let product: f64 = products.map(|(a, g)| f64::from(*a) * f64::from(*g)).sum();
    if total == 0.0 { 0.0 } else { product / total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    #[test]
    fn a_channel_without_activity_has_no_weight() {
        let given = Given::rows(2, &[0.0, 0.0, 1.0, 3.0], &[9.0, 9.0, 2.0, 4.0]);
        // (1·2 + 3·4) / 4 = 3.5
        assert_eq!(map(&given).values, [3.5, 10.5]);
    }
}
