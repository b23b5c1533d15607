//! Backends for GPUs: burn's operations, but for its choice of a convolution, and for batch norm and Adam, which are a few
//! kernels each instead of dozens.

#![allow(
    clippy::too_many_arguments,
    reason = "tensors that one kernel reads and writes"
)]

mod adam;
mod batch_norm;
mod columns;
mod convolution;
mod elements;
mod launches;
mod running_statistics;

pub use launches::LaunchCount;

use crate::guided::GuidedReluOps;
use crate::pooling::{PoolingGradients, PoolingOps};
use burn::backend::Cube;

impl PoolingOps for Cube {}
impl PoolingGradients for Cube {}
impl GuidedReluOps for Cube {}
