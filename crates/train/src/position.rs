//! Position of a run.

use crate::{loss_scale::LossScale, smoothing::SmoothedLoss};
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
    /// The best validation so far, of a run that keeps its checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// Scaling of the loss, of a run in f16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_scale: Option<LossScale>,
}

/// A validation that none before was better than.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Share of the validation pictures that were wrong.
    pub error_rate: f64,
    /// Loss over the validation pictures.
    pub loss: f64,
}

impl Best {
    /// True if this one is better than `other`: fewer wrong, or as many at a lower loss.
    pub fn is_better_than(&self, other: &Self) -> bool {
        (self.error_rate, self.loss) < (other.error_rate, other.loss)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_has_the_fewest_wrong_and_of_equal_ones_the_lowest_loss() {
        let best = |error_rate, loss| Best { error_rate, loss };
        assert!(best(0.1, 9.0).is_better_than(&best(0.2, 1.0)));
        assert!(best(0.1, 0.5).is_better_than(&best(0.1, 0.6)));
        // The first of equal ones stays.
        assert!(!best(0.1, 0.5).is_better_than(&best(0.1, 0.5)));
        assert!(!best(0.2, 0.1).is_better_than(&best(0.1, 0.5)));
        assert!(!best(0.1, f64::NAN).is_better_than(&best(0.1, 0.5)));
    }

    /// The position of a run without it is as it always was, byte for byte.
    #[test]
    fn a_run_that_keeps_no_best_and_scales_no_loss_has_no_trace_of_them() {
        let json = serde_json::to_string(&Position::default()).unwrap();
        assert!(!json.contains("best") && !json.contains("scale"), "{json}");
        let read: Position = serde_json::from_str(&json).unwrap();
        assert_eq!(read, Position::default());
    }
}
