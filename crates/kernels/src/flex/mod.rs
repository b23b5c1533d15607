//! The operations on burn's CPU backend, by this crate's kernels.

mod adam;
mod batch_norm;
mod convolution;
mod guided;
mod memory;
mod pooling;
mod tensor;
