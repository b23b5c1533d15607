//! Batches in order, made by several threads.
//!
//! [`batches`] starts workers that decode and transform pictures and hands the finished batches over in the order of the
//! [`EpochPlan`]. What is in a batch depends on nothing but the plan: not on the number of workers, not on their speed,
//! and not on whether the epoch was entered in its middle.

mod decoded_cache;
mod normalisation;
mod order;
mod queue;
mod seed;
mod validation;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use burn_dataset::{Dataset, DatasetError};
use serde::{Deserialize, Serialize};

use crate::decode::DecodeError;
use crate::folder::Sample;
use crate::transform::{Augmentation, AugmentationError};
use queue::Queue;

pub use decoded_cache::DecodedCache;
pub use normalisation::Normalisation;
pub use order::{batches_in_epoch, shuffle};
pub use seed::{BatchPurpose, BatchSeed, EpochSeed};
pub use validation::{ValidationPicture, validation_square};

/// A data set that threads can share.
pub type SharedDataset = Arc<dyn Dataset<Sample>>;

/// Everything that decides what one pass over a data set yields.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochPlan {
    /// Indices into the data set in the order of reading; for training a [`shuffle`] of them.
    pub order: Vec<usize>,
    /// Pictures per batch; the last batch of an epoch may be shorter.
    pub batch_size: usize,
    /// Number of the first batch to yield: 0, or where a run is resumed.
    pub first_batch: usize,
    /// Side of the square pictures in pixels.
    pub size: usize,
    /// What the batches are for.
    pub purpose: Purpose,
    /// How training pictures are varied; of it, validation only takes the padding.
    pub augmentation: Augmentation,
    /// From which the augmentation of each picture is drawn.
    pub seed: EpochSeed,
    /// How values are normalised.
    pub normalisation: Normalisation,
    /// What to do about a picture that cannot be decoded.
    pub on_bad_image: OnBadImage,
    /// Number of threads that decode and transform, at least 1.
    pub workers: usize,
    /// Number of batches, at least 1, that may be in the making or waiting; so memory is bounded.
    pub queue: usize,
}

/// What batches are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Augmented; a last batch of a single picture is left out, because BatchNorm cannot learn from it.
    Training,
    /// The validation transform; every picture is in some batch.
    Validation,
}

/// What to do about a picture that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBadImage {
    /// Stop with an error that names the file.
    #[default]
    Error,
    /// Leave the picture out of its batch and say so in [`Batch::skipped`].
    Skip,
}

/// Some pictures, ready for the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// N × 3 × size × size normalised values: pictures, planes red, green, blue, rows from the top.
    pub pictures: Vec<f32>,
    /// Class of each of the N pictures.
    pub labels: Vec<usize>,
    /// Index of each of the N pictures in the data set.
    pub indices: Vec<usize>,
    /// For each picture left out, one sentence that names the file and says what is wrong with it.
    ///
    /// With pictures left out N may be 1 or 0; such a batch still counts as one of its epoch.
    pub skipped: Vec<String>,
}

/// Why an epoch cannot be started or continued.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A count of the plan that has to be at least 1.
    #[error("{field} is 0: give at least 1")]
    Zero {
        /// Name of the field of [`EpochPlan`].
        field: &'static str,
    },
    /// The order names a picture that does not exist.
    #[error(
        "the order names picture {index} of a data set of {length}: give indices below its length"
    )]
    IndexOutside {
        /// The index in the order.
        index: usize,
        /// Number of pictures in the data set.
        length: usize,
    },
    /// The augmentation has a knob out of range.
    #[error(transparent)]
    Augmentation(#[from] AugmentationError),
    /// A standard deviation that cannot be divided by, or a mean that is no number.
    #[error(
        "normalisation has the mean {mean} and the standard deviation {std}: give numbers, the latter above 0"
    )]
    Normalisation {
        /// Mean of the channel.
        mean: f32,
        /// Standard deviation of the channel.
        std: f32,
    },
    /// A thread could not be started.
    #[error("cannot start a worker thread: {0}; give a smaller number of workers")]
    Thread(#[source] std::io::Error),
    /// A picture cannot be decoded.
    #[error("{0}; or leave such pictures out with on_bad_image = \"skip\"")]
    Picture(#[source] DecodeError),
    /// The data set failed in another way than by a picture.
    #[error("cannot read picture {index} of the data set: {source}")]
    Dataset {
        /// Index of the picture in the data set.
        index: usize,
        /// What the data set says.
        source: DatasetError,
    },
    /// A worker thread ended by a panic.
    #[error(
        "a worker thread of the loader has panicked: this is a defect, please report the message above"
    )]
    WorkerPanicked,
}

/// Starts the workers of one epoch.
///
/// The iterator yields the batches in order, from `plan.first_batch` on, and ends after the first error. Dropping it
/// stops the workers as soon as they have finished the picture in hand.
///
/// # Errors
/// A plan that cannot be carried out; what goes wrong later is yielded in place of the batch it belongs to.
pub fn batches(dataset: SharedDataset, plan: EpochPlan) -> Result<Batches, LoaderError> {
    check(&plan, dataset.len())?;
    let queue = Arc::new(Queue::new(&plan));
    let mut batches = Batches {
        queue: Arc::clone(&queue),
        workers: Vec::new(),
        ended: false,
    };
    let plan = Arc::new(plan);
    for number in 0..plan.workers {
        let (dataset, plan, queue) = (Arc::clone(&dataset), Arc::clone(&plan), Arc::clone(&queue));
        let worker = std::thread::Builder::new()
            .name(format!("loader-{number}"))
            .spawn(move || worker::work(&dataset, &plan, &queue))
            .map_err(LoaderError::Thread)?;
        batches.workers.push(worker);
    }
    Ok(batches)
}

/// The batches of an epoch; see [`batches`].
pub struct Batches {
    queue: Arc<Queue>,
    workers: Vec<JoinHandle<()>>,
    ended: bool,
}

impl Iterator for Batches {
    type Item = Result<Batch, LoaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.queue.next_batch();
        self.ended = !matches!(next, Some(Ok(_)));
        if self.ended {
            self.queue.stop();
        }
        next
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.queue.stop();
        for worker in self.workers.drain(..) {
            // A worker's panic has been yielded as an error by the queue, or nobody waits for its batch any more.
            let _ = worker.join();
        }
    }
}

fn check(plan: &EpochPlan, length: usize) -> Result<(), LoaderError> {
    let counts = [
        ("batch_size", plan.batch_size),
        ("size", plan.size),
        ("workers", plan.workers),
        ("queue", plan.queue),
    ];
    if let Some((field, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(LoaderError::Zero { field });
    }
    if let Some(&index) = plan.order.iter().find(|&&index| index >= length) {
        return Err(LoaderError::IndexOutside { index, length });
    }
    plan.augmentation.validate()?;
    plan.normalisation.check()
}
