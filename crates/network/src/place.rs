use kernels::{GradientListener, Synchronised};
use std::sync::Arc;

/// Place of the pictures that a process has in the batch of all processes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Pictures of the batch before these.
    pub before: usize,
    /// Pictures of the whole batch.
    pub all: usize,
    /// The processes over whose pictures batch norms take their statistics; absent: over those of this one.
    pub synchronised: Option<&'a Synchronised>,
    /// Who hears of the gradients of the body's convolutions while the backward pass goes on; it knows them by
    /// [`crate::Network::layers_by_id`].
    pub listener: Option<&'a Arc<dyn GradientListener>>,
}

impl Place<'_> {
    /// That of a batch of `count` pictures which is not divided.
    pub fn whole(count: usize) -> Self {
        Self {
            before: 0,
            all: count,
            synchronised: None,
            listener: None,
        }
    }
}
