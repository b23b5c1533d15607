//! A training run from its first iteration, or from where it was interrupted, to its last.

use crate::{
    config::{Config, StageConfig},
    curves,
    data::Data,
    epoch_table,
    learner::{LabelledBatch, Learner, Validation, validate},
    optimizer::Adam,
    position::Position,
    record::{EpochRecord, Recorder, StepRecord},
    schedule::{OneCycle, Schedule},
    store,
};
use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use checkpoint::{Run, RunLock};
use network::{InferenceNetwork, Network};
use pictures::loader::{
    Batch, Batches, EpochPlan, EpochSeed, LoaderError, Purpose, batches, batches_in_epoch, shuffle,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use terminal::Terminal;

/// Batches in the making or waiting, beside the one in training.
const QUEUED_BATCHES: usize = 3;

/// Everything a run needs; [`Session::train`] is the run.
#[derive(Debug)]
pub struct Session {
    /// Its config.
    pub config: Config,
    /// Name of its config, for the manifest.
    pub config_name: String,
    /// Its pictures.
    pub data: Data,
    /// Its folder.
    pub run: Run,
    /// Where the arithmetic happens.
    pub device: Device,
    /// Where it speaks.
    pub terminal: Terminal,
    /// Set by Ctrl-C.
    pub interrupted: Arc<AtomicBool>,
    /// What was said about pictures that cannot be decoded.
    pub skipped: Mutex<BTreeSet<String>>,
    /// Keeps other processes out of the run.
    pub lock: RunLock,
}

/// Where training begins.
#[derive(Debug)]
pub struct Start {
    /// On the plain device.
    pub network: Network,
    /// The optimizer of an interrupted stage.
    pub optimizer: Option<Adam>,
    /// Zero for a new run.
    pub position: Position,
}

/// How training ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// All stages are done; the last error rate.
    Done(f64),
    /// Ctrl-C; everything is saved.
    Interrupted,
}

impl Session {
    /// Trains every stage that is left.
    pub fn train(&self, start: Start) -> Result<Outcome> {
        let Start {
            mut network,
            mut optimizer,
            mut position,
        } = start;
        let groups = self.config.model.architecture.groups();
        let mut recorder = Recorder::open(&self.run, &position, groups)
            .with_context(|| format!("cannot write in {}", self.run.folder().display()))?;
        while position.stage < self.config.stages.len() {
            let mut stage = Stage::new(self, network, optimizer.take(), position, &mut recorder);
            let finished = stage.run()?;
            position = stage.position;
            network = stage.learner.into_network();
            if !finished {
                curves::draw(&self.run, groups)?;
                return Ok(Outcome::Interrupted);
            }
            position = position.next_stage();
            recorder.sync()?;
            let name = self.config.stages[position.stage - 1].checkpoint_name(position.stage);
            store::save(self, &name, &network.state(), None, &position)?;
            curves::draw(&self.run, groups)?;
        }
        Ok(Outcome::Done(position.error_rate.unwrap_or(f64::NAN)))
    }

    /// Batches of the training pictures from batch `first_batch` of an epoch on. `stage` and `epoch` from 0.
    pub fn training_batches(
        &self,
        stage: usize,
        epoch: usize,
        first_batch: usize,
    ) -> Result<Batches, LoaderError> {
        let seed = EpochSeed {
            seed: self.config.seed,
            stage: stage as u64,
            epoch: epoch as u64,
        };
        let order = shuffle(self.data.split.train.len(), seed);
        let plan = EpochPlan {
            first_batch,
            ..self.plan(stage, order, seed, Purpose::Training)
        };
        batches(self.data.train.clone(), plan)
    }

    /// Loss and error rate over all validation pictures at the size of `stage` (from 0).
    pub fn validate(&self, network: &InferenceNetwork, stage: usize) -> Result<Validation> {
        let count = self.data.split.valid.len();
        let seed = EpochSeed {
            seed: self.config.seed,
            stage: stage as u64,
            epoch: 0,
        };
        let plan = self.plan(stage, (0..count).collect(), seed, Purpose::Validation);
        let size = plan.size;
        let bar = self.terminal.pictures("validating", count);
        let batches = batches(self.data.valid.clone(), plan)?
            .map(|batch| {
                let batch = batch?;
                bar.advance(batch.labels.len());
                self.tell_skipped(&batch);
                Ok(labelled(batch, size))
            })
            .filter(|batch: &Result<_, LoaderError>| {
                batch
                    .as_ref()
                    .map_or(true, |b: &LabelledBatch| !b.labels.is_empty())
            });
        Ok(validate(network, batches, &self.device)?)
    }

