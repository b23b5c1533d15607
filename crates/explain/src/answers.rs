//! A network's answers to any number of pictures, one batch after the other: what is decoded and what the network works on
//! at a time does not grow with their number. Several processes take the batches in turn.

use crate::{
    network::{NotANumber, SavedNetwork, batch_size},
    pictures::PictureFile,
    together::Together,
};
use anyhow::Result;
use pictures::{
    folder::Photographs,
    loader::{Batch, Batches, EpochPlan, EpochSeed, LoaderError, OnBadImage, Purpose, batches},
    transform::{Augmentation, TtaView},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, thread};

/// Batches in the making or waiting, beside the one that the network works on.
const QUEUED_BATCHES: usize = 3;

/// Pictures on their way through a network, in their order.
pub struct Answers<'a> {
    network: &'a SavedNetwork,
    files: &'a [PictureFile],
    size: usize,
    /// Those of this process.
    batches: Batches,
    together: &'a Together,
    /// How often each process has still to answer a batch, or to hear that there is none left for it.
    rounds: usize,
    /// Answers of the last round that were not asked for yet.
    arrived: VecDeque<AnsweredBatch>,
}

/// The answers to some pictures.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AnsweredBatch {
    /// One for each picture that could be read.
    pub answers: Vec<PictureAnswer>,
    /// For each picture that could not be read a sentence that names it.
    pub unread: Vec<String>,
}

/// The answer to one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// augmentation. Every process gets all of them.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(
        network: &'a SavedNetwork,
        files: &'a [PictureFile],
        size: usize,
        view: Option<TtaView>,
        together: &'a Together,
    ) -> Result<Self, AnswersError> {
        let manifest = &network.manifest;
        let paths = files.iter().map(|file| file.path.clone());
        let photographs = Photographs::unlabelled(paths, manifest.orientation);
        // Which pictures are in a batch does not depend on the number of processes: it may change the last bit of an answer.
        let pictures: Vec<usize> = (0..files.len()).collect();
        let all = pictures.chunks(batch_size(size));
        let rounds = all.len().div_ceil(together.count());
        let own = all.skip(together.rank()).step_by(together.count());
        let plan = EpochPlan {
            order: own.flatten().copied().collect(),
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
            together,
            rounds,
            arrived: VecDeque::new(),
        })
    }

    /// The answers to the next batch of this process.
    fn own(&mut self) -> Result<Option<AnsweredBatch>> {
        let Some(batch) = self.batches.next() else {
            return Ok(None);
        };
        Ok(Some(self.answered(batch?)?))
    }

    fn answered(&self, batch: Batch) -> Result<AnsweredBatch, AnswersError> {
        let Batch {
            pictures,
            indices,
            skipped,
            ..
        } = batch;
        if indices.is_empty() {
            return Ok(AnsweredBatch {
                unread: skipped,
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
            unread: skipped,
        })
    }
}

impl Iterator for Answers<'_> {
    type Item = Result<AnsweredBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.arrived.is_empty() && self.rounds > 0 {
            self.rounds -= 1;
            let own = self.own();
            match self.together.gathered(own) {
                Ok(all) => self.arrived.extend(all.into_iter().flatten()),
                Err(error) => return Some(Err(error)),
            }
        }
        self.arrived.pop_front().map(Ok)
    }
}
