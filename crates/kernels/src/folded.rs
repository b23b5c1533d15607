//! Convolution of a network that only predicts: its weight is arranged for the kernels once.

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Tensor};

use cpu::Precision;

use crate::convolution::{Convolution, Relu, Residual, folded_with};
use crate::device::is_cpu;

/// A convolution that has taken in the batch norm behind it, for tensors on a device without autodiff.
#[derive(Debug, Clone)]
pub struct FoldedConvolution {
    weight: Weight,
    /// The weight as it was given, if gradients are asked for.
    differentiable: Option<Tensor<4>>,
    bias: Tensor<1>,
    convolution: Convolution,
    /// Whether what comes back through the ReLU is guided.
    guided: bool,
}

/// On the CPU the tensor is not kept beside its arrangement.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a network has a few dozen")]
enum Weight {
    Packed(PackedWeight),
    Tensor(Tensor<4>),
}

/// Copies share the memory.
pub(crate) type PackedWeight = Arc<cpu::PackedWeight>;

impl FoldedConvolution {
    /// A convolution with `weight` `[O, C, K, K]` and `bias` `[O]`. Only the CPU knows another precision than that of the
    /// weight: elsewhere `precision` means nothing. With `gradients` the weight is kept as it is too, for a `x` that is tracked.
    pub fn new(
        weight: Tensor<4>,
        bias: Tensor<1>,
        convolution: Convolution,
        precision: Precision,
        gradients: bool,
    ) -> Self {
        let differentiable = gradients.then(|| weight.clone());
        let weight = if is_cpu(&weight.device()) && weight.dtype() == DType::F32 {
            Weight::Packed(pack(weight, convolution, precision))
        } else {
            Weight::Tensor(weight)
        };
        Self {
            weight,
            differentiable,
            bias,
            convolution,
            guided: false,
        }
    }

    /// The same convolution, which shares its memory, with [`crate::guided_relu`] on the way back of a `x` that is tracked.
    pub fn guided(&self) -> Self {
        Self {
            guided: true,
            ..self.clone()
        }
    }

    /// [`crate::conv2d_folded`] of `x` `[N, C, H, W]`: in [`Precision::F32`] to the last bit. For a `x` that is tracked it is
    /// differentiable, and in `f32` whatever the precision.
    ///
    /// # Panics
    /// If `x` is tracked and gradients were not asked for.
    pub fn forward(&self, x: Tensor<4>, residual: Option<Tensor<4>>, relu: bool) -> Tensor<4> {
        let ends_with = match (relu, self.guided) {
            (false, _) => Relu::Absent,
            (true, false) => Relu::Plain,
            (true, true) => Relu::Guided,
        };
        if x.is_autodiff() {
            let weight = self.differentiable.clone();
            let weight = Tensor::from_inner(weight.expect("gradients were asked for"));
            let bias = Tensor::from_inner(self.bias.clone());
            return folded_with(x, weight, bias, self.convolution, residual, ends_with);
        }
        let bias = self.bias.clone();
        match &self.weight {
            Weight::Packed(weight) => Tensor::from_dispatch(Dispatch::convolution_packed(
                x.into_dispatch(),
                weight.clone(),
                bias.into_dispatch(),
                Residual::from_tensor(residual),
                relu,
            )),
            Weight::Tensor(weight) => {
                let weight = weight.clone();
                folded_with(x, weight, bias, self.convolution, residual, ends_with)
            }
        }
    }
}

fn pack(weight: Tensor<4>, convolution: Convolution, precision: Precision) -> PackedWeight {
    let [channels_out, channels_in, kernel, _] = weight.dims();
    let shape = cpu::ConvolutionShape {
        batch: 1,
        height: kernel,
        width: kernel,
        channels_in,
        channels_out,
        kernel,
        stride: convolution.stride,
        padding: convolution.padding,
    };
    let values: Vec<f32> = weight
        .into_data()
        .try_into_vec()
        .expect("the numbers are f32");
    Arc::new(cpu::PackedWeight::new(
        &shape,
        values,
        convolution.algorithm,
        precision,
    ))
}

/// Only the CPU's backend has it.
#[backend_extension(Flex)]
pub(crate) trait PackedConvolutionOps: Backend {
    fn convolution_packed(
        x: FloatTensor<Self>,
        weight: PackedWeight,
        bias: FloatTensor<Self>,
        #[extension_type] residual: Residual<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;
}
