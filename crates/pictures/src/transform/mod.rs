//! Augmentation as fastai 1.0.30's `get_transforms` does it.
//!
//! A picture of any shape becomes a square of `size` × `size`: its short side is brought to `size` rounded to a
//! multiple of 32, a random symmetric warp, flip, rotation and zoom move the sampling points, **one** bilinear
//! interpolation reads the picture at them, brightness and contrast act in logit space, and a crop of random position
//! cuts the square. For validation only the resize and a centred crop remain.
//!
//! Beside these, and off by default, there are others of torchvision's: [`ResizedCrop`] in place of resize, warp, rotation,
//! zoom and crop, [`RandAugment`] behind all that, and [`Erasing`] behind the normalisation.
//!
//! [`Augmentation`] holds the settings, [`Draws`] the random values of one picture, and [`apply`] is a pure function
//! of a picture and its draws. [`View`] says what a network is shown when it does not train, [`CropMap`] maps that back to the
//! picture; a [`TtaView`] is one of those that test time augmentation averages over.
//!
//! Source: `fastai/vision/transform.py` and `fastai/vision/image.py` of fastai 1.0.30.

mod area;
mod augmentation;
mod brightness;
mod byte_operations;
mod contrast;
mod crop;
mod crop_map;
mod draw;
mod flip;
mod geometry;
mod lighting;
mod matrix;
mod padding;
mod pipeline;
mod rand_augment;
mod random_erasing;
mod random_resized_crop;
mod rectangle;
mod rotate;
mod sampling;
mod taps;
mod tta;
pub(crate) mod vectorised;
mod view;
mod warp;
mod zoom;

pub use augmentation::{Augmentation, AugmentationError};
pub use crop::CropPosition;
pub use crop_map::CropMap;
pub use draw::{Drawn, Draws};
pub use flip::Flip;
pub use geometry::ResizeGeometry;
pub use padding::Padding;
pub use pipeline::{Workspace, apply, apply_to_frame};
pub use rand_augment::{OPERATIONS, Operation, RandAugment};
pub use random_erasing::Erasing;
pub use random_resized_crop::ResizedCrop;
pub use rectangle::{Rectangle, Tries};
pub use tta::TtaView;
pub use view::View;
pub use zoom::Zoom;
