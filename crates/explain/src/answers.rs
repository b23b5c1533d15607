//! A network's answers to any number of pictures, one batch after the other: what is decoded and what the network works on
//! at a time does not grow with their number.

use crate::{
    network::{NotANumber, SavedNetwork, batch_size},
    pictures::PictureFile,
};
use pictures::{
    folder::Photographs,
    loader::{Batch, Batches, EpochPlan, EpochSeed, LoaderError, OnBadImage, Purpose, batches},
    transform::{Augmentation, TtaView},
};
use std::{sync::Arc, thread};

/// Batches in the making or waiting, beside the one that the network works on.
const QUEUED_BATCHES: usize = 3;

/// Pictures on their way through a network, in their order.
pub struct Answers<'a> {
    network: &'a SavedNetwork,
    files: &'a [PictureFile],
    size: usize,
    batches: Batches,
}

/// The answers to some pictures.
#[derive(Debug, Default)]
pub struct AnsweredBatch {
    /// One for each picture that could be read.
    pub answers: Vec<PictureAnswer>,
    /// For each picture that could not be read a sentence that names it.
    pub unread: Vec<String>,
}

/// The answer to one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureAnswer {
    /// Which of the pictures it is.
    pub index: usize,
    /// Logits, in the order of the classes.
    pub logits: Vec<f32>,
    /// What the picture looks like to the network, see [`crate::network::Answer::pooled`].
    pub pooled: Vec<f32>,
}

/// Pictures cannot be asked about.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// They cannot be loaded.
    #[error(transparent)]
    Loader(#[from] LoaderError),
    /// The network gave a NaN or an infinity.
    #[error(transparent)]
    NotANumber(#[from] NotANumber),
}

impl<'a> Answers<'a> {
    /// The answers of `network` to `files`, seen as in validation in squares of `size`, or in a `view` of test time
    /// augmentation.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(
        network: &'a SavedNetwork,
        files: &'a [PictureFile],
        size: usize,
        view: Option<TtaView>,
    ) -> Result<Self, AnswersError> {
        let manifest = &network.manifest;
        let paths = files.iter().map(|file| file.path.clone());
        let photographs = Photographs::unlabelled(paths, manifest.orientation);
        let plan = EpochPlan {
            order: (0..files.len()).collect(),
            batch_size: batch_size(size),
            first_batch: 0,
            size,
            purpose: view.map_or(Purpose::Validation, Purpose::View),
            augmentation: Augmentation {
                padding: manifest.padding,
                ..Augmentation::default()
            },
            // Validation draws nothing.
            seed: EpochSeed {
                seed: 0,
                stage: 0,
                epoch: 0,
            },
            normalisation: manifest.normalisation,
            on_bad_image: OnBadImage::Skip,
            workers: thread::available_parallelism().map_or(1, usize::from),
            queue: QUEUED_BATCHES,
        };
        Ok(Self {
            network,
            files,
            size,
            batches: batches(Arc::new(photographs), plan)?,
        })
    }

    fn answered(&self, batch: Batch) -> Result<AnsweredBatch, AnswersError> {
        let Batch {
            pictures,
            indices,
            skipped,
            ..
        } = batch;
        let unread = skipped.into_iter().map(|skipped| skipped.reason).collect();
        if indices.is_empty() {
            return Ok(AnsweredBatch {
                unread,
                ..AnsweredBatch::default()
            });
        }
        let answer = self.network.look(pictures, [self.size; 2]);
        let names = indices.iter().map(|index| self.files[*index].name.as_str());
        answer.check(names)?;
        let pooled = answer.pooled();
        let answers = indices.into_iter().zip(answer.logits).zip(pooled);
        let answers = answers.map(|((index, logits), pooled)| PictureAnswer {
            index,
            logits,
            pooled,
        });
        Ok(AnsweredBatch {
            answers: answers.collect(),
            unread,
        })
    }
}

impl Iterator for Answers<'_> {
    type Item = Result<AnsweredBatch, AnswersError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.next()?;
        Some(
            batch
                .map_err(AnswersError::from)
                .and_then(|batch| self.answered(batch)),
        )
    }
}
