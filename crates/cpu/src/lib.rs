//! The arithmetic of convolutional networks on a processor, on plain `f32` slices.
//!
//! Pictures are channels-last in memory: `[batch, height, width, channels]`. Weights have torch's layout:
//! `[channels_out, channels_in, kernel, kernel]`. Results do not depend on the number of threads, to the last bit.

pub mod adam;
pub mod batch_norm;
mod convolution;
pub mod elementwise;
mod gemm;
mod layout;
pub mod peak;
pub mod pooling;
mod scratch;
mod simd;
mod vectorise;

pub use convolution::{
    Algorithm, ConvolutionShape, Epilogue, PackedWeight, Precision, bf16, forward, input_gradient,
    weight_gradient,
};
pub use layout::planar_to_channels_last;
pub use scratch::Scratch;
