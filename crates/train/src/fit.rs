//! The steps of one stage, for a run and for whoever needs steps without a run.

use crate::{
    averaging::Average,
    batch::{BatchPart, LabelledBatch},
    learner::Learner,
    position::{Best, Position},
    readback::Readback,
    rows::StepRow,
    schedule::{Rates, Schedule},
};
use burn::{module::Module, tensor::Tensor};
use kernels::DeviceFailed;
use network::{Network, weights::StateDict};
use pictures::loader::{BatchPurpose, BatchSeed};
use processes::Lost;
use rand::Rng;

/// Fewest pictures of a step: batch statistics of fewer mean nothing.
pub const SMALLEST_BATCH: usize = 2;

/// A learner on its way through the iterations of a schedule: one call of fastai's `fit`.
#[derive(Debug)]
pub struct Fit<S> {
    learner: Learner,
    average: Option<Average>,
    schedule: S,
    seed: u64,
    position: Position,
    /// Losses on their way, with the rows that wait for them.
    losses: Readback<StepRow>,
}

/// Takes the oldest of the losses that are on their way.
type NextLoss = fn(&mut Readback<StepRow>) -> Option<(StepRow, Result<Vec<f32>, DeviceFailed>)>;

/// Training cannot go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StepError {
    /// The loss of a step is NaN or infinite.
    #[error("the loss is {loss} in iteration {iteration}")]
    LossNotFinite {
        /// Loss.
        loss: f32,
        /// Number of the iteration in the stage, from 1.
        iteration: usize,
    },
    /// In f16 the gradients of a step overflow, however small the loss is made.
    #[error("the gradients overflow f16 in iteration {iteration}")]
    GradientsNotFinite {
        /// Number of the iteration in the stage, from 1.
        iteration: usize,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFailed),
    /// Another process of the run is lost.
    #[error(transparent)]
    Lost(#[from] Lost),
}

impl<S: Schedule> Fit<S> {
    /// Steps of `learner` at the rates of `schedule`, from `position` on; `seed` is that of the config.
    pub fn new(mut learner: Learner, schedule: S, seed: u64, position: Position) -> Self {
        learner.resume_loss_scale(position.loss_scale);
        Self {
            losses: learner.readback(),
            learner,
            average: None,
            schedule,
            seed,
            position,
        }
    }

    /// Keeps an average of the weights from here on.
    pub fn with_average(self, average: Option<Average>) -> Self {
        Self { average, ..self }
    }

    /// Trains on `batch`. What happens instead of a step, before it and after it happens here, in this order; whoever calls
    /// writes down the rows that come back: of this step on the CPU, of earlier ones on a GPU, whose losses arrive late.
    /// A batch that is too small for a step is counted and passed over. Behind the rows stands an error if a loss is not
    /// finite (on the CPU no parameter has changed since the step before), or the device failed.
    pub fn step(&mut self, batch: LabelledBatch) -> (Vec<StepRow>, Result<(), StepError>) {
        self.step_over(vec![batch])
    }

    /// One step as [`Self::step`] takes it, over all `batches` but those that are too small.
    pub fn step_over(
        &mut self,
        batches: Vec<LabelledBatch>,
    ) -> (Vec<StepRow>, Result<(), StepError>) {
        self.step_over_parts(batches.into_iter().map(BatchPart::whole).collect())
    }

