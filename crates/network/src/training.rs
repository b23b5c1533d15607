use crate::{
    batch_norm::BatchNorm,
    convolution::Convolution,
    max_pool::MaxPool,
    pass::{Pass, Relu},
    place::Place,
};
use burn::tensor::Tensor;

/// The pass that trains: batch statistics, which move the running ones. Values are `[N, C, H, W]`.
pub struct Training<'a>(pub &'a Place<'a>);

impl Pass for Training<'_> {
    type Value = Tensor<4>;

    fn convolution(
        &mut self,
        convolution: &Convolution,
        norm: &mut BatchNorm,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: Relu,
    ) -> Tensor<4> {
        let relu = relu != Relu::Absent;
        norm.forward_train(convolution.forward(x), residual, relu, self.0)
    }

    fn max_pool(&mut self, pool: MaxPool, x: Tensor<4>) -> Tensor<4> {
        pool.forward(x)
    }
}
