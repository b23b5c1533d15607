//! A training run from its first iteration, or from where it was interrupted, to its last.

mod agreement;
#[cfg(test)]
mod tests;

use crate::{
    advice::lower_rate,
    averaging::Average,
    batch::{BatchPart, LabelledBatch},
    config::{Keep, Precision, StageConfig},
    epoch_table,
    feed::Feed,
    fit::{Fit, SMALLEST_BATCH, StepError},
    interrupt::Interrupt,
    learner::{Learner, Validation, answer_all, validate},
    optimizer::Adam,
    position::{Best, Position},
    record::Recorder,
    report::{REPORT_FILE, Report},
    rows::{AnswerRow, EpochRow, StepRow, TimingRow},
    run_curves,
    run_writer::{RunWriter, Snapshot},
    schedule::OneCycle,
    shell,
    store::State,
    together::{Told, first},
    validation_answers::ValidationAnswers,
};
use anyhow::{Result, anyhow};
use burn::tensor::Device;
use checkpoint::CheckpointError;
use kernels::{Advice, DeviceFailed};
use network::{InferenceOptions, Network, Trainable};
use pictures::loader::LoaderError;
use processes::Processes;
use std::{
    fmt::Display,
    time::{Duration, Instant},
};
use terminal::Terminal;
use words::counted;

/// A run in training: batches from a [`Feed`], results to a [`RunWriter`]. [`Session::train`] is the run.
///
/// Of several processes each has a session, and all take the same steps. Rank 0 alone has a writer; what it does with it ends
/// for all as it ends there.
#[derive(Debug)]
pub struct Session {
    feed: Feed,
    writer: Option<RunWriter>,
    device: Device,
    terminal: Terminal,
    interrupt: Interrupt,
    report: Report,
}

/// End of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// All stages are done; the last error rate.
    Done(f64),
    /// Ctrl-C; everything is saved.
    Interrupted,
}

impl Session {
    /// Training on `device`; when `interrupt` asks, the run is saved and left.
    pub fn new(
        feed: Feed,
        writer: Option<RunWriter>,
        device: Device,
        terminal: Terminal,
        interrupt: Interrupt,
    ) -> Self {
        Self {
            feed,
            writer,
            device,
            terminal,
            interrupt,
            report: Report::default(),
        }
    }

    /// Trains every stage that is left.
    ///
    /// # Errors
    /// A picture cannot be decoded, the folder cannot be written, or a loss is not finite.
    pub fn train(&self, state: State) -> Result<Outcome> {
        let State {
            mut network,
            mut optimizer,
            mut average,
            mut position,
        } = state;
        let mut recorder = self.recorder(&position)?;
        while let Some(config) = self.feed.config.stages.get(position.stage) {
            let trained = (network, average.take());
            let mut stage = Stage::new(self, trained, optimizer.take(), position, &mut recorder);
            let finished = stage.run()?;
            position = *stage.fit.position();
            let (learner, averaged) = stage.fit.into_parts();
            (network, average) = (learner.into_network(), averaged);
            if !finished {
                self.draw_curves()?;
                return Ok(Outcome::Interrupted);
            }
            position = position.next_stage();
            let snapshot = Snapshot {
                network: &network,
                optimizer: None,
                average: average.as_ref(),
                position: &position,
                size: config.size,
            };
            let name = config.checkpoint_name(position.stage);
            self.write(|writer| {
                recorder.sync()?;
                let saved = writer.save_stage(&name, snapshot);
                saved.map_err(|error| advised(error, position.stage - 1, config))
            })?;
            self.draw_curves()?;
        }
        // Once more, for what lies beside the page by now.
        self.draw_report();
        Ok(Outcome::Done(position.error_rate.unwrap_or(f64::NAN)))
    }

    /// Writer of the run; on rank 0.
    pub fn writer(&self) -> Option<&RunWriter> {
        self.writer.as_ref()
    }

    /// How a network in training predicts.
    fn inference_options(&self) -> InferenceOptions {
        InferenceOptions {
            precision: self.feed.config.precision.of_convolutions(&self.device),
            ..InferenceOptions::default()
        }
    }

    fn processes(&self) -> &Processes {
        self.feed.processes()
    }

