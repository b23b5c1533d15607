//! A convolution that has taken in a batch norm, in the graph: the pictures and the residual are tracked, the weight is not.

use burn::backend::Autodiff;
use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::registered;
use crate::convolution::{Convolution, ConvolutionGradients, FoldedConvolutionOps, Relu, Residual};

/// The parents are the input and, if there is one, the residual.
#[derive(Debug)]
struct FoldedStep;

/// Values that the backward pass needs.
#[derive(Debug, Clone)]
struct Saved<T> {
    weight: T,
    shape: Shape,
    convolution: Convolution,
    relu: Relu,
    /// Kept if there is a ReLU.
    y: Option<T>,
}

impl<B: ConvolutionGradients, const N: usize> Backward<B, N> for FoldedStep {
    type State = Saved<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let mut parents = ops.parents.into_iter();
        let (x, residual) = (parents.next().flatten(), parents.next().flatten());
        let Saved {
            weight,
            shape,
            convolution,
            relu,
            y,
        } = ops.state;
        let gradient = match y {
            Some(y) => B::relu_gradient(y, gradient, relu == Relu::Guided),
            None => gradient,
        };
        if let Some(node) = residual {
            gradients.register::<B>(node.id, gradient.clone());
            registered::insert(node.id, node.order);
        }
        if let Some(node) = x {
            let earlier = registered::take(node.id).then(|| gradients.consume::<B>(&node));
            let result =
                B::convolution_input_gradient(weight, gradient, shape, earlier, convolution);
            gradients.register::<B>(node.id, result);
            registered::insert(node.id, node.order);
        }
    }
}

impl<B, C> FoldedConvolutionOps for Autodiff<B, C>
where
    B: ConvolutionGradients + FoldedConvolutionOps,
    C: CheckpointStrategy,
{
    fn convolution_folded(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        convolution: Convolution,
        residual: Residual<Self>,
        relu: Relu,
    ) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let inputs = Inputs {
            x,
            weight: weight.into_primitive(),
            bias: bias.into_primitive(),
            convolution,
            relu,
        };
        match residual {
            Residual::Absent => forward::<B, C, 1>([node], inputs, Residual::Absent),
            Residual::Present(residual) => {
                let (residual, other) = residual.into_parts();
                forward::<B, C, 2>([node, other], inputs, Residual::Present(residual))
            }
        }
    }
}

struct Inputs<T> {
    x: T,
    weight: T,
    bias: T,
    convolution: Convolution,
    relu: Relu,
}

fn forward<
    B: ConvolutionGradients + FoldedConvolutionOps,
    C: CheckpointStrategy,
    const N: usize,
>(
    nodes: [NodeGuard; N],
    inputs: Inputs<FloatTensor<B>>,
    residual: Residual<B>,
) -> FloatTensor<Autodiff<B, C>> {
    let Inputs {
        x,
        weight,
        bias,
        convolution,
        relu,
    } = inputs;
    let (shape, kept) = (x.shape(), weight.clone());
    let y = B::convolution_folded(x, weight, bias, convolution, residual, relu);
    match Backward::<B, N>::prepare::<C>(FoldedStep, nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => {
            let saved = Saved {
                weight: kept,
                shape,
                convolution,
                relu,
                y: (relu != Relu::Absent).then(|| y.clone()),
            };
            step.finish(saved, y)
        }
        OpsKind::UnTracked(step) => step.finish(y),
    }
}
