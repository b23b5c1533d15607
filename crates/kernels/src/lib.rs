//! The network arithmetic of ResNets on burn tensors.
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
mod loss;
mod pooling;

pub use adam::{AdamStep, adam_step};
pub use batch_norm::{BatchStatistics, batch_norm_train, batch_norm_train_2d};
pub use convolution::{Algorithm, Convolution, conv2d, conv2d_folded};
pub use device::{DeviceChoice, DeviceError};
pub use loss::{cross_entropy, cross_entropy_mixed};
pub use pooling::{average_pool, concat_pool, max_pool2d};

/// Makes the calling thread one of those that compute, instead of one that hands every operation to others and waits.
/// Call it first thing in `main`, on the thread that trains; no result depends on it.
pub fn use_this_thread() {
    // An error means that the threads are running already: then they stay as they are.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
}
