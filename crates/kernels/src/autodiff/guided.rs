//! The ReLU of guided backpropagation in the graph.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend};

use crate::convolution::relu_gradient_by_burn;
use crate::guided::GuidedReluOps;

#[derive(Debug)]
struct GuidedReluStep;

impl<B: Backend> Backward<B, 1> for GuidedReluStep {
    /// The output, which is positive where the input is.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        if let Some(node) = node {
            let result = relu_gradient_by_burn::<B>(ops.state, gradient, true);
            gradients.register::<B>(node.id, result);
        }
    }
}

impl<B: GuidedReluOps, C: CheckpointStrategy> GuidedReluOps for Autodiff<B, C> {
    fn guided_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match GuidedReluStep
            .prepare::<C>([x.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(step) => {
                let y = B::relu(x.into_primitive());
                step.finish(y.clone(), y)
            }
            OpsKind::UnTracked(step) => step.finish(B::relu(x.into_primitive())),
        }
    }
}
