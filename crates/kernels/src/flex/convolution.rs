//! Convolution on the CPU.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::ModuleOps;
use burn::tensor::Shape;

use super::memory::Buffer;
use super::tensor::{
    dimensions, from_channels_last, from_planes, into_channels_last, is_f32, values,
};
use crate::convolution::{
    Convolution, ConvolutionGradients, ConvolutionOps, FoldedConvolutionOps, Relu, Residual,
    folded_by_burn, input_gradient_by_burn, relu_gradient_by_burn,
};
use crate::folded::{PackedConvolutionOps, PackedWeight};
use cpu::{
    Epilogue, Precision,
    elementwise::{add_assign, relu_gradient},
};

impl ConvolutionOps for Flex {
    fn convolution(x: FlexTensor, weight: FlexTensor, convolution: Convolution) -> FlexTensor {
        if !is_f32(&x) {
            return Self::conv2d(x, weight, None, convolution.options());
        }
        forward(x, weight, convolution, Epilogue::default())
    }
}

impl FoldedConvolutionOps for Flex {
    fn convolution_folded(
        x: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        convolution: Convolution,
        residual: Residual<Self>,
        relu: Relu,
    ) -> FlexTensor {
        if !is_f32(&x) {
            return folded_by_burn::<Self>(x, weight, bias, convolution, residual, relu);
        }
        let bias = bias.to_contiguous();
        let residual = residual.into_option().map(into_channels_last);
        let epilogue = Epilogue {
            bias: Some(values(&bias)),
            residual: residual.as_ref().map(values),
            relu: relu != Relu::Absent,
        };
        forward(x, weight, convolution, epilogue)
    }
}

impl PackedConvolutionOps for Flex {
    fn convolution_packed(
        x: FlexTensor,
        weight: PackedWeight,
        bias: FlexTensor,
        residual: Residual<Self>,
        relu: bool,
    ) -> FlexTensor {
        assert!(is_f32(&x), "a packed weight is for pictures in f32");
        let x = into_channels_last(x);
        let bias = bias.to_contiguous();
        let residual = residual.into_option().map(into_channels_last);
        let epilogue = Epilogue {
            bias: Some(values(&bias)),
            residual: residual.as_ref().map(values),
            relu,
        };
        let [batch, _, height, width] = dimensions(&x);
        let shape = weight.shape_for((batch, height, width));
        let mut y = Buffer::take(shape.output_length());
        weight.forward(
            (batch, height, width),
            values(&x),
            y.as_mut_slice(),
            epilogue,
        );
        from_output(y, &shape)
    }
}

impl ConvolutionGradients for Flex {
    fn convolution_input_gradient(
        weight: FlexTensor,
        gradient: FlexTensor,
        shape: Shape,
        earlier: Option<FlexTensor>,
        convolution: Convolution,
    ) -> FlexTensor {
        if !is_f32(&gradient) {
            return input_gradient_by_burn::<Self>(weight, gradient, shape, earlier, convolution);
        }
        let (weight, gradient) = (weight.to_contiguous(), into_channels_last(gradient));
        let dimensions = shape.dims();
        let shape = sizes(dimensions, &weight, convolution);
        let mut x = Buffer::take(shape.input_length());
        let input_gradient = match convolution.precision {
            Precision::F32 => cpu::input_gradient,
            Precision::Bf16 => cpu::bf16::input_gradient,
        };
        input_gradient(
            &shape,
            values(&gradient),
            values(&weight),
            x.as_mut_slice(),
            convolution.algorithm,
        );
        if let Some(earlier) = earlier.map(into_channels_last) {
            add_assign(x.as_mut_slice(), values(&earlier));
        }
        from_channels_last(x, dimensions)
    }

    fn convolution_weight_gradient(
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        convolution: Convolution,
    ) -> FlexTensor {
        if !is_f32(&x) {
            return Self::conv2d_weight_backward(x, weight, gradient, convolution.options());
        }
        let (x, gradient) = (into_channels_last(x), into_channels_last(gradient));
        let shape = sizes(dimensions(&x), &weight, convolution);
        let mut result = Buffer::take(shape.weight_length());
        let weight_gradient = match convolution.precision {
            Precision::F32 => cpu::weight_gradient,
            Precision::Bf16 => cpu::bf16::weight_gradient,
        };
        weight_gradient(
            &shape,
            values(&x),
            values(&gradient),
            result.as_mut_slice(),
            convolution.algorithm,
        );
        from_planes(result, dimensions(&weight))
    }

    fn relu_gradient(y: FlexTensor, gradient: FlexTensor, is_guided: bool) -> FlexTensor {
        if !is_f32(&gradient) {
            return relu_gradient_by_burn::<Self>(y, gradient, is_guided);
        }
        let (y, gradient) = (into_channels_last(y), into_channels_last(gradient));
        let mut result = Buffer::take(values(&y).len());
        relu_gradient(
            values(&y),
            values(&gradient),
            is_guided,
            result.as_mut_slice(),
        );
        from_channels_last(result, dimensions(&y))
    }

    fn numbers_at_hand(gradient: &FlexTensor) -> Option<Vec<f32>> {
        is_f32(gradient).then(|| values(&gradient.to_contiguous()).to_vec())
    }
}

fn forward(
    x: FlexTensor,
    weight: FlexTensor,
    convolution: Convolution,
    epilogue: Epilogue<'_>,
) -> FlexTensor {
    let (x, weight) = (into_channels_last(x), weight.to_contiguous());
    let shape = sizes(dimensions(&x), &weight, convolution);
    let mut y = Buffer::take(shape.output_length());
    let forward = match convolution.precision {
        Precision::F32 => cpu::forward,
        Precision::Bf16 => cpu::bf16::forward,
    };
    forward(
        &shape,
        values(&x),
        values(&weight),
        y.as_mut_slice(),
        epilogue,
        convolution.algorithm,
    );
    from_output(y, &shape)
}

fn from_output(y: Buffer, shape: &cpu::ConvolutionShape) -> FlexTensor {
    let output = [
        shape.batch,
        shape.channels_out,
        shape.output_height(),
        shape.output_width(),
    ];
    from_channels_last(y, output)
}

fn sizes(
    input: [usize; 4],
    weight: &FlexTensor,
    convolution: Convolution,
) -> cpu::ConvolutionShape {
    let [batch, channels_in, height, width] = input;
    let [channels_out, _, kernel, _] = dimensions(weight);
    cpu::ConvolutionShape {
        batch,
        height,
        width,
        channels_in,
        channels_out,
        kernel,
        stride: convolution.stride,
        padding: convolution.padding,
    }
}
