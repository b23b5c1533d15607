//! Heat-maps over a feature map: one file per method, all over one trait.
//!
//! Everything here is arithmetic on plain numbers. A is the output of the network's body, `[C, h, w]`; S the logit of a
//! class; G = ∂S/∂A has A's shape. Indices: k for channels, ij for positions. Sums are taken in f64.

mod activation_map;
mod eigen_cam;
mod feature_map;
mod grad_cam;
mod grad_cam_plus_plus;
mod heat_map;
mod hires_cam;
mod layer_cam;
mod xgrad_cam;

pub use activation_map::ActivationMap;
pub use eigen_cam::EigenCam;
pub use feature_map::{FeatureMap, ShapeError};
pub use grad_cam::GradCam;
pub use grad_cam_plus_plus::GradCamPlusPlus;
pub use heat_map::{HeatMap, Neighbours};
pub use hires_cam::HiResCam;
pub use layer_cam::LayerCam;
pub use xgrad_cam::XGradCam;

/// A way to ask a network where it looked.
pub trait Method: Sync {
    /// As typed on the command line.
    fn name(&self) -> &'static str;

    /// As printed.
    fn title(&self) -> &'static str;

    /// Whether the map is about one class; otherwise it is the same for all of them, and the gradient is not looked at.
    fn is_class_specific(&self) -> bool {
        true
    }

    /// The raw map, one value per position: nothing is cut off and nothing scaled. `gradient` has the shape of
    /// `features`.
    fn map(&self, features: &FeatureMap, gradient: &FeatureMap) -> HeatMap;
}

impl std::fmt::Debug for dyn Method {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// All methods, the two of the notebook first.
pub const METHODS: [&dyn Method; 7] = [
    &ActivationMap,
    &GradCam,
    &GradCamPlusPlus,
    &LayerCam,
    &HiResCam,
    &XGradCam,
    &EigenCam,
];

/// The method with this [`Method::name`].
pub fn method(name: &str) -> Option<&'static dyn Method> {
    METHODS.into_iter().find(|method| method.name() == name)
}