    /// Lets rank 0 do `work`; it fails everywhere if it fails there.
    fn write(&self, work: impl FnOnce(&RunWriter) -> Result<()>) -> Result<()> {
        first(self.processes(), || match &self.writer {
            Some(writer) => work(writer),
            None => Ok(()),
        })?;
        Ok(())
    }

    fn recorder(&self, position: &Position) -> Result<Recorder> {
        let recorder = first(self.processes(), || match &self.writer {
            Some(writer) => writer.recorder(position),
            None => Ok(Recorder::none()),
        })?;
        Ok(recorder.unwrap_or_else(Recorder::none))
    }

    /// An error that all processes have: rank 0 tells it.
    fn told(&self, error: anyhow::Error) -> anyhow::Error {
        match self.processes().is_first() {
            true => error,
            false => Told.into(),
        }
    }

    /// Folder of the run, as it is shown.
    fn run_folder(&self) -> String {
        let run = self.writer.as_ref().map(RunWriter::run);
        run.map_or(String::new(), |run| run.folder().display().to_string())
    }

    fn draw_curves(&self) -> Result<()> {
        let groups = self.feed.config.model.architecture.groups();
        self.write(|writer| Ok(run_curves::draw(writer.run(), groups)?))
    }

    /// Draws the run's page, without which training can go on.
    fn draw_report(&self) {
        let Some(writer) = &self.writer else {
            return;
        };
        if let Err(error) = self.report.draw(&self.feed, writer.run()) {
            self.terminal.warning(&format!(
                "{REPORT_FILE} is not up to date: {error:#}; the run itself is whole, and training goes on"
            ));
        }
    }
}

/// Pictures that prove a network before it is saved.
const PROOF_PICTURES: usize = 8;

/// One call of fastai's `fit_one_cycle`.
struct Stage<'a> {
    session: &'a Session,
    config: &'a StageConfig,
    /// Index in the config.
    index: usize,
    /// Training steps of an epoch.
    per_epoch: usize,
    fit: Fit<OneCycle>,
    /// Some pictures of the last step, until the network after it is proven.
    last_trained: Option<LabelledBatch>,
    /// What was said of the validation pictures last.
    answers: Vec<AnswerRow>,
    /// Reason why a figure could not be written, until the others know.
    unwritten: Option<std::io::Error>,
    recorder: &'a mut Recorder,
}

impl<'a> Stage<'a> {
    fn new(
        session: &'a Session,
        (network, average): (Network, Option<Average>),
        optimizer: Option<Adam>,
        position: Position,
        recorder: &'a mut Recorder,
    ) -> Self {
        let (feed, index) = (&session.feed, position.stage);
        let config = &feed.config.stages[index];
        let optimizer = optimizer.unwrap_or_else(|| Adam::new(feed.config.optimizer));
        let learner = Learner::new(network, config.train, optimizer, &session.device)
            .among(feed.processes(), feed.config.model.batch_norm)
            .with_precision(feed.config.precision);
        Self {
            session,
            config,
            index,
            per_epoch: feed.steps_per_epoch(index),
            fit: Fit::new(learner, feed.schedule(index), feed.config.seed, position)
                .with_average(average),
            last_trained: None,
            answers: Vec::new(),
            unwritten: None,
            recorder,
        }
    }

    /// Trains the epochs that are left; false if it was interrupted (and saved).
    fn run(&mut self) -> Result<bool> {
        self.announce();
        self.advise();
        while self.fit.position().epochs < self.config.epochs {
            let started = Instant::now();
            let Some(trained) = self.train_epoch()? else {
                return Ok(false);
            };
            let Some(validation) = self.validate()? else {
                return Ok(false);
            };
            self.finish_epoch(started, trained, validation)?;
        }
        Ok(true)
    }

    fn announce(&self) {
        let StageConfig { size, epochs, .. } = self.config;
        let (number, all) = (self.index + 1, self.session.feed.config.stages.len());
        let parts = match self.config.train {
            Trainable::Head => "head and batch norms",
            Trainable::All => "all layers",
        };
        let terminal = &self.session.terminal;
        terminal.message(&format!(
            "\nstage {number} of {all}: {} of {parts} at {size} px, {}",
            counted(*epochs, "epoch"),
            self.config.batches_in_words()
        ));
        terminal.result(&epoch_table::header());
    }

