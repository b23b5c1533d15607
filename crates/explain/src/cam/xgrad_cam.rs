use super::{FeatureMap, HeatMap, Method, feature_map::sum};

/// XGrad-CAM: `Σ_k w_k A_k` with `w_k = Σ_ij G_kij A_kij / Σ_ij A_kij`, 0 where nothing is active.
///
/// Fu, Hu, Dong, Guo, Gao, Li: *Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of CNNs*, 2020,
/// arXiv:2008.02312.
#[derive(Debug, Clone, Copy)]
pub struct XGradCam;

impl Method for XGradCam {
    fn name(&self) -> &'static str {
        "xgrad-cam"
    }

    fn title(&self) -> &'static str {
        "XGrad-CAM"
    }

    fn map(&self, features: &FeatureMap, gradient: &FeatureMap) -> HeatMap {
        features.weighted_sum(gradient, |values, gradients| {
            let total = sum(values);
            let products = values.iter().zip(gradients);
            let product: f64 = products.map(|(a, g)| f64::from(*a) * f64::from(*g)).sum();
            if total == 0.0 { 0.0 } else { product / total }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_without_activity_has_no_weight() {
        let features = FeatureMap::new(2, 1, 2, vec![0.0, 0.0, 1.0, 3.0]).unwrap();
        let gradient = FeatureMap::new(2, 1, 2, vec![9.0, 9.0, 2.0, 4.0]).unwrap();
        // (1·2 + 3·4) / 4 = 3.5
        assert_eq!(XGradCam.map(&features, &gradient).values, [3.5, 10.5]);
    }
}
