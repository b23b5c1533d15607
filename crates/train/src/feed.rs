//! The batches of an experiment, for whoever trains, measures or looks at them.

use crate::{
    batch::{LabelledBatch, Targets},
    config::{BatchNormKind, Config, StageConfig},
    data::Data,
    left_out::{LeftOut, LeftOutPicture},
    schedule::OneCycle,
};
use anyhow::Result;
use pictures::loader::{
    Batch, BatchSeed, EpochPlan, EpochSeed, LoaderError, Purpose, Skipped, batches,
    batches_in_epoch, batches_in_part,
};
use processes::{Processes, share};
use std::{
    mem,
    ops::Range,
    sync::{Mutex, PoisonError},
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
    /// Pictures that cannot be decoded.
    left_out: Mutex<LeftOut>,
    /// The processes among which every batch is divided.
    processes: Processes,
    /// Pictures that this process left out, until all processes know of them.
    untold: Mutex<Vec<LeftOutPicture>>,
}

/// A batch with the weight of its pictures in a mean loss: their number, or the sum of the weights of their classes.
pub type WeighedBatch = (LabelledBatch, f64);

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
            left_out: Mutex::default(),
            processes: Processes::alone(),
            untold: Mutex::default(),
        }
    }

    /// The part of the same batches that is for one of `processes`.
    pub fn among(self, processes: Processes) -> Self {
        Self { processes, ..self }
    }

    /// The processes among which every batch is divided.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// Training batches from batch `first_batch` of an epoch on; `stage` and `epoch` from 0. A batch whose pictures were
    /// left out comes all the same, with fewer pictures or none.
    pub fn training_batches(
        &self,
        stage: usize,
        epoch: usize,
        first_batch: usize,
    ) -> Result<impl Iterator<Item = Result<LabelledBatch, LoaderError>>, LoaderError> {
        let weighed = self.weighed_batches(stage, epoch, first_batch)?;
        Ok(weighed.map(|batch| batch.map(|(batch, _)| batch)))
    }

    /// This process's part of those batches, each with its weight.
    fn weighed_batches(
        &self,
        stage: usize,
        epoch: usize,
        first_batch: usize,
    ) -> Result<impl Iterator<Item = Result<WeighedBatch, LoaderError>>, LoaderError> {
        let (regularisation, classes) = (&self.config.regularisation, self.data.classes.len());
        let mixed = self.mixed_batches(stage, epoch, first_batch)?;
        Ok(mixed.map(move |batch| {
            let batch = self.part_of(batch?);
            let weights = self.weights.as_deref();
            let weight = regularisation.weight(&batch.targets, weights);
            let targets = regularisation.targets(batch.targets, classes, weights);
            Ok((LabelledBatch { targets, ..batch }, weight))
        }))
    }

    /// The same batches before their labels are smoothed or their classes weighted: pictures are mixed if they are to be, and
    /// then every process has the whole batch.
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
        let batches = match self.is_divided_by_the_loader() {
            true => batches_in_part(self.data.train.clone(), plan, self.places())?,
            false => batches(self.data.train.clone(), plan)?,
        };
        Ok(batches.enumerate().map(move |(place, batch)| {
            let seed = BatchSeed {
                seed: self.config.seed,
                stage: stage as u64,
                iteration: (first + place) as u64,
            };
            let mut batch = batch?;
            let skipped = mem::take(&mut batch.skipped);
            self.leave_out(skipped, place, Purpose::Training)?;
            Ok(self.config.regularisation.mix(labelled(batch, size), &seed))
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
        let steps = self.weighed_steps(stage, epoch, first_step)?;
        let without_weight = |step: Vec<WeighedBatch>| step.into_iter().map(|(batch, _)| batch);
        Ok(steps.map(move |step| Ok(without_weight(step?).collect())))
    }

    /// This process's part of the batches of each training step, each with its weight.
    pub fn weighed_steps(
        &self,
        stage: usize,
        epoch: usize,
        first_step: usize,
    ) -> Result<impl Iterator<Item = Result<Vec<WeighedBatch>, LoaderError>>, LoaderError> {
        let accumulate = self.config.stages[stage].accumulate;
        let mut batches = self.weighed_batches(stage, epoch, first_step * accumulate)?;
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
    /// `data.split.valid`: whole ones, of which each of several processes has its share, so that the figures of a batch are
    /// those of one process.
    pub fn validation_batches(
        &self,
        stage: usize,
    ) -> Result<impl Iterator<Item = Result<(Vec<usize>, LabelledBatch), LoaderError>>, LoaderError>
    {
        let pictures = self.data.split.valid.len();
        let batch_size = self.config.stages[stage].batch_size;
        let mine = self.processes.share(pictures.div_ceil(batch_size));
        let order = (0..pictures.min(mine.end * batch_size)).collect();
        let plan = EpochPlan {
            first_batch: mine.start,
            ..self.validation_plan(stage, order)
        };
        let size = plan.size;
        let batches = batches(self.data.valid.clone(), plan)?;
        Ok(batches.enumerate().map(move |(place, batch)| {
            let mut batch = batch?;
            let skipped = mem::take(&mut batch.skipped);
            self.leave_out(skipped, place, Purpose::Validation)?;
            let places = mem::take(&mut batch.indices);
            Ok((places, labelled(batch, size)))
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

    /// True if a batch is divided before it is decoded. Pictures that are mixed need the others of their batch.
    fn is_divided_by_the_loader(&self) -> bool {
        !self.processes.is_alone() && !self.config.regularisation.mixes()
    }

    /// This process's part of `batch`, if it is not divided yet. What is left of too few pictures for statistics of their own
    /// is left out.
    fn part_of(&self, batch: LabelledBatch) -> LabelledBatch {
        if self.processes.is_alone() {
            return batch;
        }
        let part = match self.is_divided_by_the_loader() {
            true => batch,
            false => batch.at(self.places()(batch.len())),
        };
        match part.len() < self.smallest_part() {
            true => part.at(0..0),
            false => part,
        }
    }

    /// The places in a batch, of which there are as many as it is told, that this process takes.
    fn places(&self) -> impl Fn(usize) -> Range<usize> + Send + Sync + 'static {
        let (rank, count) = (self.processes.rank(), self.processes.count());
        let smallest = self.smallest_part();
        move |length| part(length, rank, count, smallest)
    }

    /// Fewest pictures of a process that has any.
    fn smallest_part(&self) -> usize {
        match self.config.model.batch_norm {
            BatchNormKind::Local => 2,
            BatchNormKind::Synchronised => 1,
        }
    }

    /// Notes the `pictures` that all processes have left out since the last call, and says those that are new; on rank 0.
    ///
    /// # Errors
    /// The last ones of a class are among them: on all processes, the same one.
    pub fn note_left_out(&self, mut pictures: Vec<LeftOutPicture>) -> Result<(), LoaderError> {
        // The order in which one process comes upon them, which decides about the class that is named.
        pictures.sort_by_key(|picture| picture.batch);
        let mut lost = None;
        for picture in &pictures {
            let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
            let class = picture.training;
            let class = class.and_then(|index| left_out.lost_class(index, &self.labels));
            lost = lost.or(class);
            let is_new = left_out.is_new(&picture.sentence);
            if let (Some(count), true) = (is_new, self.processes.is_first()) {
                let sentence = &picture.sentence;
                let warning = format!("left out ({count} so far): {sentence}");
                self.terminal.warning(&warning);
            }
        }
        match lost {
            Some(class) => Err(LoaderError::LostClass(self.data.classes[class].clone())),
            None => Ok(()),
        }
    }

    /// Pictures that this process, one of several, has left out since they were taken last: to be told to all, which note them.
    pub fn take_left_out(&self) -> Vec<LeftOutPicture> {
        mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that the batch at `place` among those asked for left out `skipped`, or keeps them for [`Self::take_left_out`].
    ///
    /// # Errors
    /// This process is alone, and they are the last ones of their class.
    fn leave_out(
        &self,
        skipped: Vec<Skipped>,
        place: usize,
        purpose: Purpose,
    ) -> Result<(), LoaderError> {
        let pictures = skipped.into_iter().map(|picture| LeftOutPicture {
            batch: place,
            training: (purpose == Purpose::Training).then_some(picture.index),
            sentence: picture.reason,
        });
        if self.processes.is_alone() {
            return self.note_left_out(pictures.collect());
        }
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.extend(pictures);
        Ok(())
    }
}

fn labelled(batch: Batch, size: usize) -> LabelledBatch {
    LabelledBatch {
        pictures: batch.pictures,
        targets: Targets::Classes(batch.labels),
        size,
    }
}

/// The places of rank `rank` among `count` in a batch of `length` pictures: as many for each as can be, `smallest` or more, the
/// last ranks have none if there are too few.
fn part(length: usize, rank: usize, count: usize, smallest: usize) -> Range<usize> {
    let busy = count.min((length / smallest).max(1));
    if rank >= busy {
        return length..length;
    }
    share(length, rank, busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_the_batch_once_and_none_is_smaller_than_it_may_be(
            length in 0_usize..70, count in 1_usize..9, smallest in 1_usize..3
        ) {
            let parts: Vec<_> = (0..count).map(|rank| part(length, rank, count, smallest)).collect();
            let all: Vec<usize> = parts.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..length).collect::<Vec<_>>());
            for part in parts.iter().filter(|part| !part.is_empty()) {
                prop_assert!(part.len() >= smallest.min(length));
            }
            // The first one is never idle: running statistics are its own.
            prop_assert!(length == 0 || !parts[0].is_empty());
        }
    }
}
