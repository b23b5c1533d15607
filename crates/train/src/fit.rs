//! The steps of one stage, for a run and for whoever needs steps without a run.

use crate::{
    batch::LabelledBatch,
    learner::{Learner, LossNotFinite},
    position::Position,
    rows::StepRow,
    schedule::Schedule,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

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

    /// Trains on `batch`: what happens instead of a step, before it and after it, in this order. Nothing comes back if
    /// the batch, for want of pictures, was counted and passed over.
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
        let rates = self.schedule.at(iteration);
        let mut rng = dropout_rng(self.seed, stage, iteration);
        let loss = self.learner.step(batch, &rates, &mut rng)?;
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

/// Dropout of one iteration. Picture `u64::MAX - 1` of the epoch `iteration` stands for it: no picture has this index.
fn dropout_rng(seed: u64, stage: usize, iteration: usize) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    let numbers = [seed, stage as u64, iteration as u64, u64::MAX - 1];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}
