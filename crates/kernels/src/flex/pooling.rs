//! Pooling on the CPU.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{DType, Flex};
use burn::tensor::{Bytes, Shape};

use super::memory::Buffer;
use super::tensor::{dimensions, from_channels_last, into_channels_last, is_f32, values};
use crate::pooling::{
    PoolingGradients, PoolingOps, concat_pool_by_burn, concat_pool_gradient_by_burn,
    max_pool_by_burn, max_pool_gradient_by_burn,
};
use cpu::pooling as kernel;

impl PoolingOps for Flex {
    fn max_pool(x: FlexTensor) -> FlexTensor {
        Self::max_pool_with_indices(x).0
    }

    fn concat_pool(x: FlexTensor) -> FlexTensor {
        Self::concat_pool_with_indices(x).0
    }
}

impl PoolingGradients for Flex {
    /// The indices are the number of the pixel in its window, one byte each, channels-last.
    fn max_pool_with_indices(x: FlexTensor) -> (FlexTensor, FlexTensor) {
        if !is_f32(&x) {
            return max_pool_by_burn::<Self>(x);
        }
        let x = into_channels_last(x);
        let [batch, channels, _, _] = dimensions(&x);
        let shape = picture_shape(dimensions(&x));
        let pooled = shape.pooled();
        let pooled = [batch, channels, pooled.height, pooled.width];
        let length = pooled.iter().product();
        let mut y = Buffer::take(length);
        let mut taps = vec![0u8; length];
        kernel::max_pool(values(&x), shape, y.as_mut_slice(), &mut taps);
        let layout = Layout::contiguous(Shape::new([length]));
        let taps = FlexTensor::new(Bytes::from_elems(taps), layout, DType::U8);
        (from_channels_last(y, pooled), taps)
    }

    fn max_pool_gradient(gradient: FlexTensor, indices: FlexTensor, shape: Shape) -> FlexTensor {
        if !is_f32(&gradient) {
            return max_pool_gradient_by_burn::<Self>(gradient, indices, shape);
        }
        let gradient = into_channels_last(gradient);
        let dimensions: [usize; 4] = shape.dims();
        let mut x = Buffer::take(dimensions.iter().product());
        let shape = picture_shape(dimensions);
        kernel::max_pool_gradient(values(&gradient), indices.bytes(), shape, x.as_mut_slice());
        from_channels_last(x, dimensions)
    }

    /// The indices are pixels, `[N, C]`.
    fn concat_pool_with_indices(x: FlexTensor) -> (FlexTensor, FlexTensor) {
        if !is_f32(&x) {
            return concat_pool_by_burn::<Self>(x);
        }
        let x = into_channels_last(x);
        let [batch, channels, _, _] = dimensions(&x);
        let shape = picture_shape(dimensions(&x));
        let mut y = vec![0.0f32; batch * 2 * channels];
        let mut pixels = vec![0i32; batch * channels];
        kernel::concat_pool(values(&x), shape, &mut y, &mut pixels);
        let tensor = |bytes, width, dtype| {
            FlexTensor::new(bytes, Layout::contiguous(Shape::new([batch, width])), dtype)
        };
        (
            tensor(Bytes::from_elems(y), 2 * channels, DType::F32),
            tensor(Bytes::from_elems(pixels), channels, DType::I32),
        )
    }

    fn concat_pool_gradient(gradient: FlexTensor, indices: FlexTensor, shape: Shape) -> FlexTensor {
        if !is_f32(&gradient) {
            return concat_pool_gradient_by_burn::<Self>(gradient, indices, shape);
        }
        let gradient = gradient.to_contiguous();
        let dimensions: [usize; 4] = shape.dims();
        let mut x = Buffer::take(dimensions.iter().product());
        let shape = picture_shape(dimensions);
        kernel::concat_pool_gradient(
            values(&gradient),
            indices.storage(),
            shape,
            x.as_mut_slice(),
        );
        from_channels_last(x, dimensions)
    }
}

/// Each picture of `[N, C, H, W]`.
fn picture_shape([_, channels, height, width]: [usize; 4]) -> kernel::PictureShape {
    kernel::PictureShape {
        height,
        width,
        channels,
    }
}
