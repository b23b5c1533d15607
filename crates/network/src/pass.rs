use crate::{batch_norm::BatchNorm, convolution::Convolution, max_pool::MaxPool};

/// One way through the layers of a body: training, folding for inference, or finding shapes. A body says once in which
/// order its layers come; what a layer does is up to the pass.
pub trait Pass {
    /// Output of a layer.
    type Value: Clone;

    /// A convolution, the batch normalisation behind it, the sum with `residual`, and a ReLU unless it is absent.
    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        x: Self::Value,
        residual: Option<Self::Value>,
        relu: Relu,
    ) -> Self::Value;

    /// A pooling layer.
    fn max_pool(&mut self, pool: MaxPool, x: Self::Value) -> Self::Value;

    /// The end of a stage of the body: all layers behind it know of those before it by `output` alone.
    fn stage(&mut self, _name: &'static str, _output: &Self::Value) {}
}

/// The end of a convolutional layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relu {
    /// No ReLU.
    Absent,
    /// A ReLU that torch registers behind this layer.
    Present,
    /// A ReLU that torch registers once for several layers, behind another one.
    Shared,
}
