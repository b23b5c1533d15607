use crate::{
    batch_norm::BatchNorm,
    convolution::Convolution,
    max_pool::MaxPool,
    pass::{Pass, Relu},
};
use burn::tensor::Tensor;

/// The pass that trains: batch statistics, which move the running ones. Values are `[N, C, H, W]`.
pub struct Training;

impl Pass for Training {
    type Value = Tensor<4>;

    fn convolution(
        &mut self,
        convolution: &Convolution,
        norm: &mut BatchNorm,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: Relu,
    ) -> Tensor<4> {
        norm.forward_train(convolution.forward(x), residual, relu != Relu::Absent)
    }

    fn max_pool(&mut self, pool: MaxPool, x: Tensor<4>) -> Tensor<4> {
        pool.forward(x)
    }
}
