//! The arithmetic of convolutional networks on burn tensors.
//!
//! Every function here is ordinary differentiable tensor code for its caller. On burn's CPU backend
//! (flex) with f32 the work is done by this crate's own kernels, which keep activations in
//! channels-last order in memory; every other backend and number type runs burn's own operations.

mod adam;
mod autodiff;
mod batch_norm;
mod convolution;
mod device;
mod flex;
mod folded;
#[cfg(feature = "gpu")]
mod gpu;
mod guided;
mod listener;
mod loss;
mod numbers;
mod pooling;
mod running_statistics;
mod synchronised;
mod threads;

pub use cpu::Precision;

pub use adam::{AdamStep, adam_step};
pub use batch_norm::{
    BatchStatistics, batch_norm_train, batch_norm_train_over, statistics_of_others,
};
pub use convolution::{Algorithm, Convolution, conv2d, conv2d_folded, conv2d_heard};
pub use device::{
    Advice, DeviceCheck, DeviceChoice, DeviceError, DeviceFailed, ListedDevice, advise,
    backends_not_built, finish_work, gpus, is_cpu,
};
pub use folded::FoldedConvolution;
#[cfg(feature = "gpu")]
pub use gpu::LaunchCount;
pub use guided::guided_relu;
pub use listener::{GradientListener, Heard};
pub use loss::{cross_entropy, cross_entropy_mixed, cross_entropy_of_factors};
pub use numbers::{add_scaled, lerp, scaled, scaled_by};
pub use pooling::{average_pool, concat_pool, max_pool2d};
pub use running_statistics::{Move, move_statistics};
pub use synchronised::Synchronised;
pub use threads::use_this_thread;
