//! Which of burn's convolutions a GPU takes. burn would time all of them for each new shape (its feature `autotune`): on
//! an H100 the first steps of a ResNet-34 then took minutes, and another choice means other bits. The choice here is
//! fixed, so a run starts at once and repeats itself.

use super::columns::{add_windows, columns, empty_maps};
use crate::convolution::{
    Convolution, ConvolutionGradients, ConvolutionOps, FoldedConvolutionOps, Relu, Residual,
    ended_by_burn,
};
use burn::backend::{Cube, TensorMetadata, ops::FloatTensorOps, tensor::FloatTensor};
use burn::tensor::{DType, Shape, Slice};
use burn_cubecl::kernel::{
    cast,
    conv::{ConvStrategy, conv_data_backward, conv_forward},
    matmul::{MatmulStrategy, matmul},
};
use std::ops::Range;

/// Most bytes of the columns that a weight gradient multiplies at a time: what the smallest devices bind as one buffer
/// (128 MiB in WebGPU's default limits). One picture may take more: the first layer does from about 950 px on.
const COLUMNS_BYTES: usize = 128 << 20;
/// Side of a tile of a product that a multiprocessor computes.
const TILE: usize = 128;
/// Tiles that keep a large GPU busy: twice the 132 multiprocessors of an H100.
const TILES: usize = 264;

type Float = FloatTensor<Cube>;

impl ConvolutionOps for Cube {
    fn convolution(x: Float, weight: Float, convolution: Convolution) -> Float {
        forward(x, weight, None, convolution)
    }
}

impl FoldedConvolutionOps for Cube {
    fn convolution_folded(
        x: Float,
        weight: Float,
        bias: Float,
        convolution: Convolution,
        residual: Residual<Self>,
        relu: Relu,
    ) -> Float {
        let y = forward(x, weight, Some(bias), convolution);
        ended_by_burn::<Self>(y, residual, relu)
    }
}

impl ConvolutionGradients for Cube {
    fn convolution_input_gradient(
        weight: Float,
        gradient: Float,
        shape: Shape,
        earlier: Option<Float>,
        convolution: Convolution,
    ) -> Float {
        let x = match convolution.stride {
            1 => on_tensor_cores_or_plainly(gradient.dtype, |strategy, dtype| {
                let gradient = of_type(gradient.clone(), dtype);
                let weight = of_type(weight.clone(), dtype);
                let options = convolution.options();
                conv_data_backward::<2>(gradient, weight, shape.clone(), options, strategy)
            }),
            _ => {
                let weight = of_type(weight, gradient.dtype);
                strided_input_gradient(weight, gradient, shape, convolution)
            }
        };
        match earlier {
            Some(earlier) => Self::float_add(x, earlier),
            None => x,
        }
    }

    /// A product of matrices for each part of the batch, added up. burn's own has one product over all pictures, which
    /// leaves most of a GPU idle where the weight is small and the map is large: 43 ms instead of 2 for a ResNet's first
    /// layer.
    fn convolution_weight_gradient(
        x: Float,
        weight: Float,
        gradient: Float,
        convolution: Convolution,
    ) -> Float {
        let [pictures, outputs, height, width] = gradient.shape().dims();
        let [_, channels, side, _] = weight.shape().dims();
        let (positions, inputs) = (height * width, side * side * channels);
        let gradient = Self::float_permute(gradient, &[0, 2, 3, 1]);
        let gradient = Self::float_reshape(gradient, Shape::new([pictures, positions, outputs]));
        let mut sum = None;
        for range in at_a_time(pictures, positions * inputs * x.dtype.size()) {
            let count = range.len();
            let parts = parts(count, outputs, inputs);
            let rows = count / parts * positions;
            let columns = columns(&x, range.clone(), [height, width], side, convolution);
            let columns = Self::float_reshape(columns, Shape::new([parts, rows, inputs]));
            let slice = Slice::new(range.start as isize, Some(range.end as isize), 1);
            let slice = Self::float_slice(gradient.clone(), &[slice]);
            let slice = Self::float_reshape(slice, Shape::new([parts, rows, outputs]));
            let products = product(Self::float_swap_dims(slice, 1, 2), columns, weight.dtype);
            let part = match parts {
                1 => products,
                _ => Self::float_sum_dim(products, 0),
            };
            sum = Some(match sum {
                Some(sum) => Self::float_add(sum, part),
                None => part,
            });
        }
        let sum = sum.expect("a batch has a picture");
        let sum = Self::float_reshape(sum, Shape::new([outputs, side, side, channels]));
        Self::float_permute(sum, &[0, 3, 1, 2])
    }
}

