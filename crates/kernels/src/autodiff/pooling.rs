//! Pooling in the graph.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::Shape;

use super::registered;
use crate::pooling::{PoolingGradients, PoolingOps};

#[derive(Debug)]
enum PoolingStep {
    Max,
    Concat,
}

impl<B: PoolingGradients> Backward<B, 1> for PoolingStep {
    /// Indices of the maxima and shape of the input.
    type State = (IntTensor<B>, Shape);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = gradients.consume::<B>(&ops.node);
        let (indices, shape) = ops.state;
        if let Some(node) = node {
            let result = match self {
                PoolingStep::Max => B::max_pool_gradient(gradient, indices, shape),
                PoolingStep::Concat => B::concat_pool_gradient(gradient, indices, shape),
            };
            gradients.register::<B>(node.id, result);
            registered::insert(node.id, node.order);
        }
    }
}

impl<B: PoolingGradients, C: CheckpointStrategy> PoolingOps for Autodiff<B, C> {
    fn max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match PoolingStep::Max
            .prepare::<C>([x.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(step) => {
                let shape = x.shape();
                let (y, indices) = B::max_pool_with_indices(x.into_primitive());
                step.finish((indices, shape), y)
            }
            OpsKind::UnTracked(step) => step.finish(B::max_pool(x.into_primitive())),
        }
    }

    fn concat_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match PoolingStep::Concat
            .prepare::<C>([x.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(step) => {
                let shape = x.shape();
                let (y, indices) = B::concat_pool_with_indices(x.into_primitive());
                step.finish((indices, shape), y)
            }
            OpsKind::UnTracked(step) => step.finish(B::concat_pool(x.into_primitive())),
        }
    }
}
