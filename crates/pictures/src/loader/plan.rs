//! The plan of one pass over a data set.

use serde::{Deserialize, Serialize};

use super::error::LoaderError;
use super::normalisation::Normalisation;
use super::seed::EpochSeed;
use crate::transform::{Augmentation, TtaView};

/// Plan of one pass over a data set; it determines all batches.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochPlan {
    /// Indices into the data set in the order of reading; for training a [`shuffle`](super::shuffle) of them.
    pub order: Vec<usize>,
    /// Pictures per batch; the last batch of an epoch may be shorter.
    pub batch_size: usize,
    /// Number of the first batch to yield: 0, or the one at which a run is resumed.
    pub first_batch: usize,
    /// Side of the square pictures in pixels.
    pub size: usize,
    /// Use of the batches.
    pub purpose: Purpose,
    /// Random changes to training pictures. Validation uses its padding only.
    pub augmentation: Augmentation,
    /// Seed of the augmentation of each picture.
    pub seed: EpochSeed,
    /// Mean and standard deviation of the normalisation.
    pub normalisation: Normalisation,
    /// Treatment of pictures that cannot be decoded.
    pub on_bad_image: OnBadImage,
    /// Number of threads that decode and transform, at least 1.
    pub workers: usize,
    /// Number of batches, at least 1, that may be in progress or waiting; it bounds the memory.
    pub queue: usize,
}

/// Use of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Training: pictures are augmented; a last batch of a single picture is left out, because batch norm cannot learn
    /// from it.
    Training,
    /// Validation: the validation transform; every picture is in some batch.
    Validation,
    /// As validation, for a view of test time augmentation.
    View(TtaView),
}

/// Treatment of a picture that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBadImage {
    /// Stops with an error that names the file.
    #[default]
    Error,
    /// Leaves the picture out of its batch and reports it in [`Batch::skipped`](super::Batch::skipped).
    Skip,
}

impl EpochPlan {
    /// Checks that the plan can be carried out on a data set of `length` pictures.
    pub(super) fn check(&self, length: usize) -> Result<(), LoaderError> {
        let counts = [
            ("batch_size", self.batch_size),
            ("size", self.size),
            ("workers", self.workers),
            ("queue", self.queue),
        ];
        if let Some((field, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(LoaderError::Zero { field });
        }
        if let Some(&index) = self.order.iter().find(|&&index| index >= length) {
            return Err(LoaderError::IndexOutside { index, length });
        }
        self.augmentation.validate()?;
        self.normalisation.check()
    }
}
