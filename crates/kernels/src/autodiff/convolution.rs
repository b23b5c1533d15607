//! Convolution in the graph.

use burn::backend::Autodiff;
use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::registered;
use crate::convolution::{Convolution, ConvolutionGradients, ConvolutionOps};
use crate::listener::Heard;

#[derive(Debug)]
struct ConvolutionStep;

/// Values that the backward pass needs.
#[derive(Debug, Clone)]
struct Saved<T> {
    /// Kept if the weight is tracked.
    x: Option<T>,
    weight: T,
    shape: Shape,
    convolution: Convolution,
    heard: Option<Heard>,
}

impl<B: ConvolutionGradients> Backward<B, 2> for ConvolutionStep {
    type State = Saved<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let Saved {
            x,
            weight,
            shape,
            convolution,
            heard,
        } = ops.state;
        if let (Some(node), Some(x)) = (weight_node, x) {
            let gradient = gradient.clone();
            let result = B::convolution_weight_gradient(x, weight.clone(), gradient, convolution);
            tell::<B>(heard, &result);
            gradients.register::<B>(node.id, result);
        }
        if let Some(node) = x_node {
            let earlier = registered::take(node.id).then(|| gradients.consume::<B>(&node));
            let result =
                B::convolution_input_gradient(weight, gradient, shape, earlier, convolution);
            gradients.register::<B>(node.id, result);
            registered::insert(node.id, node.order);
        }
    }
}

fn tell<B: ConvolutionGradients>(heard: Option<Heard>, gradient: &FloatTensor<B>) {
    if let Some(Heard { listener, weight }) = heard
        && let Some(numbers) = B::numbers_at_hand(gradient)
    {
        listener.arrived(weight, numbers);
    }
}

impl<B: ConvolutionGradients, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self> {
        Self::convolution_heard(x, weight, convolution, None)
    }

    fn convolution_heard(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        convolution: Convolution,
        heard: Option<Heard>,
    ) -> FloatTensor<Self> {
        let keep_x = weight.is_tracked();
        let heard = heard.filter(|_| keep_x);
        if let Some(Heard { listener, weight }) = &heard {
            listener.used(*weight);
        }
        let nodes = [x.node(), weight.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        match ConvolutionStep
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(step) => {
                let saved = Saved {
                    x: keep_x.then(|| x.clone()),
                    weight: weight.clone(),
                    shape: x.shape(),
                    convolution,
                    heard,
                };
                step.finish(saved, B::convolution(x, weight, convolution))
            }
            OpsKind::UnTracked(step) => step.finish(B::convolution(x, weight, convolution)),
        }
    }
}
