//! Batches in a fixed order, made by several threads.
//!
//! [`batches`] starts workers that decode and transform pictures and hands the finished batches over in the order of
//! the [`EpochPlan`]. The content of a batch depends on nothing but the plan: not on the number of workers, not on
//! their speed, and not on the batch at which the epoch was started.

mod batch;
mod dataset;
mod decoded_cache;
mod error;
mod normalisation;
mod order;
mod plan;
mod queue;
mod seed;
mod validation;
mod worker;

use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;

pub use batch::{Batch, Skipped};
pub use dataset::SharedDataset;
pub use decoded_cache::DecodedCache;
pub use error::LoaderError;
pub use normalisation::Normalisation;
pub use order::{batches_in_epoch, shuffle};
pub use plan::{EpochPlan, OnBadImage, Purpose};
pub use seed::{BatchPurpose, BatchSeed, EpochSeed};
pub use validation::{ValidationPicture, validation_square};

use queue::Queue;

/// Starts the workers of one epoch.
///
/// The iterator yields the batches in order, from `plan.first_batch` on, and ends after the first error. Dropping it
/// stops the workers as soon as they have finished their current pictures.
///
/// # Errors
/// A plan that cannot be carried out. Later errors are yielded in place of the batch they belong to.
pub fn batches(dataset: SharedDataset, plan: EpochPlan) -> Result<Batches, LoaderError> {
    batches_in_part(dataset, plan, |length| 0..length)
}

/// The same batches with the pictures at some places only: `places` says for the number of pictures in a batch which ones.
/// Others are not decoded. A batch may so be empty.
///
/// # Errors
/// As [`batches`].
pub fn batches_in_part(
    dataset: SharedDataset,
    plan: EpochPlan,
    places: impl Fn(usize) -> Range<usize> + Send + Sync + 'static,
) -> Result<Batches, LoaderError> {
    plan.check(dataset.len())?;
    let queue = Arc::new(Queue::new(&plan, Box::new(places)));
    let mut batches = Batches {
        queue: Arc::clone(&queue),
        workers: Vec::new(),
        ended: false,
    };
    let repeats: Arc<[u64]> = order::repeats(&plan.order).into();
    let plan = Arc::new(plan);
    for number in 0..plan.workers {
        let (dataset, plan, queue) = (Arc::clone(&dataset), Arc::clone(&plan), Arc::clone(&queue));
        let repeats = Arc::clone(&repeats);
        let worker = std::thread::Builder::new()
            .name(format!("loader-{number}"))
            .spawn(move || worker::work(&dataset, &plan, &repeats, &queue))
            .map_err(LoaderError::Thread)?;
        batches.workers.push(worker);
    }
    Ok(batches)
}

/// Iterator over the batches of an epoch; see [`batches`].
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
            // The queue has yielded a worker's panic as an error, or its batch is not wanted any more.
            let _ = worker.join();
        }
    }
}