    /// The same step by several processes, each of which has a part of every batch.
    pub fn step_over_parts(
        &mut self,
        mut batches: Vec<BatchPart>,
    ) -> (Vec<StepRow>, Result<(), StepError>) {
        let Position {
            stage,
            epochs,
            iteration,
            ..
        } = self.position;
        batches.retain(|batch| batch.all >= SMALLEST_BATCH);
        if batches.is_empty() {
            self.position.iteration += 1;
            return (Vec::new(), Ok(()));
        }
        // Each use of random numbers in a batch has a generator of its own: the feed has mixed its pictures with another.
        let seed = BatchSeed {
            seed: self.seed,
            stage: stage as u64,
            iteration: iteration as u64,
        };
        let rates = self.schedule.at(iteration);
        let dropout = &mut seed.generator(BatchPurpose::Dropout);
        let loss = match self.take_step(batches, &rates, dropout) {
            Ok(loss) => loss,
            Err(lost) => return (Vec::new(), Err(lost.into())),
        };
        let row = StepRow {
            stage: stage + 1,
            epoch: epochs + 1,
            iteration: iteration + 1,
            loss: f32::NAN,
            smoothed_loss: f32::NAN,
            rates,
        };
        self.position.loss_scale = self.learner.loss_scale();
        if self.learner.has_overflowed() {
            let iteration = row.iteration;
            return (Vec::new(), Err(StepError::GradientsNotFinite { iteration }));
        }
        self.losses.send(loss, row);
        self.position.iteration += 1;
        self.position.total_iterations += 1;
        if let Some(average) = &mut self.average {
            average.take_in(
                &self.learner.network().valid(),
                self.position.total_iterations,
            );
        }
        self.completed(Readback::next_arrived)
    }

    /// The mean loss over `batches`, `[1]`.
    fn take_step(
        &mut self,
        batches: Vec<BatchPart>,
        rates: &Rates,
        dropout: &mut impl Rng,
    ) -> Result<Tensor<1>, Lost> {
        if !self.learner.is_alone() {
            let loss = self.learner.step_parts(batches, rates, dropout)?;
            return Ok(Tensor::from_floats([loss], self.learner.device()));
        }
        let batches: Vec<LabelledBatch> = batches.into_iter().map(|part| part.batch).collect();
        Ok(match <[LabelledBatch; 1]>::try_from(batches) {
            Ok([batch]) => self.learner.step(batch, rates, dropout),
            Err(batches) => self.learner.step_over(batches, rates, dropout),
        })
    }

    /// Takes over running statistics, those of the averaged network too if there is one.
    pub fn take_over(&mut self, statistics: StateDict, of_average: Option<StateDict>) {
        self.learner.replace(statistics);
        if let (Some(average), Some(statistics)) = (&mut self.average, of_average) {
            average.replace(statistics);
        }
    }

    /// Waits for the losses that are still on their way, as [`Self::step`] returns them. Before that [`Self::position`] lacks
    /// them.
    pub fn finish_steps(&mut self) -> (Vec<StepRow>, Result<(), StepError>) {
        self.completed(Readback::wait_for_next)
    }

    /// The rows of the losses that `next` takes, up to the first that is no loss.
    fn completed(&mut self, next: NextLoss) -> (Vec<StepRow>, Result<(), StepError>) {
        let mut rows = Vec::new();
        while let Some((row, values)) = next(&mut self.losses) {
            let loss = match values {
                Ok(values) => values[0],
                Err(error) => return (rows, Err(error.into())),
            };
            if !loss.is_finite() {
                let iteration = row.iteration;
                return (rows, Err(StepError::LossNotFinite { loss, iteration }));
            }
            rows.push(StepRow {
                loss,
                smoothed_loss: self.position.smoothed_loss.add(loss),
                ..row
            });
        }
        (rows, Ok(()))
    }

    /// Takes in the result of a validation.
    pub fn finish_epoch(&mut self, error_rate: f64) {
        self.position.epochs += 1;
        self.position.total_epochs += 1;
        self.position.error_rate = Some(error_rate);
    }

    /// Takes `validation` for the best so far if it is; tells whether it is.
    pub fn is_best(&mut self, validation: Best) -> bool {
        let best = &mut self.position.best;
        let is_best = best.is_none_or(|best| validation.is_better_than(&best));
        if is_best {
            *best = Some(validation);
        }
        is_best
    }

    /// Position after the last step.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Learner after the last step.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// Averaged weights after the last step, if they are kept.
    pub fn average(&self) -> Option<&Average> {
        self.average.as_ref()
    }

    /// The network that validation asks.
    pub fn validated(&self) -> &Network {
        match &self.average {
            Some(average) if average.validates() => average.network(),
            _ => self.learner.network(),
        }
    }

    /// Ends the stage.
    pub fn into_learner(self) -> Learner {
        self.learner
    }

    /// Ends the stage, with the averaged weights.
    pub fn into_parts(self) -> (Learner, Option<Average>) {
        (self.learner, self.average)
    }
}
