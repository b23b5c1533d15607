//! The search for a learning rate: a range test (Smith 2017, arXiv:1506.01186) as fastai 1.0.30's
//! `callbacks/lr_finder.py` runs it.
//!
//! Step i of N = 100, from 0, is taken at the rate `1e-7 · (10 / 1e-7)^(i/N)`, the same for every layer group, with Adam's
//! beta1 at 0.9. The loss is smoothed as in training ([`crate::smoothing`]), and the search ends behind the first step whose
//! smoothed loss is more than four times the least so far.
//!
//! What fastai does by accident, and what happens here:
//!
//! * The rate 10 itself is never tried: the last step has 8.3. So here.
//! * A loss stands beside the rate of its own step, although it was found before that step changed anything. So here.
//! * A loss that is not a number ends nothing, and every later one is none either. Here it ends the search.

use crate::{
    feed::Feed,
    fit::{Fit, SMALLEST_BATCH, StepError},
    learner::Learner,
    optimizer::Adam,
    position::Position,
    rows::StepRow,
    schedule::{Rates, Schedule},
};
use anyhow::{Result, bail};
use burn::tensor::Device;
use network::Network;

/// Steps of a search.
pub const STEPS: usize = 100;
/// First rate, and the one that the step after the last would have.
pub const RATES: [f64; 2] = [1e-7, 10.0];
/// The beta1 of fastai's `AdamW`, which no schedule moves here.
const BETA1: f64 = 0.9;
/// A smoothed loss of more than this times the best ends the search.
const EXPLODED: f32 = 4.0;

/// Rates that grow by the same factor from step to step, for `groups` layer groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeTest {
    /// Number of layer groups.
    pub groups: usize,
}

impl Schedule for RangeTest {
    fn iterations(&self) -> usize {
        STEPS
    }

    fn at(&self, iteration: usize) -> Rates {
        let [first, end] = RATES;
        let share = iteration as f64 / STEPS as f64;
        Rates {
            learning_rates: vec![first * (end / first).powf(share); self.groups],
            beta1: BETA1,
        }
    }
}

/// One step of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Learning rate of every layer group.
    pub learning_rate: f64,
    /// Loss before the step.
    pub loss: f32,
    /// Smoothed loss over the steps so far.
    pub smoothed_loss: f32,
}

/// Reason why a search ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    /// Every rate was tried.
    AllTried,
    /// The smoothed loss became more than four times the best.
    Exploded,
    /// The loss of the step at this rate was NaN or infinite.
    NotFinite {
        /// Learning rate.
        learning_rate: f64,
        /// Loss.
        loss: f32,
    },
}

/// What was tried, and why no more.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Steps in order.
    pub tried: Vec<Tried>,
    /// Reason of the end.
    pub end: End,
}

/// Decides behind each step whether the search goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct StopRule {
    steps: usize,
    best: f32,
}

impl StopRule {
    /// Takes in the smoothed loss of the next step; tells whether it was the last, and why.
    pub fn after(&mut self, smoothed_loss: f32) -> Option<End> {
        if self.steps == 0 || smoothed_loss < self.best {
            self.best = smoothed_loss;
        }
        self.steps += 1;
        if smoothed_loss > EXPLODED * self.best {
            Some(End::Exploded)
        } else {
            (self.steps == STEPS).then_some(End::AllTried)
        }
    }
}

/// Tries rates on the training batches of `stage` (from 0) in the order in which training would see them. `network` (on the
/// plain `device`) is used up; `told` gets each step as its loss arrives.
///
/// # Errors
/// A picture cannot be decoded, the device failed, or no step could be made.
pub fn search(
    feed: &Feed,
    stage: usize,
    network: Network,
    device: &Device,
    mut told: impl FnMut(&Tried),
) -> Result<Search> {
    let config = &feed.config;
    let groups = network.architecture().groups().len();
    let optimizer = Adam::new(config.optimizer);
    let learner = Learner::new(network, config.stages[stage].train, optimizer, device)
        .with_precision(config.precision);
    let start = Position {
        stage,
        ..Position::default()
    };
    let mut fit = Fit::new(learner, RangeTest { groups }, config.seed, start);
    let (mut rule, mut tried) = (StopRule::default(), Vec::new());
    let mut epoch = 0;
    loop {
        let before = fit.position().iteration;
        for batches in feed.training_steps(stage, epoch, 0)? {
            let batches = batches?;
            // What makes no step must not use up a rate.
            if batches.iter().all(|batch| batch.len() < SMALLEST_BATCH) {
                continue;
            }
            let mut results = vec![fit.step_over(batches)];
            if fit.position().iteration == STEPS {
                results.push(fit.finish_steps());
            }
            for (rows, result) in results {
                if let Some(end) = take_in(rows, result, &mut rule, &mut tried, &mut told)? {
                    return Ok(Search { tried, end });
                }
            }
        }
        if fit.position().iteration == before {
            bail!(
                "no step could be made: of the {} training pictures no two in a batch can be decoded",
                feed.data.split.train.len()
            );
        }
        epoch += 1;
    }
}

/// Takes in the `rows` whose losses have arrived, and what came behind them.
fn take_in(
    rows: Vec<StepRow>,
    result: Result<(), StepError>,
    rule: &mut StopRule,
    tried: &mut Vec<Tried>,
    told: &mut impl FnMut(&Tried),
) -> Result<Option<End>> {
    for row in rows {
        let step = Tried {
            learning_rate: row.rates.learning_rates[0],
            loss: row.loss,
            smoothed_loss: row.smoothed_loss,
        };
        told(&step);
        tried.push(step);
        if let Some(end) = rule.after(step.smoothed_loss) {
            return Ok(Some(end));
        }
    }
    match result {
        Ok(()) => Ok(None),
        Err(StepError::LossNotFinite { loss, iteration }) => Ok(Some(End::NotFinite {
            learning_rate: RangeTest { groups: 1 }.at(iteration - 1).learning_rates[0],
            loss,
        })),
        // In f16 the gradients leave its range before the loss does.
        Err(StepError::GradientsNotFinite { iteration }) => Ok(Some(End::NotFinite {
            learning_rate: RangeTest { groups: 1 }.at(iteration - 1).learning_rates[0],
            loss: f32::INFINITY,
        })),
        Err(error) => Err(error.into()),
    }
}
