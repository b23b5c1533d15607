//! Which of burn's convolutions a GPU takes. burn would time all of them for each new shape (its feature `autotune`): on
//! an H100 the first steps of a ResNet-34 then took minutes, and another choice means other bits. The choice here is
//! fixed, so a run starts at once and repeats itself.

use super::columns::columns;
use crate::convolution::{
    Convolution, ConvolutionGradients, ConvolutionOps, FoldedConvolutionOps, Residual,
};
use burn::backend::{
    Cube, TensorMetadata,
    ops::{ActivationOps, FloatTensorOps},
    tensor::FloatTensor,
};
use burn::tensor::{Shape, Slice};
use burn_cubecl::kernel::conv::{ConvStrategy, conv_data_backward, conv_forward};

/// Most bytes of the columns that a weight gradient multiplies at a time: what the smallest devices bind as one buffer
/// (128 MiB in WebGPU's default limits). One picture may take more: the first layer does from about 950 px on.
const COLUMNS_BYTES: usize = 128 << 20;

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
        relu: bool,
    ) -> Float {
        let mut y = forward(x, weight, Some(bias), convolution);
        if let Some(residual) = residual.into_option() {
            y = Self::float_add(y, residual);
        }
        if relu { Self::relu(y) } else { y }
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
        let x = on_tensor_cores_or_plainly(|strategy| {
            conv_data_backward::<2>(
                gradient.clone(),
                weight.clone(),
                shape.clone(),
                convolution.options(),
                strategy,
            )
        });
        match earlier {
            Some(earlier) => Self::float_add(x, earlier),
            None => x,
        }
    }

    /// A product of matrices for each picture, added up. burn's own has one product over all pictures, which leaves most
    /// of a GPU idle where the weight is small and the map is large: 43 ms instead of 2 for a ResNet's first layer.
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
        let at_a_time = (COLUMNS_BYTES / (4 * positions * inputs)).clamp(1, pictures);
        let mut sum = None;
        for first in (0..pictures).step_by(at_a_time) {
            let count = at_a_time.min(pictures - first);
            let columns = columns(&x, first..first + count, [height, width], side, convolution);
            let range = Slice::new(first as isize, Some((first + count) as isize), 1);
            let part = Self::float_slice(gradient.clone(), &[range]);
            let products = Self::float_matmul(Self::float_swap_dims(part, 1, 2), columns);
            let part = Self::float_sum_dim(products, 0);
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

fn forward(x: Float, weight: Float, bias: Option<Float>, convolution: Convolution) -> Float {
    on_tensor_cores_or_plainly(|strategy| {
        let options = convolution.options();
        conv_forward::<2>(x.clone(), weight.clone(), bias.clone(), options, strategy)
    })
}

/// The convolution as a product of matrices on tensor cores, or the plain loop where the device or the shape has none.
fn on_tensor_cores_or_plainly<E: std::fmt::Debug>(
    run: impl Fn(ConvStrategy) -> Result<Float, E>,
) -> Float {
    run(ConvStrategy::ImplicitGemm)
        .or_else(|_| run(ConvStrategy::Direct))
        .expect("the plain loop takes every shape")
}
