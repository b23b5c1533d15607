//! The ReLU of guided backpropagation.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The same values as a ReLU; on the way back it lets through only what is positive, beside what a ReLU lets through:
/// `g_in = max(g_out, 0)` where `x > 0`, else 0. What it computes is no gradient of anything.
///
/// Springenberg, Dosovitskiy, Brox, Riedmiller: *Striving for Simplicity: The All Convolutional Net*, 2015, arXiv:1412.6806.
pub fn guided_relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::guided_relu(x.into_dispatch()))
}

#[backend_extension(Autodiff, Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait GuidedReluOps: Backend {
    fn guided_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }
}