    /// What a person can do should the device fail in this stage.
    fn advise(&self) {
        // Its folder is known to the process that writes there.
        let run = match &self.session.writer {
            Some(_) => shell::word(&self.session.run_folder()),
            None => "FOLDER".to_owned(),
        };
        kernels::advise(Advice {
            saved: format!(
                "the last checkpoint is whole: `train --resume {run}` continues from it, on the same device or with --device cpu"
            ),
            memory: format!(
                "If its memory is too small for batches of {} at {} px, start anew with a smaller `batch_size`",
                self.config.batch_size, self.config.size
            ),
        });
    }

    /// Trains the batches that are left of the epoch; returns the time and number of pictures, or nothing if it was
    /// interrupted (and saved).
    fn train_epoch(&mut self) -> Result<Option<(Duration, usize)>> {
        let Position {
            epochs: epoch,
            iteration,
            ..
        } = *self.fit.position();
        let first = iteration - epoch * self.per_epoch;
        let feed = &self.session.feed;
        let started = Instant::now();
        let title = format!("epoch {}/{}", epoch + 1, self.config.epochs);
        let all = feed.data.split.train.len();
        let bar = self.session.terminal.pictures(&title, all);
        bar.advance(first * self.config.accumulate * self.config.batch_size);
        let (mut pictures, mut has_stepped) = (0, false);
        if first == self.per_epoch {
            return Ok(Some((started.elapsed(), pictures)));
        }
        let left_out = self.left_out();
        for step in feed.weighed_steps(self.index, epoch, first)? {
            let (batches, stop) = self.parts(step)?;
            let count: usize = batches.iter().map(|part| part.all).sum();
            pictures += count;
            bar.advance(count);
            let makes_a_step = |part: &&BatchPart| part.all >= SMALLEST_BATCH;
            has_stepped |= batches.iter().any(|part| makes_a_step(&part));
            let trained = batches.iter().filter(makes_a_step);
            let last = trained.map(|part| &part.batch).rfind(|b| !b.is_empty());
            let proof = last.map(|batch| batch.first(PROOF_PICTURES));
            let (rows, result) = self.fit.step_over_parts(batches);
            if proof.is_some() {
                self.last_trained = proof;
            }
            if let Some(row) = rows.last() {
                bar.say(format!("loss {:.4}", row.smoothed_loss));
            }
            self.record(rows)?;
            result.map_err(|error| self.stopped(error))?;
            let iteration = self.fit.position().iteration;
            let due = iteration.is_multiple_of(self.config.checkpoint_every);
            // Of several processes all stop behind the step before which one of them was asked to.
            let stop = match self.session.processes().is_alone() {
                true => self.session.interrupt.is_asked(),
                false => stop,
            };
            if due || stop {
                self.save()?;
            }
            if stop {
                return Ok(None);
            }
        }
        self.finish_steps()?;
        self.say_left_out(left_out);
        if first == 0 && pictures == 0 {
            let error = anyhow!(
                "none of the {all} training pictures can be decoded: repair them, log.txt names each one"
            );
            return Err(self.session.told(error));
        }
        if first == 0 && !has_stepped {
            let error = anyhow!(
                "no step could be made: of the {all} training pictures {pictures} can be decoded, never two in a batch; repair \
                 the others, log.txt names each one"
            );
            return Err(self.session.told(error));
        }
        Ok(Some((started.elapsed(), pictures)))
    }

    /// Steps of the run that were left out because f16 overflowed.
    fn left_out(&self) -> u64 {
        let scale = self.fit.position().loss_scale;
        scale.map_or(0, |scale| scale.left_out)
    }

    fn say_left_out(&self, before: u64) {
        let count = (self.left_out() - before) as usize;
        let factor = self
            .fit
            .position()
            .loss_scale
            .map_or(1.0, |scale| scale.factor);
        if count > 0 {
            self.session.terminal.message(&format!(
                "{} left out in this epoch: gradients overflowed f16, so the loss is scaled by {factor} from here on",
                counted(count, "step")
            ));
        }
    }

