//! Heat-maps of where a network looked: class activation maps (CAM), one file per method, all over one trait.
//!
//! Everything here is arithmetic on plain numbers; whoever runs the network implements [`Asked`]. In the formulas A is the
//! output of the network's body, `[C, h, w]`; S the logit of a class; G = ∂S/∂A has A's shape. Indices: k for channels, ij
//! for positions. Sums are taken in f64.
//!
//! ```
//! use cam::{Asked, FeatureMap, GradCam, Method};
//!
//! /// A network whose answers were written down.
//! struct Written {
//!     features: FeatureMap,
//!     gradient: FeatureMap,
//! }
//!
//! impl Asked for Written {
//!     fn features(&self) -> &FeatureMap {
//!         &self.features
//!     }
//!     fn gradient(&self) -> &FeatureMap {
//!         &self.gradient
//!     }
//!     fn class(&self) -> usize {
//!         0
//!     }
//!     fn size(&self) -> usize {
//!         32
//!     }
//!     fn square(&self) -> &[f32] {
//!         &[0.0; 3 * 32 * 32]
//!     }
//!     fn scores(&self, squares: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
//!         squares.map(|_| 0.5).collect()
//!     }
//! }
//!
//! let written = Written {
//!     features: FeatureMap::new(2, 1, 2, vec![1.0, 0.0, 0.0, 3.0])?,
//!     gradient: FeatureMap::new(2, 1, 2, vec![4.0, 4.0, -4.0, -4.0])?,
//! };
//! assert_eq!(GradCam.map(&written).values, [2.0, -6.0]);
//! # Ok::<(), cam::ShapeError>(())
//! ```

mod activation_map;
mod asked;
mod eigen_cam;
mod feature_map;
#[cfg(test)]
mod given;
mod grad_cam;
mod grad_cam_plus_plus;
mod heat_map;
mod hires_cam;
mod lanczos;
mod layer_cam;
mod method;
mod methods;
mod numbers;
mod xgrad_cam;

pub use activation_map::ActivationMap;
pub use asked::Asked;
pub use eigen_cam::EigenCam;
pub use feature_map::{FeatureMap, ShapeError};
pub use grad_cam::GradCam;
pub use grad_cam_plus_plus::GradCamPlusPlus;
pub use heat_map::{HeatMap, Neighbours};
pub use hires_cam::HiResCam;
pub use layer_cam::LayerCam;
pub use method::Method;
pub use methods::{METHODS, method};
pub use numbers::{argmax, softmax};
pub use xgrad_cam::XGradCam;