/// The gradient of each window's cells as one product of matrices, and for each input the sum over the windows that it lies
/// in. burn's own for a stride above one is the plain loop.
fn strided_input_gradient(
    weight: Float,
    gradient: Float,
    shape: Shape,
    convolution: Convolution,
) -> Float {
    let [pictures, outputs, height, width] = gradient.shape().dims();
    let [_, channels, side, _] = weight.shape().dims();
    let (positions, inputs) = (height * width, side * side * channels);
    let weight = Cube::float_permute(weight, &[0, 2, 3, 1]);
    let weight = Cube::float_reshape(weight, Shape::new([1, outputs, inputs]));
    let gradient = Cube::float_permute(gradient, &[0, 2, 3, 1]);
    let gradient = Cube::float_reshape(gradient, Shape::new([1, pictures * positions, outputs]));
    let [_, _, rows, columns] = shape.dims();
    let x = empty_maps(&gradient, [pictures, channels, rows, columns]);
    for range in at_a_time(pictures, positions * inputs * size_of::<f32>()) {
        let [first, end] = [range.start, range.end].map(|picture| picture * positions);
        let slice = [
            Slice::full(),
            Slice::new(first as isize, Some(end as isize), 1),
        ];
        let slice = Cube::float_slice(gradient.clone(), &slice);
        let windows = product(slice, weight.clone(), DType::F32);
        add_windows(&windows, &x, range, [height, width], side, convolution);
    }
    x
}

/// Pictures in groups of which none takes more than [`COLUMNS_BYTES`], with so many bytes each.
fn at_a_time(pictures: usize, bytes: usize) -> impl Iterator<Item = Range<usize>> {
    let count = (COLUMNS_BYTES / bytes).clamp(1, pictures);
    (0..pictures)
        .step_by(count)
        .map(move |first| first..(first + count).min(pictures))
}

/// Parts of equal size into which `pictures` are divided: as few as give every multiprocessor of a large GPU its tile of a
/// product of `[outputs, inputs]`.
fn parts(pictures: usize, outputs: usize, inputs: usize) -> usize {
    let tiles = outputs.div_ceil(TILE) * inputs.div_ceil(TILE);
    let enough = |parts: &usize| pictures.is_multiple_of(*parts) && parts * tiles >= TILES;
    (1..=pictures).find(enough).unwrap_or(pictures)
}

fn product(left: Float, right: Float, dtype: DType) -> Float {
    matmul(left, right, None, MatmulStrategy::default(), dtype)
        .expect("the plain product takes every shape")
}

fn forward(x: Float, weight: Float, bias: Option<Float>, convolution: Convolution) -> Float {
    on_tensor_cores_or_plainly(x.dtype, |strategy, dtype| {
        let [x, weight] = [&x, &weight].map(|tensor| of_type(tensor.clone(), dtype));
        let bias = bias.clone().map(|bias| of_type(bias, dtype));
        conv_forward::<2>(x, weight, bias, convolution.options(), strategy)
    })
}

fn of_type(tensor: Float, dtype: DType) -> Float {
    match tensor.dtype == dtype {
        true => tensor,
        false => cast(tensor, dtype),
    }
}

/// The convolution of maps of type `dtype` as a product of matrices on tensor cores, or the plain loop where the device or
/// the shape has none. `run` computes in the type that it is given.
///
/// Tensor cores add up in f32, the plain loop in the type of its maps: for it those of half precision become f32.
fn on_tensor_cores_or_plainly<E: std::fmt::Debug>(
    dtype: DType,
    run: impl Fn(ConvStrategy, DType) -> Result<Float, E>,
) -> Float {
    let plainly = || {
        let is_half = matches!(dtype, DType::F16 | DType::BF16);
        let wide = if is_half { DType::F32 } else { dtype };
        let y = run(ConvStrategy::Direct, wide).expect("the plain loop takes every shape");
        of_type(y, dtype)
    };
    run(ConvStrategy::ImplicitGemm, dtype).unwrap_or_else(|_| plainly())
}
