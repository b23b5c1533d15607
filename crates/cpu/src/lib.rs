//! The arithmetic of ResNets on a processor, on plain `f32` slices.
//!
//! Pictures lie channels-last in memory: `[batch, height, width, channels]`. Weights lie as torch has them:
//! `[channels_out, channels_in, kernel, kernel]`. All results are the same to the last bit whatever the number
//! of threads.

pub mod adam;
pub mod batch_norm;
mod convolution;
pub mod elementwise;
mod gemm;
mod layout;
pub mod pooling;
mod scratch;
mod simd;
mod vectorise;

pub use convolution::{Algorithm, Epilogue, Shape, forward, input_gradient, weight_gradient};
pub use layout::{channels_last_to_planar, planar_to_channels_last};
pub use scratch::Scratch;
