//! Who wants a weight's gradient as soon as the backward pass has it, not when the pass is over.

use std::{fmt::Debug, sync::Arc};

/// Hears of the gradients of weights during a backward pass, on the thread of the pass.
///
/// A gradient is finished once the pass has come through everything that its weight is used for: a listener counts the uses.
pub trait GradientListener: Debug + Send + Sync {
    /// The forward pass uses this weight, and its gradient is asked for.
    fn used(&self, weight: u64);

    /// The backward pass has come to a use of this weight: `gradient` is that of this use, in the order of the weight.
    fn arrived(&self, weight: u64, gradient: Vec<f32>);
}

/// A weight of which somebody hears.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Who hears of it.
    pub listener: Arc<dyn GradientListener>,
    /// The number by which the listener knows it.
    pub weight: u64,
}
