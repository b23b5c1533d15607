//! Two-dimensional convolution.

use burn::backend::ops::ConvOptions;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};

pub use cpu::Algorithm;
use cpu::Precision;

use crate::listener::Heard;

/// The geometry of a convolution and the arithmetic it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Convolution {
    /// Step between neighbouring windows, in pixels of the input, the same in both directions.
    pub stride: usize,
    /// Rows and columns of zeros added on each of the four sides.
    pub padding: usize,
    /// The arithmetic it may use.
    pub algorithm: Algorithm,
    /// Numbers that the CPU multiplies, for tensors in f32: forward and in both gradients. Other backends go by the type of the
    /// tensors alone.
    pub precision: Precision,
}

/// Convolves `x` `[N, C, H, W]` with `weight` `[O, C, K, K]` into `[N, O, H', W']`, without bias.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, convolution: Convolution) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        convolution,
    ))
}

/// The same with somebody who hears of the gradient of `weight` during the backward pass, on the CPU and in f32; elsewhere of
/// none.
pub fn conv2d_heard(
    x: Tensor<4>,
    weight: Tensor<4>,
    convolution: Convolution,
    heard: Option<Heard>,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::convolution_heard(
        x.into_dispatch(),
        weight.into_dispatch(),
        convolution,
        heard,
    ))
}

/// Convolves, adds `bias` `[O]` and then `residual` `[N, O, H', W']`, and applies ReLU when `relu` is set.
///
/// For inference: batch norm is folded into `weight` and `bias` by the caller. Differentiable in `x` and `residual`, not in
/// the others.
pub fn conv2d_folded(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    convolution: Convolution,
    residual: Option<Tensor<4>>,
    relu: bool,
) -> Tensor<4> {
    let relu = if relu { Relu::Plain } else { Relu::Absent };
    folded_with(x, weight, bias, convolution, residual, relu)
}

/// [`conv2d_folded`] with any `relu`.
pub(crate) fn folded_with(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    convolution: Convolution,
    residual: Option<Tensor<4>>,
    relu: Relu,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::convolution_folded(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        convolution,
        Residual::from_tensor(residual),
        relu,
    ))
}

/// The end of a folded convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relu {
    Absent,
    Plain,
    /// [`crate::guided_relu`].
    Guided,
}

/// The tensor that is added before the ReLU, if any. (burn's extension macro knows no optional tensor argument.)
#[derive(Debug, Clone, ExtensionType)]
pub(crate) enum Residual<B: Backend> {
    Absent,
    Present(FloatTensor<B>),
}

impl Residual<Dispatch> {
    pub(crate) fn from_tensor(residual: Option<Tensor<4>>) -> Self {
        residual.map_or(Self::Absent, |tensor| Self::Present(tensor.into_dispatch()))
    }
}

impl<B: Backend> Residual<B> {
    pub(crate) fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Absent => None,
            Self::Present(tensor) => Some(tensor),
        }
    }
}

/// The differentiable part.
#[backend_extension(Autodiff, Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait ConvolutionOps: Backend {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, weight, None, convolution.options())
    }

    fn convolution_heard(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        convolution: Convolution,
        _heard: Option<Heard>,
    ) -> FloatTensor<Self> {
        Self::convolution(x, weight, convolution)
    }
}

/// The part for inference.
#[backend_extension(Autodiff, Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait FoldedConvolutionOps: Backend {
    fn convolution_folded(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        convolution: Convolution,
        #[extension_type] residual: Residual<Self>,
        relu: Relu,
    ) -> FloatTensor<Self> {
        folded_by_burn::<Self>(x, weight, bias, convolution, residual, relu)
    }
}

/// Gradients, called by the graph on the backend below it.
pub(crate) trait ConvolutionGradients: ConvolutionOps {
    /// Gradient of the input, of `shape`, plus what the input has got from other operations so far.
    fn convolution_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: Shape,
        earlier: Option<FloatTensor<Self>>,
        convolution: Convolution,
    ) -> FloatTensor<Self> {
        input_gradient_by_burn::<Self>(weight, gradient, shape, earlier, convolution)
    }

    /// Gradient of the weight.
    fn convolution_weight_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self> {
        Self::conv2d_weight_backward(x, weight, gradient, convolution.options())
    }

    /// What comes back through a ReLU, or through a guided one, whose output is `y`.
    fn relu_gradient(
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        is_guided: bool,
    ) -> FloatTensor<Self> {
        relu_gradient_by_burn::<Self>(y, gradient, is_guided)
    }

    /// The numbers of a weight's gradient in its order, where they are at hand: nothing is waited for.
    fn numbers_at_hand(_gradient: &FloatTensor<Self>) -> Option<Vec<f32>> {
        None
    }
}

pub(crate) fn folded_by_burn<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    convolution: Convolution,
    residual: Residual<B>,
    relu: Relu,
) -> FloatTensor<B> {
    let y = B::conv2d(x, weight, Some(bias), convolution.options());
    ended_by_burn::<B>(y, residual, relu)
}

/// A convolution's output `y` with its residual and its ReLU.
pub(crate) fn ended_by_burn<B: Backend>(
    mut y: FloatTensor<B>,
    residual: Residual<B>,
    relu: Relu,
) -> FloatTensor<B> {
    if let Some(residual) = residual.into_option() {
        y = B::float_add(y, residual);
    }
    match relu {
        Relu::Absent => y,
        Relu::Plain | Relu::Guided => B::relu(y),
    }
}

pub(crate) fn input_gradient_by_burn<B: Backend>(
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    shape: Shape,
    earlier: Option<FloatTensor<B>>,
    convolution: Convolution,
) -> FloatTensor<B> {
    // burn asks the input for its shape only.
    let x = B::float_empty(shape, &gradient.device(), gradient.dtype().into());
    let x = B::conv2d_x_backward(x, weight, gradient, convolution.options());
    match earlier {
        Some(earlier) => B::float_add(x, earlier),
        None => x,
    }
}

pub(crate) fn relu_gradient_by_burn<B: Backend>(
    y: FloatTensor<B>,
    gradient: FloatTensor<B>,
    is_guided: bool,
) -> FloatTensor<B> {
    let gradient = match is_guided {
        true => B::relu(gradient),
        false => gradient,
    };
    B::relu_backward(y, gradient)
}

impl Convolution {
    pub(crate) fn options(self) -> ConvOptions<2> {
        ConvOptions::new([self.stride; 2], [self.padding; 2], [1, 1], 1)
    }
}
