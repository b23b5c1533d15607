//! Batch norm in the graph.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

use super::registered;
use crate::batch_norm::{BatchNormGradients, BatchNormOps, BatchNormOutput, Saved, Wanted};
use crate::convolution::Residual;
use crate::synchronised::Synchronised;

/// The parents are the input, the weight, the bias and, if there is one, the residual.
#[derive(Debug)]
struct BatchNormStep;

impl<B: BatchNormGradients, const N: usize> Backward<B, N> for BatchNormStep {
    type State = Saved<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let mut parents = ops.parents.into_iter();
        let mut parent = || parents.next().flatten();
        let (x, weight, bias, residual) = (parent(), parent(), parent(), parent());
        let wanted = Wanted {
            x: x.is_some(),
            residual: residual.is_some(),
        };
        let result = B::batch_norm_gradient(ops.state, gradient, wanted);
        if let Some(node) = weight {
            gradients.register::<B>(node.id, result.weight);
        }
        if let Some(node) = bias {
            gradients.register::<B>(node.id, result.bias);
        }
        let large = [(x, result.x), (residual, result.residual)];
        for (node, gradient) in large
            .into_iter()
            .filter_map(|(node, result)| node.zip(result))
        {
            gradients.register::<B>(node.id, gradient);
            registered::insert(node.id, node.order);
        }
    }
}

impl<B: BatchNormGradients, C: CheckpointStrategy> BatchNormOps for Autodiff<B, C> {
    fn batch_norm_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        residual: Residual<Self>,
        relu: bool,
        synchronised: Option<Synchronised>,
    ) -> BatchNormOutput<Self> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let inputs = Inputs {
            x,
            weight,
            bias,
            epsilon,
            relu,
            synchronised,
        };
        match residual {
            Residual::Absent => {
                forward::<B, C, 3>([x_node, weight_node, bias_node], inputs, Residual::Absent)
            }
            Residual::Present(residual) => {
                let (residual, node) = residual.into_parts();
                let nodes = [x_node, weight_node, bias_node, node];
                forward::<B, C, 4>(nodes, inputs, Residual::Present(residual))
            }
        }
    }
}

struct Inputs<T> {
    x: T,
    weight: T,
    bias: T,
    epsilon: f64,
    relu: bool,
    synchronised: Option<Synchronised>,
}

fn forward<B: BatchNormGradients, C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    inputs: Inputs<FloatTensor<B>>,
    residual: Residual<B>,
) -> BatchNormOutput<Autodiff<B, C>> {
    let Inputs {
        x,
        weight,
        bias,
        epsilon,
        relu,
        synchronised,
    } = inputs;
    let (y, mean, variance) = match Backward::<B, N>::prepare::<C>(BatchNormStep, nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => {
            let has_residual = matches!(residual, Residual::Present(_));
            let keep_output = B::keeps_output(&x, has_residual, relu);
            let output = B::batch_norm_forward(
                x.clone(),
                weight.clone(),
                bias.clone(),
                epsilon,
                residual,
                relu,
                synchronised.clone(),
            );
            let saved = Saved {
                x,
                y: keep_output.then(|| output.y.clone()),
                weight,
                bias,
                mean: output.mean.clone(),
                variance: output.variance.clone(),
                epsilon,
                relu,
                synchronised,
            };
            (step.finish(saved, output.y), output.mean, output.variance)
        }
        OpsKind::UnTracked(step) => {
            let output =
                B::batch_norm_forward(x, weight, bias, epsilon, residual, relu, synchronised);
            (step.finish(output.y), output.mean, output.variance)
        }
    };
    BatchNormOutput {
        y,
        mean: Autodiff::<B, C>::from_inner(mean),
        variance: Autodiff::<B, C>::from_inner(variance),
    }
}
