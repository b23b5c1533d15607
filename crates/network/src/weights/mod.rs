//! Files of parameters: reading what PyTorch and fastai write, naming tensors in one way, checking them against a
//! network, and writing them for PyTorch.
//!
//! * [`StateDict`] holds tensors by name. [`StateDict::read`] takes torch's `.pth` (zip or legacy stream) and
//!   `.safetensors`, told apart by content; [`StateDict::write_safetensors`] writes.
//! * [`layout`] turns the key layouts of torchvision, fastai 1 and sequential bodies into the names used in this
//!   crate, and back.
//! * [`StateDict::check`] compares names and shapes with a network's.
//! * [`registry`] knows torchvision's pretrained files by name and downloads them.
//!
//! Nothing here knows burn: a state dictionary is plain numbers.

mod elements;
mod error;
mod file;
mod format;
pub mod layout;
mod matching;
mod pickle_guard;
mod pth;
pub mod registry;
mod report;
mod safetensors;
mod state;
mod stream;
mod torch_order;
mod wrapper;

pub use error::WeightsError;
pub use report::{Misshapen, Report};
pub use state::{NamedTensor, StateDict, TensorValues};

// Torch files and safetensors are little-endian, and tensors are copied from them without swapping bytes.
const _: () = assert!(
    cfg!(target_endian = "little"),
    "weights are read on little-endian processors only"
);
