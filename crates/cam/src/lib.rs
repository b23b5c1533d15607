//! Heat-maps of where a network looked: class activation maps (CAM). One file per method, and a
//! table of them, [`METHODS`].
//!
//! Everything here is arithmetic on plain numbers; whoever runs the network implements [`Asked`]. In the formulas A is the
//! output of a layer, as a rule of the network's body, `[C, h, w]`; S what is explained, as a rule the logit of a class (see
//! [`Target`]); G = ∂S/∂A has A's shape. Indices: k for channels, ij
//! for positions. Sums are taken in f64.
//!
//! ```
//! use cam::{Asked, FeatureMap, ReluGradient, method};
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
//!     fn score(&self) -> f32 {
//!         0.5
//!     }
//!     fn frame_size(&self) -> [usize; 2] {
//!         [32, 32]
//!     }
//!     fn frame(&self) -> &[f32] {
//!         &[0.0; 3 * 32 * 32]
//!     }
//!     fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
//!         frames.map(|_| 0.5).collect()
//!     }
//!     fn scores_without_each_channel(&self) -> Vec<f32> {
//!         vec![0.5; 2]
//!     }
//!     fn pixel_gradients(
//!         &self,
//!         frames: &mut dyn Iterator<Item = Vec<f32>>,
//!         _: ReluGradient,
//!         take: &mut dyn FnMut(&[f32]),
//!     ) {
//!         frames.for_each(|_| take(&[0.0; 3 * 32 * 32]));
//!     }
//! }
//!
//! let written = Written {
//!     features: FeatureMap::new(2, 1, 2, vec![1.0, 0.0, 0.0, 3.0])?,
//!     gradient: FeatureMap::new(2, 1, 2, vec![4.0, 4.0, -4.0, -4.0])?,
//! };
//! let grad_cam = method("grad-cam").unwrap();
//! assert_eq!(grad_cam.map(&written).values, [2.0, -6.0]);
//! # Ok::<(), cam::ShapeError>(())
//! ```

mod asked;
mod check;
mod feature_map;
mod fusion;
#[cfg(test)]
mod given;
mod heat_map;
mod lanczos;
mod method;
mod methods;
mod numbers;
mod quadrature;
mod target;

pub use asked::{Asked, ReluGradient};
pub use check::Check;
pub use feature_map::{FeatureMap, ShapeError};
pub use fusion::{Fusion, fused};
pub use heat_map::{HeatMap, Neighbours};
pub use method::Method;
pub use methods::{METHODS, method};
pub use numbers::{argmax, correlation, softmax};
pub use target::{Against, Score, Target};
