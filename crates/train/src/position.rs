//! Position of a run.

use crate::smoothing::SmoothedLoss;
use serde::{Deserialize, Serialize};

/// Progress of a run: with the config, the weights and the optimizer's state, all that the rest depends on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Index of the stage; the number of stages when the run is done.
    pub stage: usize,
    /// Batches trained in this stage.
    pub iteration: usize,
    /// Epochs of this stage that were validated.
    pub epochs: usize,
    /// Batches trained in all stages.
    pub total_iterations: u64,
    /// Epochs validated in all stages.
    pub total_epochs: u64,
    /// Training loss so far in this stage.
    pub smoothed_loss: SmoothedLoss,
    /// Error rate of the last validation.
    pub error_rate: Option<f64>,
}

impl Position {
    /// The start of the next stage.
    pub fn next_stage(self) -> Self {
        Self {
            stage: self.stage + 1,
            iteration: 0,
            epochs: 0,
            smoothed_loss: SmoothedLoss::default(),
            ..self
        }
    }
}
