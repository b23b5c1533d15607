//! The methods, one file each: paper, formula, and where the two differ.
//!
//! A new one is a file here, its line among the modules, and its line in [`METHODS`].

mod ablation_cam;
mod activation_map;
mod eigen_cam;
mod eigen_grad_cam;
mod grad_cam;
mod grad_cam_elementwise;
mod grad_cam_plus_plus;
mod guided_backprop;
mod guided_grad_cam;
mod hires_cam;
mod integrated_gradients;
mod layer_cam;
mod occlusion;
mod rise;
mod score_cam;
mod xgrad_cam;

use crate::method::Method;

/// All methods, the two of fastai's lesson first, those that only a name asks for last.
pub const METHODS: &[&Method] = &[
    &Method::class_blind("activation", "Activation map", activation_map::map),
    &Method::class_specific("grad-cam", "Grad-CAM", grad_cam::map),
    &Method::class_specific("grad-cam++", "Grad-CAM++", grad_cam_plus_plus::map),
    &Method::class_specific("layer-cam", "LayerCAM", layer_cam::map),
    &Method::class_specific("hires-cam", "HiResCAM", hires_cam::map),
    &Method::class_specific("xgrad-cam", "XGrad-CAM", xgrad_cam::map),
    &Method::class_blind("eigen-cam", "Eigen-CAM", eigen_cam::map),
    &Method::class_specific("eigen-grad-cam", "EigenGrad-CAM", eigen_grad_cam::map),
    &Method::class_specific("ablation-cam", "Ablation-CAM", ablation_cam::map),
    &Method::class_specific(
        "grad-cam-elementwise",
        "Element-wise Grad-CAM",
        grad_cam_elementwise::map,
    )
    .by_name_only(),
    &Method::class_specific("score-cam", "Score-CAM", score_cam::map).by_name_only(),
    &Method::class_specific("occlusion", "Occlusion", occlusion::map)
        .of_no_layer()
        .by_name_only(),
    &Method::class_specific_checked("rise", "RISE", rise::map)
        .of_no_layer()
        .by_name_only(),
    &Method::class_specific_checked(
        "integrated-gradients",
        "Integrated gradients",
        integrated_gradients::map,
    )
    .of_no_layer()
    .back_to_pixels()
    .by_name_only(),
    &Method::class_specific(
        "guided-backprop",
        "Guided backpropagation",
        guided_backprop::map,
    )
    .of_no_layer()
    .back_to_pixels()
    .with_caution(GUIDED)
    .by_name_only(),
    &Method::class_specific("guided-grad-cam", "Guided Grad-CAM", guided_grad_cam::map)
        .back_to_pixels()
        .with_caution(GUIDED)
        .by_name_only(),
];

/// What the sanity checks say of a guided way back.
const GUIDED: &str = "draws lines that hardly depend on what the network has learnt (Adebayo et al. 2018): edges of the picture, no \
                      explanation of a class";

/// The method of [`METHODS`] with this [`Method::name`].
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{feature_map::FeatureMap, given::Given};

    #[test]
    fn a_class_blind_method_asks_for_the_feature_map_alone() {
        let asked = Given {
            features: Some(FeatureMap::new(1, 1, 2, vec![1.0, 3.0]).unwrap()),
            ..Given::default()
        };
        let blind = METHODS.iter().filter(|method| !method.is_class_specific());
        assert_eq!(blind.clone().count(), 2);
        for method in blind {
            assert_eq!(method.map(&asked).values, [1.0, 3.0], "{method:?}");
        }
    }

    #[test]
    fn no_two_methods_have_the_same_name() {
        for (index, one) in METHODS.iter().enumerate() {
            assert_eq!(method(one.name()), Some(*one));
            assert!(METHODS[..index].iter().all(|other| other != one));
        }
    }
}
