//! The batches of an experiment, for whoever trains, measures or looks at them.

use crate::{
    batch::{LabelledBatch, Targets},
    config::{Config, StageConfig},
    data::Data,
    schedule::OneCycle,
};
use anyhow::Result;
use pictures::loader::{
    Batch, BatchSeed, EpochPlan, EpochSeed, LoaderError, Purpose, Skipped, batches,
    batches_in_epoch,
};
use std::{
    collections::BTreeSet,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use terminal::Terminal;

/// Batches in the making or waiting, beside the one in training.
const QUEUED_BATCHES: usize = 3;

/// Settings that have no effect beside another.
const REPLACED: &str = "augmentation.random_resized_crop takes the place of warp, rotation, zoom and crop: max_warp, max_rotate and max_zoom do nothing";

/// Source of every batch: a config and its pictures. It needs no run.
#[derive(Debug)]
pub struct Feed {
    /// Experiment.
    pub config: Config,
    /// Pictures.
    pub data: Data,
    terminal: Terminal,
    /// Class of each training picture.
    labels: Vec<usize>,
    /// Weight of each class in the loss, if they differ.
    weights: Option<Vec<f64>>,
    /// Pictures that cannot be decoded, each said once however many epochs leave it out.
    skipped: Mutex<LeftOut>,
}

/// Pictures that batches left out so far.
#[derive(Debug, Default)]
struct LeftOut {
    sentences: BTreeSet<String>,
    /// Of the training part.
    training: BTreeSet<usize>,
}

impl Feed {
    /// Batches of the pictures that `config` lists and splits; what is wrong with one of them is said on `terminal`.
    ///
    /// # Errors
    /// The pictures cannot be listed or split.
    pub fn open(config: Config, terminal: &Terminal) -> Result<Self> {
        let data = Data::open(&config, terminal)?;
        if config.augmentation.random_resized_crop.is_some() {
            terminal.message(REPLACED);
        }
        Ok(Self::of(config, data, terminal))
    }

    /// Batches of `data`, which are those of `config`.
    pub(crate) fn of(config: Config, data: Data, terminal: &Terminal) -> Self {
        let labels = data.training_labels();
        Self {
            weights: config.regularisation.weights(&data.classes, &labels),
            labels,
            config,
            data,
            terminal: terminal.clone(),
            skipped: Mutex::default(),
        }
    }

    /// Training batches from batch `first_batch` of an epoch on; `stage` and `epoch` from 0. A batch whose pictures were
    /// left out comes all the same, with fewer pictures or none.
    pub fn training_batches(
        &self,
        stage: usize,
        epoch: usize,
        first_batch: usize,
    ) -> Result<impl Iterator<Item = Result<LabelledBatch, LoaderError>>, LoaderError> {
        let (regularisation, classes) = (&self.config.regularisation, self.data.classes.len());
        let mixed = self.mixed_batches(stage, epoch, first_batch)?;
        Ok(mixed.map(move |batch| {
            let batch = batch?;
            let weights = self.weights.as_deref();
            Ok(LabelledBatch {
                targets: regularisation.targets(batch.targets, classes, weights),
                ..batch
            })
        }))
    }

    /// The same batches before their labels are smoothed or their classes weighted: pictures are mixed if they are to be.
    pub fn mixed_batches(
        &self,
        stage: usize,
        epoch: usize,
        first_batch: usize,
    ) -> Result<impl Iterator<Item = Result<LabelledBatch, LoaderError>>, LoaderError> {
        let plan = EpochPlan {
            first_batch,
            ..self.training_plan(stage, epoch)
        };
        let size = plan.size;
        let first = epoch * self.batches_per_epoch(stage) + first_batch;
        let batches = batches(self.data.train.clone(), plan)?;
        Ok(batches.enumerate().map(move |(place, batch)| {
            let seed = BatchSeed {
                seed: self.config.seed,
                stage: stage as u64,
                iteration: (first + place) as u64,
            };
            let batch = batch?;
            self.keep_every_class(&batch.skipped)?;
            let batch = self.labelled(batch, size);
            Ok(self.config.regularisation.mix(batch, &seed))
        }))
    }

    /// The batches of each training step from step `first_step` of an epoch on, as [`Self::training_batches`] makes them: the
    /// last step of an epoch may have fewer.
    pub fn training_steps(
        &self,
        stage: usize,
        epoch: usize,
        first_step: usize,
    ) -> Result<impl Iterator<Item = Result<Vec<LabelledBatch>, LoaderError>>, LoaderError> {
        let accumulate = self.config.stages[stage].accumulate;
        let mut batches = self.training_batches(stage, epoch, first_step * accumulate)?;
        let next = move || {
            let step: Result<Vec<_>, _> = batches.by_ref().take(accumulate).collect();
            match step {
                Ok(step) if step.is_empty() => None,
                step => Some(step),
            }
        };
        Ok(std::iter::from_fn(next))
    }

    /// Batches of all validation pictures at the size of `stage` (from 0), each with the places of its pictures in
    /// `data.split.valid`.
    pub fn validation_batches(
        &self,
        stage: usize,
    ) -> Result<impl Iterator<Item = Result<(Vec<usize>, LabelledBatch), LoaderError>>, LoaderError>
    {
        let plan = self.validation_plan(stage, (0..self.data.split.valid.len()).collect());
        let size = plan.size;
        let batches = batches(self.data.valid.clone(), plan)?;
        Ok(batches.map(move |batch| {
            let mut batch = batch?;
            let places = mem::take(&mut batch.indices);
            Ok((places, self.labelled(batch, size)))
        }))
    }

    /// Validation pictures in this order, as places in `data.split.valid`, at the size of `stage` (from 0).
    pub(crate) fn validation_plan(&self, stage: usize, order: Vec<usize>) -> EpochPlan {
        self.plan(stage, 0, order, Purpose::Validation)
    }

    /// Order, augmentation and shape of an epoch's training batches; `stage` and `epoch` from 0.
    pub fn training_plan(&self, stage: usize, epoch: usize) -> EpochPlan {
        let (labels, classes) = (&self.labels, self.data.classes.len());
        let seed = self.seed(stage, epoch);
        let order = self.config.regularisation.order(labels, classes, seed);
        self.plan(stage, epoch, order, Purpose::Training)
    }

    /// Rates over `stage` (from 0).
    pub fn schedule(&self, stage: usize) -> OneCycle {
        let config = &self.config.stages[stage];
        let counted = batches_in_epoch(self.data.split.train.len(), config.batch_size);
        OneCycle::new(
            config.epochs * counted.div_ceil(config.accumulate),
            config
                .max_learning_rate
                .per_group(self.config.model.architecture.groups().len()),
            config.pct_start,
            self.config.optimizer.momentum,
            self.config.optimizer.div_factor,
        )
    }

    /// Training steps of an epoch of `stage` (from 0).
    pub fn steps_per_epoch(&self, stage: usize) -> usize {
        let accumulate = self.config.stages[stage].accumulate;
        self.batches_per_epoch(stage).div_ceil(accumulate)
    }

    /// Training batches of an epoch of `stage` (from 0). A last batch of a single picture is counted by the schedule and
    /// left out of training, as in fastai 1.0.30.
    pub fn batches_per_epoch(&self, stage: usize) -> usize {
        let pictures = self.data.split.train.len();
        let batch_size = self.config.stages[stage].batch_size;
        batches_in_epoch(pictures, batch_size) - usize::from(pictures % batch_size == 1)
    }

    fn seed(&self, stage: usize, epoch: usize) -> EpochSeed {
        EpochSeed {
            seed: self.config.seed,
            stage: stage as u64,
            epoch: epoch as u64,
        }
    }

    fn plan(&self, stage: usize, epoch: usize, order: Vec<usize>, purpose: Purpose) -> EpochPlan {
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
            seed: self.seed(stage, epoch),
            normalisation: self.config.normalisation,
            on_bad_image: self.config.data.on_bad_image,
            workers: self.config.data.threads(),
            queue: QUEUED_BATCHES,
        }
    }

    fn labelled(&self, batch: Batch, size: usize) -> LabelledBatch {
        for picture in batch.skipped {
            self.warn_of_skipped(picture.reason);
        }
        LabelledBatch {
            pictures: batch.pictures,
            targets: Targets::Classes(batch.labels),
            size,
        }
    }

    fn warn_of_skipped(&self, picture: String) {
        let mut skipped = self.left_out();
        if skipped.sentences.insert(picture.clone()) {
            let count = skipped.sentences.len();
            self.terminal
                .warning(&format!("left out ({count} so far): {picture}"));
        }
    }

    /// Notes that a batch left out the training pictures `skipped`.
    ///
    /// # Errors
    /// They are the last ones of their class.
    fn keep_every_class(&self, skipped: &[Skipped]) -> Result<(), LoaderError> {
        for Skipped { index, .. } in skipped {
            if self.is_last_of_its_class(*index) {
                // Those that the error does not name.
                skipped
                    .iter()
                    .for_each(|skipped| self.warn_of_skipped(skipped.reason.clone()));
                let class = self.labels[*index];
                return Err(LoaderError::LostClass(self.data.classes[class].clone()));
            }
        }
        Ok(())
    }

    /// Notes that training picture `index` is left out, and tells whether all of its class are by now.
    fn is_last_of_its_class(&self, index: usize) -> bool {
        let mut left_out = self.left_out();
        left_out.training.insert(index);
        let is_of_class = |other: &usize| self.labels[*other] == self.labels[index];
        let mut of_class = (0..self.labels.len()).filter(is_of_class);
        of_class.all(|other| left_out.training.contains(&other))
    }

    fn left_out(&self) -> MutexGuard<'_, LeftOut> {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
