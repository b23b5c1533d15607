use crate::init::Init;
use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

/// Fully connected layer that keeps its weight in torch's orientation.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// Kaiming normal weights (gain √2, fan in) and zero biases: fastai 1's `init_default(m, kaiming_normal_)`.
    pub fn new(inputs: usize, outputs: usize, init: &mut Init) -> Self {
        let deviation = (2.0 / inputs as f64).sqrt();
        Self {
            weight: init.normal([outputs, inputs], deviation),
            bias: init.zeros(outputs),
        }
    }

    /// `[N, inputs]` to `[N, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        linear(x, self.weight.val(), self.bias.val())
    }
}

/// `x · weightᵀ + bias`.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    x.matmul(weight.transpose()) + bias.unsqueeze()
}
