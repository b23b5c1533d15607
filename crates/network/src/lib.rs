//! Networks that say what a picture shows: a body that makes a feature map of it, named and laid out as in torchvision,
//! and the head that fastai 1 (or torchvision) puts on it.
//!
//! [`Network`] is the network while it trains; [`Network::for_inference`] makes the form that only predicts, in which
//! each batch normalisation is folded into the convolution before it. Each family of bodies has a file under `body/`, an
//! [`Architecture`] is one body with its depth. [`weights`] reads and writes files of parameters.

pub mod algorithm_name;
mod architecture;
mod batch_norm;
mod body;
mod convolution;
mod family;
mod follow;
mod graph;
mod head;
mod inference;
mod init;
mod kind;
mod linear;
mod max_pool;
mod network;
mod parameters;
mod pass;
mod place;
pub mod precision_name;
mod recognition;
mod row;
mod summary;
mod training;
pub mod weights;

pub use architecture::Architecture;
pub use body::Body;
pub use family::Group;
pub use graph::{GlobalPooling, Graph, Layer, LayerOperation, LinearLayer};
pub use head::{Head, HeadKind, is_of_head};
pub use inference::{InferenceBody, InferenceHead, InferenceNetwork, InferenceOptions};
pub use kernels::{Algorithm, Precision};
pub use kind::Kind;
pub use network::{Network, NetworkSpec};
pub use parameters::{NamedGradients, Parameter, ParameterUpdate, Trainable};
pub use place::Place;
pub use recognition::{NotRecognised, Recognised, recognise};
pub use row::SummaryRow;
pub use summary::Summary;
