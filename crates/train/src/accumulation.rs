//! Accumulation of gradients: one step of the optimizer over several batches, for a batch that does not fit into memory.
//!
//! With batches of n_1 … n_k pictures and the gradients g_j of their mean losses, the step uses the mean over all pictures,
//! `Σ n_j g_j / Σ n_j`; the loss of the step is the mean of the same kind. Batch norms see each batch on its own, so that the
//! step is not that of one large batch.

use burn::tensor::Tensor;
use kernels::{add_scaled, scaled};
use network::NamedGradients;

/// Weighted sums of losses and gradients over the batches of a step.
#[derive(Debug, Default)]
pub struct Accumulated {
    loss: Option<Tensor<1>>,
    gradients: NamedGradients,
}

impl Accumulated {
    /// Takes in the mean loss (`[1]`, on a plain device) and the gradients of a batch that has this `share` of the pictures.
    pub fn add(&mut self, loss: Tensor<1>, gradients: NamedGradients, share: f64) {
        self.loss = Some(sum(self.loss.take(), loss, share));
        for (name, gradient) in gradients {
            let before = self.gradients.remove(&name);
            self.gradients.insert(name, sum(before, gradient, share));
        }
    }

    /// Loss and gradients of the step; nothing if there was no batch.
    pub fn mean(self) -> Option<(Tensor<1>, NamedGradients)> {
        Some((self.loss?, self.gradients))
    }
}

/// A share of 1 changes no bit.
fn sum(before: Option<Tensor<1>>, tensor: Tensor<1>, share: f64) -> Tensor<1> {
    match before {
        Some(before) => add_scaled(before, tensor, share),
        None => scaled(tensor, share),
    }
}
