use crate::{
    batch_norm::BatchNorm,
    convolution::Convolution,
    max_pool::MaxPool,
    pass::{Pass, Relu},
    place::Place,
};
use burn::tensor::Tensor;
use kernels::Precision;

/// The pass that trains: batch statistics, which move the running ones. Values are `[N, C, H, W]`.
pub struct Training<'a> {
    /// Place of the pictures in their batch.
    pub place: &'a Place<'a>,
    /// Numbers that the CPU's convolutions multiply.
    pub precision: Precision,
}

impl Pass for Training<'_> {
    type Value = Tensor<4>;

    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: Relu,
    ) -> Tensor<4> {
        let relu = relu != Relu::Absent;
        let y = convolution.forward(x, self.precision, self.place.listener);
        norm.forward_train(y, residual, relu, self.place)
    }

    fn max_pool(&mut self, pool: MaxPool, x: Tensor<4>) -> Tensor<4> {
        pool.forward(x)
    }
}