    /// Writes `rows`. Of several processes rank 0 tells the others later if it cannot.
    fn record(&mut self, rows: Vec<StepRow>) -> Result<()> {
        let written = rows.iter().try_for_each(|row| self.recorder.step(row));
        match written {
            Err(error) if !self.session.processes().is_alone() => {
                self.unwritten.get_or_insert(error);
                Ok(())
            }
            written => Ok(written?),
        }
    }

    /// Waits for the losses that a GPU still owes, and writes them down.
    fn finish_steps(&mut self) -> Result<()> {
        let (rows, result) = self.fit.finish_steps();
        self.record(rows)?;
        result.map_err(|error| self.stopped(error))
    }

    /// Loss and error rate over all validation pictures at the size of the stage, or nothing if it was interrupted (and
    /// saved).
    fn validate(&mut self) -> Result<Option<Validation>> {
        self.prove()?;
        self.share_statistics()?;
        let Session {
            feed,
            device,
            terminal,
            interrupt,
            ..
        } = self.session;
        let options = self.session.inference_options();
        let network = self.fit.validated().for_inference_with(options);
        let count = feed.data.split.valid.len();
        let bar = terminal.pictures("validating", count);
        let (mut places, mut answers) = (Vec::new(), ValidationAnswers::default());
        let batches = feed
            .validation_batches(self.index)?
            .take_while(|_| !interrupt.is_asked())
            .map(|batch| {
                let (of_batch, batch) = batch?;
                bar.advance(batch.len());
                places.extend(of_batch);
                anyhow::Ok(batch)
            });
        let answered = answer_all(&network, batches, device, |batch| answers.add(batch, feed));
        self.answers = answers.into_rows(&places, feed);
        let Some(answered) = self.answers_of_all(answered)? else {
            self.save()?;
            return Ok(None);
        };
        let validation = Validation::of(&answered);
        if validation.is_none() {
            self.save()?;
            let error = anyhow!(
                "none of the {count} validation pictures can be decoded, so there is no error rate: repair them (log.txt \
                 names each one), then continue the run with --resume"
            );
            return Err(self.session.told(error));
        }
        Ok(validation)
    }

    fn finish_epoch(
        &mut self,
        started: Instant,
        trained: (Duration, usize),
        validation: Validation,
    ) -> Result<()> {
        let Validation { loss, error_rate } = validation;
        let Position {
            epochs,
            smoothed_loss,
            ..
        } = *self.fit.position();
        let (epoch, train_loss) = (epochs + 1, smoothed_loss.value());
        let row = epoch_table::row(epoch, train_loss, loss, error_rate, started.elapsed());
        self.session.terminal.result(&row);
        let (stage, (time, pictures)) = (self.index + 1, trained);
        let epoch_row = EpochRow {
            stage,
            epoch,
            size: self.config.size,
            train_loss,
            valid_loss: loss,
            error_rate,
        };
        let timing_row = TimingRow {
            stage,
            epoch,
            seconds: started.elapsed().as_secs_f64(),
            training_pictures_per_second: pictures as f64 / time.as_secs_f64().max(1e-9),
        };
        self.session.write(|_| {
            self.recorder.epoch(&epoch_row)?;
            Ok(self.recorder.timing(&timing_row)?)
        })?;
        self.fit.finish_epoch(error_rate);
        if !loss.is_finite() {
            let error = self.diverged(&format!("the validation loss is {loss}"));
            return Err(self.session.told(error));
        }
        self.keep_best(validation)?;
        let (recorder, answers) = (&mut *self.recorder, &self.answers);
        self.session.write(|_| Ok(recorder.answers(answers)?))?;
        self.session.draw_report();
        Ok(())
    }

    /// Saves the checkpoint if it is the best so far and the config asks for that one.
    fn keep_best(&mut self, validation: Validation) -> Result<()> {
        let Validation { loss, error_rate } = validation;
        let is_asked_for = self.session.feed.config.keep == Keep::Best;
        if !is_asked_for || !self.fit.is_best(Best { error_rate, loss }) {
            return Ok(());
        }
        self.session.write(|writer| {
            self.recorder.sync()?;
            let saved = writer.save_best(Snapshot {
                network: self.fit.learner().network(),
                optimizer: None,
                average: self.fit.average(),
                position: self.fit.position(),
                size: self.config.size,
            });
            saved.map_err(|error| advised(error, self.index, self.config))
        })
    }

