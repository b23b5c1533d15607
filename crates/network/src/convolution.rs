use crate::init::Init;
use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use kernels::{Algorithm, GradientListener, Heard, Precision, conv2d_heard};
use std::sync::Arc;

/// Convolution with a square kernel, padded by half of it.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[channels out, channels in, size, size]`, torch's order.
    pub weight: Param<Tensor<4>>,
    /// `[channels out]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    algorithm: Algorithm,
}

impl Convolution {
    /// A convolution without bias. Its weights are drawn as torchvision does: normal, variance
    /// 2 / (channels out · size²).
    pub fn new(
        [channels_in, channels_out]: [usize; 2],
        size: usize,
        stride: usize,
        init: &mut Init,
    ) -> Self {
        let shape = [channels_out, channels_in, size, size];
        let deviation = (2.0 / (channels_out * size * size) as f64).sqrt();
        Self {
            weight: init.normal(shape, deviation),
            bias: None,
            stride,
            algorithm: init.algorithm,
        }
    }

    /// The weight, which is gone from the convolution: no other function of it makes sense any more.
    pub(crate) fn take_weight(&mut self) -> Tensor<4> {
        let nothing = Param::from_tensor(Tensor::zeros([1, 1, 1, 1], &self.weight.device()));
        std::mem::replace(&mut self.weight, nothing).into_value()
    }

    /// The same convolution with a bias of zeros.
    pub(crate) fn with_bias(self, init: &Init) -> Self {
        let [channels_out, ..] = self.weight.dims();
        Self {
            bias: Some(init.zeros(channels_out)),
            ..self
        }
    }

    /// `[N, channels in, H, W]` to `[N, channels out, ⌈H/stride⌉, ⌈W/stride⌉]` (for odd kernels); on the CPU with products in
    /// `precision`, here and on the way back. The `listener`, if there is one, hears of the gradient of the weight by its id.
    pub fn forward(
        &self,
        x: Tensor<4>,
        precision: Precision,
        listener: Option<&Arc<dyn GradientListener>>,
    ) -> Tensor<4> {
        let geometry = kernels::Convolution {
            precision,
            ..self.geometry()
        };
        let heard = listener.map(|listener| Heard {
            listener: Arc::clone(listener),
            weight: self.weight.id.val(),
        });
        let y = conv2d_heard(x, self.weight.val(), geometry, heard);
        match &self.bias {
            Some(bias) => y + bias.val().reshape([1, -1, 1, 1]),
            None => y,
        }
    }

    /// Side of the output for a side of the input.
    pub fn side(&self, side: usize) -> usize {
        let size = self.weight.dims()[2];
        let kernels::Convolution {
            stride, padding, ..
        } = self.geometry();
        (side + 2 * padding - size) / stride + 1
    }

    /// Stride, padding and arithmetic, in f32.
    pub fn geometry(&self) -> kernels::Convolution {
        kernels::Convolution {
            stride: self.stride,
            padding: self.weight.dims()[2] / 2,
            algorithm: self.algorithm,
            precision: Precision::F32,
        }
    }
}
