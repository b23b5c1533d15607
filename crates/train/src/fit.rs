//! The steps of one stage, for a run and for whoever needs steps without a run.

use crate::{
    batch::LabelledBatch,
    learner::{Learner, LossNotFinite},
    position::Position,
    rows::StepRow,
    schedule::Schedule,
};
use pictures::loader::{BatchPurpose, BatchSeed};

/// Fewest pictures of a step: batch statistics of fewer mean nothing.
const SMALLEST_BATCH: usize = 2;

/// A learner on its way through the iterations of a schedule: one call of fastai's `fit`.
#[derive(Debug)]
pub struct Fit<S> {
    learner: Learner,
    schedule: S,
    seed: u64,
    position: Position,
}

impl<S: Schedule> Fit<S> {
    /// Steps of `learner` at the rates of `schedule`, from `position` on; `seed` is that of the config.
    pub fn new(learner: Learner, schedule: S, seed: u64, position: Position) -> Self {
        Self {
            learner,
            schedule,
            seed,
            position,
        }
    }

    /// Trains on `batch`. What happens instead of a step, before it and after it happens here, in this order; whoever calls
    /// writes down what comes back. Nothing comes back if the batch, for want of pictures, was counted and passed over.
    ///
    /// # Errors
    /// The loss is not finite; no parameter has changed.
    pub fn step(&mut self, batch: LabelledBatch) -> Result<Option<StepRow>, LossNotFinite> {
        let Position {
            stage,
            epochs,
            iteration,
            ..
        } = self.position;
        if batch.len() < SMALLEST_BATCH {
            self.position.iteration += 1;
            return Ok(None);
        }
        // Each use of random numbers in a batch has a generator of its own: a change of the batch (MixUp) would be made here,
        // with that of `BatchPurpose::Mixing`, and leave dropout as it is.
        let seed = BatchSeed {
            seed: self.seed,
            stage: stage as u64,
            iteration: iteration as u64,
        };
        let rates = self.schedule.at(iteration);
        let dropout = &mut seed.generator(BatchPurpose::Dropout);
        let loss = self.learner.step(batch, &rates, dropout)?;
        self.position.iteration += 1;
        self.position.total_iterations += 1;
        Ok(Some(StepRow {
            stage: stage + 1,
            epoch: epochs + 1,
            iteration: iteration + 1,
            loss,
            smoothed_loss: self.position.smoothed_loss.add(loss),
            rates,
        }))
    }

    /// Takes in the result of a validation.
    pub fn finish_epoch(&mut self, error_rate: f64) {
        self.position.epochs += 1;
        self.position.total_epochs += 1;
        self.position.error_rate = Some(error_rate);
    }

    /// Position after the last step.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Learner after the last step.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// Ends the stage.
    pub fn into_learner(self) -> Learner {
        self.learner
    }
}
