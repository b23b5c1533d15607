//! A network's answers to any number of pictures, one batch after the other: what is decoded and what the network works on
//! at a time does not grow with their number. Several processes take the batches in turn.

use crate::{
    network::{NotANumber, SavedNetwork, batch_of, batch_size},
    pictures::PictureFile,
    together::Together,
    whole_frames::{ReadFrames, WholeFrames},
};
use anyhow::Result;
use pictures::{
    folder::Photographs,
    loader::{Batch, Batches, EpochPlan, EpochSeed, LoaderError, OnBadImage, Purpose, batches},
    transform::{Augmentation, TtaView, View},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, thread};

/// Batches in the making or waiting, beside the one that the network works on.
const QUEUED_BATCHES: usize = 3;

/// Pictures on their way through a network, in their order.
pub struct Answers<'a> {
    network: &'a SavedNetwork,
    files: &'a [PictureFile],
    source: Source,
    together: &'a Together,
    /// How often each process has still to answer a batch, or to hear that there is none left for it.
    rounds: usize,
    /// Answers of the last round that were not asked for yet.
    arrived: VecDeque<AnsweredBatch>,
}

/// How pictures are shown to a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// This part of them.
    Part(View),
    /// As a view of test time augmentation.
    Augmented(TtaView),
}

/// Where the frames of this process come from.
enum Source {
    /// Squares of this side, decoded while the network works.
    Squares(usize, Batches),
    /// Frames of any size.
    Whole(WholeFrames),
}

/// The answers to some pictures.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AnsweredBatch {
    /// One for each picture that could be read.
    pub answers: Vec<PictureAnswer>,
    /// For each picture that could not be read a sentence that names it.
    pub unread: Vec<String>,
    /// Sentences about pictures that were not seen to their ends.
    pub remarks: Vec<String>,
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
    /// The answers of `network` to `files`, `shown` in squares of `size`, or whole and resized as for them. Every process gets
    /// all of them.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(
        network: &'a SavedNetwork,
        files: &'a [PictureFile],
        size: usize,
        shown: Shown,
        together: &'a Together,
    ) -> Result<Self, AnswersError> {
        let squares = |purpose| Self::squares((network, files), size, purpose, together);
        let source = match shown {
            Shown::Part(View::Square) => squares(Purpose::Validation)?,
            Shown::Augmented(view) => squares(Purpose::View(view))?,
            Shown::Part(view) => Source::Whole(WholeFrames::new(size, view, together)),
        };
        Ok(Self {
            network,
            files,
            source,
            together,
            rounds: files
                .len()
                .div_ceil(batch_size(size))
                .div_ceil(together.count()),
            arrived: VecDeque::new(),
        })
    }

    fn squares(
        (network, files): (&SavedNetwork, &[PictureFile]),
        size: usize,
        purpose: Purpose,
        together: &Together,
    ) -> Result<Source, AnswersError> {
        let manifest = &network.manifest;
        let paths = files.iter().map(|file| file.path.clone());
        let photographs = Photographs::unlabelled(paths, manifest.orientation);
        // Which pictures are in a batch does not depend on the number of processes: it may change the last bit of an answer.
        let pictures: Vec<usize> = (0..files.len()).collect();
        let all = pictures.chunks(batch_size(size));
        let own = all.skip(together.rank()).step_by(together.count());
        let plan = EpochPlan {
            order: own.flatten().copied().collect(),
            batch_size: batch_size(size),
            first_batch: 0,
            size,
            purpose,
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
        let batches = batches(Arc::new(photographs), plan)?;
        Ok(Source::Squares(size, batches))
    }

    /// The answers to the next batch of this process.
    fn own(&mut self) -> Result<Option<AnsweredBatch>> {
        let answered = match &mut self.source {
            Source::Squares(size, batches) => {
                let (size, Some(batch)) = (*size, batches.next()) else {
                    return Ok(None);
                };
                self.of_squares(batch?, size)
            }
            Source::Whole(frames) => {
                let Some(read) = frames.read(self.files, &self.network.manifest) else {
                    return Ok(None);
                };
                self.of_frames(read)
            }
        };
        Ok(Some(answered?))
    }

    fn of_squares(&self, batch: Batch, size: usize) -> Result<AnsweredBatch, AnswersError> {
        let Batch {
            pictures,
            indices,
            skipped,
            ..
        } = batch;
        Ok(AnsweredBatch {
            answers: self.look(indices, pictures, [size; 2])?,
            unread: skipped.into_iter().map(|skipped| skipped.reason).collect(),
            remarks: Vec::new(),
        })
    }

    /// Frames of one size go through the network together.
    fn of_frames(&self, read: ReadFrames) -> Result<AnsweredBatch, AnswersError> {
        let mut answers = Vec::new();
        for (size, frames) in read.frames {
            for batch in frames.chunks(batch_of(size)) {
                let indices = batch.iter().map(|(index, _)| *index).collect();
                let values = batch.iter().flat_map(|(_, frame)| frame).copied();
                answers.extend(self.look(indices, values.collect(), size)?);
            }
        }
        answers.sort_by_key(|answer| answer.index);
        Ok(AnsweredBatch {
            answers,
            unread: read.unread,
            remarks: read.remarks,
        })
    }

    /// The answers to the pictures at `indices`, from their frames of this width and height.
    fn look(
        &self,
        indices: Vec<usize>,
        frames: Vec<f32>,
        size: [usize; 2],
    ) -> Result<Vec<PictureAnswer>, AnswersError> {
        if indices.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.network.look(frames, size);
        let names = indices.iter().map(|index| self.files[*index].name.as_str());
        answer.check(names)?;
        let pooled = answer.pooled();
        let answers = indices.into_iter().zip(answer.logits).zip(pooled);
        let answers = answers.map(|((index, logits), pooled)| PictureAnswer {
            index,
            logits,
            pooled,
        });
        Ok(answers.collect())
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
