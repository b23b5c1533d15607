//! The training loss as a person wants to see it.

use serde::{Deserialize, Serialize};

/// Training loss as fastai prints it: an exponential average over the batches since the start of the stage, corrected
/// for its start at zero (`SmoothenValue` of fastai 1, in f32 as there).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct SmoothedLoss {
    average: f32,
    batches: u32,
}

/// Share of the average that stays.
const BETA: f64 = 0.98;

impl SmoothedLoss {
    /// Takes in the loss of one batch and returns the smoothed loss.
    pub fn add(&mut self, loss: f32) -> f32 {
        self.batches += 1;
        self.average = BETA as f32 * self.average + (1.0 - BETA) as f32 * loss;
        self.value()
    }

    /// Batches taken in.
    pub fn batches(&self) -> u32 {
        self.batches
    }

    /// The smoothed loss; 0 before the first batch.
    pub fn value(&self) -> f32 {
        if self.batches == 0 {
            return 0.0;
        }
        let correction = 1.0 - BETA.powi(self.batches as i32);
        self.average / correction as f32
    }
}