    /// Saves a checkpoint within the stage.
    fn save(&mut self) -> Result<()> {
        self.prove()?;
        self.session.write(|writer| {
            self.recorder.sync()?;
            let learner = self.fit.learner();
            let saved = writer.save_periodic(Snapshot {
                network: learner.network(),
                optimizer: Some(learner.optimizer()),
                average: self.fit.average(),
                position: self.fit.position(),
                size: self.config.size,
            });
            saved.map_err(|error| advised(error, self.index, self.config))
        })
    }

    /// Stops if the last update broke the network, although the loss before it was finite: what has diverged must become
    /// neither a checkpoint nor an error rate.
    fn prove(&mut self) -> Result<()> {
        self.finish_steps()?;
        let unwritten = self.unwritten.take();
        let last_trained = self.last_trained.take();
        self.session.write(|_| {
            if let Some(error) = unwritten {
                return Err(error.into());
            }
            // What was proven stays so until the next step.
            last_trained.map_or(Ok(()), |batch| self.prove_with(batch))
        })
    }

    /// Asks the network about `batch`, without other processes: all have the same weights.
    fn prove_with(&self, batch: LabelledBatch) -> Result<()> {
        let learner = self.fit.learner();
        let options = self.session.inference_options();
        let network = learner.network().for_inference_with(options);
        let validated = [Ok::<_, DeviceFailed>(batch.clone())].into_iter();
        let validation = validate(&network, validated, &self.session.device);
        let losses = learner.loss(batch).and_then(|loss| {
            let validation = validation?.map_or(0.0, |validation| validation.loss);
            Ok([f64::from(loss), validation])
        });
        match losses?.into_iter().find(|loss| !loss.is_finite()) {
            None => Ok(()),
            Some(loss) => {
                let iteration = self.fit.position().iteration;
                Err(self.diverged(&format!("the loss after iteration {iteration} is {loss}")))
            }
        }
    }

    fn stopped(&self, error: StepError) -> anyhow::Error {
        // Whose range the values of a layer may have left before anything has diverged.
        let is_f16 = self.session.feed.config.precision == Precision::F16;
        match error {
            StepError::LossNotFinite { .. } if !is_f16 => {
                self.session.told(self.diverged(&error.to_string()))
            }
            StepError::LossNotFinite { .. } | StepError::GradientsNotFinite { .. } => anyhow!(
                "{error} of stage {}: the checkpoint before is whole; begin a new run with --set precision=bf16, which has the \
                 range of f32, or with a lower learning rate",
                self.index + 1
            ),
            StepError::Device(error) => error.into(),
            StepError::Lost(lost) => lost.into(),
        }
    }

    /// `error`; if a picture is the reason, nothing that was learnt before it is lost.
    fn left(&mut self, error: anyhow::Error) -> anyhow::Error {
        if !matches!(error.downcast_ref(), Some(LoaderError::Picture(_))) {
            return error;
        }
        if let Err(unsaved) = self.save() {
            return unsaved;
        }
        self.stopped_at_a_picture(&error)
    }

    fn stopped_at_a_picture(&self, error: &impl Display) -> anyhow::Error {
        let folder = self.session.run_folder();
        let typed = shell::word(&folder);
        anyhow!(
            "{error}; the run is saved: repair the picture and continue with `train --resume {typed}`, or leave all bad \
             ones out with `train --resume {typed} --skip-bad-images`"
        )
    }

    fn diverged(&self, sign: &str) -> anyhow::Error {
        diverged(sign, self.index, self.config)
    }
}

/// `error`, with advice if it says that training has diverged.
fn advised(error: anyhow::Error, stage: usize, config: &StageConfig) -> anyhow::Error {
    match error.downcast_ref() {
        Some(CheckpointError::NotFinite { .. }) => diverged(&error.to_string(), stage, config),
        _ => error,
    }
}

/// Advice about a network that has diverged in the stage with index `stage`, of which `sign` is the sign.
fn diverged(sign: &str, stage: usize, config: &StageConfig) -> anyhow::Error {
    anyhow!(
        "{sign} in stage {}: training has diverged and stopped, the checkpoint before is whole; begin a new run with a \
         lower learning rate, for example {}, and check data and normalisation",
        stage + 1,
        lower_rate(stage, config)
    )
}
