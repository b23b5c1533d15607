//! Residual networks (He, Zhang, Ren, Sun: *Deep Residual Learning for Image Recognition*, 2015, arXiv:1512.03385) with
//! torchvision's layout and parameter names, and the head that fastai 1 puts on them.
//!
//! [`ResNet`] is the network while it trains; [`ResNet::for_inference`] makes the form that only predicts, in which each
//! batch normalisation is folded into the convolution before it. [`weights`] reads and writes files of parameters.

pub mod algorithm_name;
mod architecture;
mod batch_norm;
mod block;
mod body;
mod convolution;
mod head;
mod inference;
mod init;
mod linear;
mod network;
mod parameters;
mod summary;
pub mod weights;

pub use architecture::{Architecture, UnknownArchitecture};
pub use body::Body;
pub use head::{Head, HeadKind};
pub use inference::{InferenceBody, InferenceHead, InferenceNetwork};
pub use kernels::Algorithm;
pub use network::{NetworkSpec, ResNet};
pub use parameters::{LayerGroup, ParameterUpdate, Trainable, is_batch_norm};
pub use summary::{Summary, SummaryRow};
