//! Batch normalisation in training (Ioffe and Szegedy, 2015).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::{Device, Tensor, TensorData};
use cpu::batch_norm::{Moments, Statistics};

use crate::convolution::Residual;
use crate::synchronised::Synchronised;

/// Mean and variance of a batch, one of each per channel, not part of any graph.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    /// Mean over the batch and all positions, `[C]`.
    pub mean: Tensor<1>,
    /// Biased variance over the batch and all positions, `[C]`.
    pub variance: Tensor<1>,
}

/// Normalises `x` `[N, C, H, W]` by the statistics of the batch, scales by `weight` `[C]` and shifts by
/// `bias` `[C]`; then adds `residual` (of the shape of `x`) and applies ReLU when `relu` is set.
///
/// Differentiable in `x`, `weight`, `bias` and `residual`; what is not tracked is not computed.
pub fn batch_norm_train(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
    residual: Option<Tensor<4>>,
    relu: bool,
) -> (Tensor<4>, BatchStatistics) {
    batch_norm_train_over(x, weight, bias, epsilon, residual, relu, None)
}

/// The same with the statistics of the pictures of all processes if they are `synchronised`: forward, and in the gradient of
/// `x`. The gradients of `weight` and `bias` are those of the pictures of this process, which are to be added up over all.
///
/// # Panics
/// They are synchronised, and the tensors are not f32 on the CPU.
pub fn batch_norm_train_over(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
    residual: Option<Tensor<4>>,
    relu: bool,
    synchronised: Option<&Synchronised>,
) -> (Tensor<4>, BatchStatistics) {
    let output = Dispatch::batch_norm_forward(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        epsilon,
        Residual::from_tensor(residual),
        relu,
        synchronised.cloned(),
    );
    let statistics = BatchStatistics {
        mean: Tensor::from_dispatch(output.mean),
        variance: Tensor::from_dispatch(output.variance),
    };
    (Tensor::from_dispatch(output.y), statistics)
}

/// Statistics of the pictures of all processes, of which this one has none, and the number of their rows; on `device`.
pub fn statistics_of_others(
    synchronised: &Synchronised,
    channels: usize,
    device: &Device,
) -> (BatchStatistics, usize) {
    let moments = synchronised.moments(Moments::empty(channels));
    let Statistics { mean, variance } = moments.statistics();
    let tensor = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [channels]), device);
    let statistics = BatchStatistics {
        mean: tensor(mean),
        variance: tensor(variance),
    };
    (statistics, moments.count as usize)
}

/// The output with the statistics it was made with.
#[derive(Debug, Clone, ExtensionType)]
pub(crate) struct BatchNormOutput<B: Backend> {
    pub(crate) y: FloatTensor<B>,
    pub(crate) mean: FloatTensor<B>,
    pub(crate) variance: FloatTensor<B>,
}

#[backend_extension(Autodiff, Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait BatchNormOps: Backend {
    fn batch_norm_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        #[extension_type] residual: Residual<Self>,
        relu: bool,
        synchronised: Option<Synchronised>,
    ) -> BatchNormOutput<Self> {
        only_on_the_cpu(synchronised.as_ref());
        forward_by_burn::<Self>(x, weight, bias, epsilon, residual, relu)
    }
}

/// Values that the backward pass needs of the forward pass; `T` is a float tensor.
#[derive(Debug, Clone)]
pub(crate) struct Saved<T> {
    pub(crate) x: T,
    /// Kept if [`BatchNormGradients::keeps_output`] asks for it.
    pub(crate) y: Option<T>,
    pub(crate) weight: T,
    pub(crate) bias: T,
    pub(crate) mean: T,
    pub(crate) variance: T,
    pub(crate) epsilon: f64,
    pub(crate) relu: bool,
    pub(crate) synchronised: Option<Synchronised>,
}

/// The gradients that are asked for beside those of weight and bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) x: bool,
    pub(crate) residual: bool,
}

/// The gradients; `T` is a float tensor.
#[derive(Debug, Clone)]
pub(crate) struct BatchNormGradient<T> {
    pub(crate) x: Option<T>,
    pub(crate) weight: T,
    pub(crate) bias: T,
    pub(crate) residual: Option<T>,
}

/// Gradients, called by the graph on the backend below it.
pub(crate) trait BatchNormGradients: BatchNormOps {
    /// Returns whether the backward pass needs the output, as the mask of the ReLU.
    fn keeps_output(_x: &FloatTensor<Self>, _residual: bool, relu: bool) -> bool {
        relu
    }

    fn batch_norm_gradient(
        saved: Saved<FloatTensor<Self>>,
        gradient: FloatTensor<Self>,
        wanted: Wanted,
    ) -> BatchNormGradient<FloatTensor<Self>> {
        gradient_by_burn::<Self>(saved, gradient, wanted)
    }
}

pub(crate) fn only_on_the_cpu(synchronised: Option<&Synchronised>) {
    assert!(
        synchronised.is_none(),
        "synchronised batch norms are for f32 on the CPU"
    );
}

pub(crate) fn forward_by_burn<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    epsilon: f64,
    residual: Residual<B>,
    relu: bool,
) -> BatchNormOutput<B> {
    let result = B::batch_norm_train(x, weight, bias, epsilon);
    let mut y = result.output;
    if let Some(residual) = residual.into_option() {
        y = B::float_add(y, residual);
    }
    if relu {
        y = B::relu(y);
    }
    BatchNormOutput {
        y,
        mean: result.mean,
        variance: result.variance,
    }
}

pub(crate) fn gradient_by_burn<B: Backend>(
    saved: Saved<FloatTensor<B>>,
    gradient: FloatTensor<B>,
    wanted: Wanted,
) -> BatchNormGradient<FloatTensor<B>> {
    let gradient = match saved.y {
        Some(y) => B::relu_backward(y, gradient),
        None => gradient,
    };
    let residual = wanted.residual.then(|| gradient.clone());
    let Saved {
        x,
        weight,
        mean,
        variance,
        epsilon,
        ..
    } = saved;
    let result = B::batch_norm_train_backward(x, weight, mean, variance, epsilon, gradient);
    BatchNormGradient {
        x: wanted.x.then_some(result.x_grad),
        weight: result.gamma_grad,
        bias: result.beta_grad,
        residual,
    }
}
