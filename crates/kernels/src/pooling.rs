//! Pooling over windows and over whole feature maps.

use burn::backend::ops::MaxPool2dWithIndices;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension, get_device_settings};
use burn::tensor::{IndexingUpdateOp, Shape, Tensor};

/// The largest value of each 3×3 window, stride 2, padding 1: `[N, C, H, W]` into
/// [N, C, (H + 1) / 2, (W + 1) / 2]. The gradient goes to the first maximum of a window.
pub fn max_pool2d(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::max_pool(x.into_dispatch()))
}

/// Largest value and mean of each feature map, the maxima first: `[N, C, H, W]` into `[N, 2C]`.
///
/// fastai's `AdaptiveConcatPool2d(1)` and `Flatten`. The gradient of a maximum goes to the first one.
pub fn concat_pool(x: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::concat_pool(x.into_dispatch()))
}

/// Mean of each feature map: `[N, C, H, W]` into `[N, C]`.
pub fn average_pool(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width])
        .mean_dim(2)
        .reshape([batch, channels])
}

#[backend_extension(Autodiff, Flex, Cube: cfg(feature = "gpu"))]
pub(crate) trait PoolingOps: Backend {
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::max_pool2d(x, WINDOW, STRIDE, PADDING, DILATION, false)
    }

    fn concat_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        concat_pool_by_burn::<Self>(x).0
    }
}

/// The parts of a way there and back, called by the graph on the backend below it. What the indices
/// count is the backend's own affair.
pub(crate) trait PoolingGradients: PoolingOps {
    fn max_pool_with_indices(x: FloatTensor<Self>) -> (FloatTensor<Self>, IntTensor<Self>) {
        max_pool_by_burn::<Self>(x)
    }

    /// Gradient of the input, of `shape`.
    fn max_pool_gradient(
        gradient: FloatTensor<Self>,
        indices: IntTensor<Self>,
        shape: Shape,
    ) -> FloatTensor<Self> {
        max_pool_gradient_by_burn::<Self>(gradient, indices, shape)
    }

    fn concat_pool_with_indices(x: FloatTensor<Self>) -> (FloatTensor<Self>, IntTensor<Self>) {
        concat_pool_by_burn::<Self>(x)
    }

    /// Gradient of the input, of `shape`.
    fn concat_pool_gradient(
        gradient: FloatTensor<Self>,
        indices: IntTensor<Self>,
        shape: Shape,
    ) -> FloatTensor<Self> {
        concat_pool_gradient_by_burn::<Self>(gradient, indices, shape)
    }
}

const WINDOW: [usize; 2] = [3, 3];
const STRIDE: [usize; 2] = [2, 2];
const PADDING: [usize; 2] = [1, 1];
const DILATION: [usize; 2] = [1, 1];

pub(crate) fn max_pool_by_burn<B: Backend>(x: FloatTensor<B>) -> (FloatTensor<B>, IntTensor<B>) {
    let index_type = get_device_settings::<B>(&x.device()).int_dtype;
    let MaxPool2dWithIndices { output, indices } =
        B::max_pool2d_with_indices(x, WINDOW, STRIDE, PADDING, DILATION, false, index_type);
    (output, indices)
}

pub(crate) fn max_pool_gradient_by_burn<B: Backend>(
    gradient: FloatTensor<B>,
    indices: IntTensor<B>,
    shape: Shape,
) -> FloatTensor<B> {
    // burn asks the input for its shape only.
    let x = B::float_empty(shape, &gradient.device(), gradient.dtype().into());
    B::max_pool2d_with_indices_backward(
        x, WINDOW, STRIDE, PADDING, DILATION, false, gradient, indices,
    )
    .x_grad
}

pub(crate) fn concat_pool_by_burn<B: Backend>(x: FloatTensor<B>) -> (FloatTensor<B>, IntTensor<B>) {
    let [batch, channels, height, width] = x.shape().dims();
    let index_type = get_device_settings::<B>(&x.device()).int_dtype;
    let maps = B::float_reshape(x, Shape::new([batch, channels, height * width]));
    let (largest, indices) = B::float_max_dim_with_indices(maps.clone(), 2, index_type);
    let mean = B::float_mean_dim(maps, 2);
    let y = B::float_cat(vec![largest, mean], 1);
    (
        B::float_reshape(y, Shape::new([batch, 2 * channels])),
        indices,
    )
}

pub(crate) fn concat_pool_gradient_by_burn<B: Backend>(
    gradient: FloatTensor<B>,
    indices: IntTensor<B>,
    shape: Shape,
) -> FloatTensor<B> {
    let [batch, channels, height, width] = shape.dims();
    let maps = Shape::new([batch, channels, height * width]);
    let gradient = B::float_reshape(gradient, Shape::new([batch, 2, channels, 1]));
    let part = |index: isize| {
        let slices = [(0, None), (index, Some(index + 1))]
            .map(|(start, end)| burn::tensor::Slice::new(start, end, 1));
        let part = B::float_slice(gradient.clone(), &slices);
        B::float_reshape(part, Shape::new([batch, channels, 1]))
    };
    let mean = B::float_div_scalar(part(1), ((height * width) as f64).into());
    let x = B::float_add(
        B::float_zeros(maps.clone(), &gradient.device(), gradient.dtype().into()),
        B::float_expand(mean, maps),
    );
    let x = B::float_scatter(2, x, indices, part(0), IndexingUpdateOp::Add);
    B::float_reshape(x, shape)
}