    fn plan(
        &self,
        stage: usize,
        order: Vec<usize>,
        seed: EpochSeed,
        purpose: Purpose,
    ) -> EpochPlan {
        let StageConfig {
            size, batch_size, ..
        } = self.config.stages[stage];
        EpochPlan {
            order,
            batch_size,
            first_batch: 0,
            size,
            purpose,
            augmentation: self.config.augmentation,
            seed,
            normalisation: self.config.normalisation,
            on_bad_image: self.config.data.on_bad_image,
            workers: match self.config.data.workers {
                0 => thread::available_parallelism().map_or(1, usize::from),
                workers => workers,
            },
            queue: QUEUED_BATCHES,
        }
    }

    /// Warns of each picture once, however many epochs leave it out.
    fn tell_skipped(&self, batch: &Batch) {
        for picture in &batch.skipped {
            let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
            if skipped.insert(picture.clone()) {
                let count = skipped.len();
                self.terminal
                    .message(&format!("warning: left out ({count} so far): {picture}"));
            }
        }
    }
}

impl StageConfig {
    /// Name of the checkpoint at the end of the stage; `number` from 1.
    pub fn checkpoint_name(&self, number: usize) -> String {
        self.save
            .clone()
            .unwrap_or_else(|| format!("stage-{number}"))
    }

    /// Batches of an epoch over `pictures` pictures: those the schedule counts, and those that are trained. A last batch
    /// of a single picture is counted and left out, as in fastai 1.0.30.
    pub fn batches(&self, pictures: usize) -> (usize, usize) {
        let counted = batches_in_epoch(pictures, self.batch_size);
        (
            counted,
            counted - usize::from(pictures % self.batch_size == 1),
        )
    }

    /// Rates over the stage.
    pub fn schedule(&self, pictures: usize, config: &Config) -> OneCycle {
        OneCycle::new(
            self.epochs * self.batches(pictures).0,
            self.max_learning_rate
                .per_group(config.model.architecture.groups().len()),
            self.pct_start,
            config.optimizer.momentum,
            config.optimizer.div_factor,
        )
    }
}

/// One call of fastai's `fit_one_cycle`.
struct Stage<'a> {
    session: &'a Session,
    config: &'a StageConfig,
    schedule: OneCycle,
    /// Training batches of an epoch.
    per_epoch: usize,
    learner: Learner,
    position: Position,
    recorder: &'a mut Recorder,
}

impl<'a> Stage<'a> {
    fn new(
        session: &'a Session,
        network: Network,
        optimizer: Option<Adam>,
        position: Position,
        recorder: &'a mut Recorder,
    ) -> Self {
        let config = &session.config.stages[position.stage];
        let pictures = session.data.split.train.len();
        let learner = Learner::new(
            network,
            config.train,
            session.config.optimizer,
            &session.device,
        );
        Self {
            session,
            config,
            schedule: config.schedule(pictures, &session.config),
            per_epoch: config.batches(pictures).1,
            learner: match optimizer {
                Some(optimizer) => learner.with_optimizer(optimizer),
                None => learner,
            },
            position,
            recorder,
        }
    }

    /// Trains the epochs that are left; false if it was interrupted.
    fn run(&mut self) -> Result<bool> {
        self.announce();
        while self.position.epochs < self.config.epochs {
            let started = Instant::now();
            let Some(trained) = self.train_epoch()? else {
                return Ok(false);
            };
            self.finish_epoch(started, trained)?;
        }
        Ok(true)
    }

    fn announce(&self) {
        let StageConfig {
            size,
            batch_size,
            epochs,
            ..
        } = self.config;
        let (number, all) = (self.position.stage + 1, self.session.config.stages.len());
        let parts = match self.config.train {
            network::Trainable::Head => "head and batch norms",
            network::Trainable::All => "all layers",
        };
        let terminal = &self.session.terminal;
        terminal.message(&format!(
            "\nstage {number} of {all}: {epochs} epochs of {parts} at {size} px, batches of {batch_size}"
        ));
        terminal.result(&epoch_table::header());
    }

