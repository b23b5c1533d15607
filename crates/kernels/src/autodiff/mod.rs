//! The graph: which tensors each operation keeps for the backward pass, and which gradients it computes.
//!
//! Written once over the backend below; what no tracked tensor needs is neither kept nor computed.

mod batch_norm;
mod convolution;
mod folded;
mod guided;
mod pooling;
mod registered;
