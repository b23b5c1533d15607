//! The methods, one file each: paper, formula, and where the two differ.
//!
//! A new one is a file here, its line among the modules, and its line in [`METHODS`].

pub mod activation_map;
pub mod eigen_cam;
pub mod grad_cam;
pub mod grad_cam_plus_plus;
pub mod hires_cam;
pub mod layer_cam;
pub mod xgrad_cam;

use crate::method::Method;

/// All methods, the two of fastai's lesson first.
pub const METHODS: &[&Method] = &[
    &activation_map::ACTIVATION_MAP,
    &grad_cam::GRAD_CAM,
    &grad_cam_plus_plus::GRAD_CAM_PLUS_PLUS,
    &layer_cam::LAYER_CAM,
    &hires_cam::HIRES_CAM,
    &xgrad_cam::XGRAD_CAM,
    &eigen_cam::EIGEN_CAM,
];

/// The method of [`METHODS`] with this [`Method::name`].
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{asked::Asked, feature_map::FeatureMap};

    /// Answers with a feature map, and to nothing else.
    struct FeaturesOnly(FeatureMap);

    impl Asked for FeaturesOnly {
        fn features(&self) -> &FeatureMap {
            &self.0
        }

        fn gradient(&self) -> &FeatureMap {
            panic!("a backward pass")
        }

        fn class(&self) -> usize {
            panic!("a class")
        }

        fn size(&self) -> usize {
            panic!("a size")
        }

        fn square(&self) -> &[f32] {
            panic!("a square")
        }

        fn scores(&self, _: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
            panic!("a forward pass")
        }
    }

    #[test]
    fn a_class_blind_method_asks_for_the_feature_map_alone() {
        let asked = FeaturesOnly(FeatureMap::new(1, 1, 2, vec![1.0, 3.0]).unwrap());
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