    /// Trains the batches that are left of the epoch; returns the time and number of pictures, or nothing if it was
    /// interrupted (and saved).
    fn train_epoch(&mut self) -> Result<Option<(Duration, usize)>> {
        let epoch = self.position.epochs;
        let first = self.position.iteration - epoch * self.per_epoch;
        let session = self.session;
        let started = Instant::now();
        let title = format!("epoch {}/{}", epoch + 1, self.config.epochs);
        let bar = session
            .terminal
            .pictures(&title, session.data.split.train.len());
        bar.advance(first * self.config.batch_size);
        let mut pictures = 0;
        if first == self.per_epoch {
            return Ok(Some((started.elapsed(), pictures)));
        }
        for batch in session.training_batches(self.position.stage, epoch, first)? {
            let batch = batch?;
            session.tell_skipped(&batch);
            pictures += batch.labels.len();
            bar.advance(batch.labels.len());
            self.step(batch)?;
            bar.say(format!("loss {:.4}", self.position.smoothed_loss.value()));
            let due = self
                .position
                .iteration
                .is_multiple_of(self.config.checkpoint_every);
            let stop = session.interrupted.load(Ordering::Relaxed);
            if due || stop {
                self.save()?;
            }
            if stop {
                return Ok(None);
            }
        }
        Ok(Some((started.elapsed(), pictures)))
    }

    fn step(&mut self, batch: Batch) -> Result<()> {
        let iteration = self.position.iteration;
        let rates = self.schedule.at(iteration);
        let stage = self.position.stage;
        // Batch statistics of less than two pictures mean nothing; such a batch is all but left out files.
        if batch.labels.len() >= 2 {
            let mut rng = dropout_rng(self.session.config.seed, stage, iteration);
            let loss = self
                .learner
                .step(labelled(batch, self.config.size), rates.clone(), &mut rng)
                .map_err(|error| self.advice(error))?;
            let smoothed_loss = self.position.smoothed_loss.add(loss);
            self.recorder.step(&StepRecord {
                stage: stage + 1,
                epoch: self.position.epochs + 1,
                iteration: iteration + 1,
                loss,
                smoothed_loss,
                rates,
            })?;
            self.position.total_iterations += 1;
        }
        self.position.iteration += 1;
        Ok(())
    }

    fn advice(&self, error: crate::learner::LossNotFinite) -> anyhow::Error {
        let (stage, iteration) = (self.position.stage, self.position.iteration + 1);
        anyhow::anyhow!(
            "{error} in iteration {iteration} of stage {}: training has stopped, the last checkpoint is whole; lower \
             stage.{stage}.max_learning_rate, for example to a tenth, and check data and normalisation",
            stage + 1
        )
    }

    fn finish_epoch(&mut self, started: Instant, trained: (Duration, usize)) -> Result<()> {
        let session = self.session;
        let network = self.learner.network().for_inference();
        let Validation { loss, error_rate } = session.validate(&network, self.position.stage)?;
        let train_loss = self.position.smoothed_loss.value();
        let epoch = self.position.epochs + 1;
        let (time, pictures) = trained;
        let row = epoch_table::row(epoch, train_loss, loss, error_rate, started.elapsed());
        session.terminal.result(&row);
        let record = EpochRecord {
            stage: self.position.stage + 1,
            epoch,
            size: self.config.size,
            train_loss,
            valid_loss: loss,
            error_rate,
        };
        let rate = pictures as f64 / time.as_secs_f64().max(1e-9);
        self.recorder
            .epoch(&record, started.elapsed().as_secs_f64(), rate)?;
        self.position.epochs = epoch;
        self.position.total_epochs += 1;
        self.position.error_rate = Some(error_rate);
        if !loss.is_finite() {
            bail!("the validation loss is {loss} after epoch {epoch}: lower the learning rate");
        }
        Ok(())
    }

    fn save(&mut self) -> Result<()> {
        self.recorder.sync()?;
        let name = store::periodic_name(self.position.total_iterations);
        let state = self.learner.network().state();
        store::save(
            self.session,
            &name,
            &state,
            Some(self.learner.optimizer()),
            &self.position,
        )
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

fn labelled(batch: Batch, size: usize) -> LabelledBatch {
    LabelledBatch {
        pictures: batch.pictures,
        labels: batch.labels,
        size,
    }
}
