//! Element-wise Grad-CAM: what is positive of gradient times feature map.

use crate::{asked::Asked, heat_map::HeatMap};

/// Element-wise Grad-CAM: `Σ_k max(G_k A_k, 0)`, position by position. Never negative.
///
/// It has no paper: it comes from pytorch-grad-cam. Where A is nowhere below 0, as behind every ReLU, it is LayerCAM.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let mut sums = vec![0.0; features.positions()];
    for (values, gradients) in features.channels().zip(asked.gradient().channels()) {
        for ((sum, value), gradient) in sums.iter_mut().zip(values).zip(gradients) {
            *sum += (f64::from(*value) * f64::from(*gradient)).max(0.0);
        }
    }
    features.heat_map(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{given::Given, method};

    #[test]
    fn it_is_layer_cam_where_nothing_is_below_zero_and_there_alone() {
        let both = |values: &[f32]| {
            let given = Given::rows(2, values, &[2.0, -2.0, -3.0, 3.0]);
            (map(&given), method("layer-cam").unwrap().map(&given))
        };
        let (own, layer_cam) = both(&[1.0, 4.0, 0.0, 2.0]);
        assert_eq!(own, layer_cam);
        let (own, layer_cam) = both(&[1.0, -4.0, 0.0, 2.0]);
        assert_eq!(own.values, [2.0, 14.0]);
        assert_ne!(own, layer_cam);
    }
}
