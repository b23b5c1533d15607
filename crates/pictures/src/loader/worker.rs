//! The work of one thread of the loader.
//!
//! A worker must never wait for rayon. The thread that takes the batches may be the only one of rayon's global pool
//! (training makes it so when `RAYON_NUM_THREADS` is 1), and while it waits for a batch no job of rayon runs: both
//! would wait for ever. So nothing that is called from here may use rayon, decoders included: the feature `rayon` of
//! `image` stays off. `tests/no_rayon_in_workers.rs` loads an epoch under exactly this condition.

use super::batch::Skipped;
use super::dataset::SharedDataset;
use super::error::LoaderError;
use super::plan::{EpochPlan, OnBadImage, Purpose};
use super::queue::{PictureOutcome, Queue};
use crate::folder::LabelledPicture;
use crate::transform::{Draws, Workspace};

/// Decodes, transforms and normalises one picture after the other until there is none left. `repeats` says of each place
/// in the order how often its picture came before.
pub(super) fn work(dataset: &SharedDataset, plan: &EpochPlan, repeats: &[u64], queue: &Queue) {
    let _alarm = PanicAlarm(queue);
    let mut workspace = Workspace::default();
    let mut square = vec![0.0; 3 * plan.size * plan.size];
    while let Some(task) = queue.next_task() {
        let index = plan.order[task.position];
        match load(dataset, plan, index) {
            Ok(LabelledPicture { picture, label }) => {
                let draws = draws(plan, index, repeats[task.position]);
                let (size, padding) = (plan.size, plan.augmentation.padding);
                match plan.purpose {
                    Purpose::View(view) => {
                        view.apply(&mut workspace, &picture, size, padding, &mut square);
                    }
                    _ => workspace.apply(&picture, size, padding, &draws, &mut square),
                }
                // Here and not in `finish`, which holds the batch's lock while it copies.
                plan.normalisation.apply(&mut square);
                if let Some(erasing) = &draws.erasing {
                    erasing.apply(&mut square, plan.size);
                }
                queue.finish(task, PictureOutcome::Loaded { index, label }, Some(&square));
            }
            Err(outcome) => queue.finish(task, outcome, None),
        }
    }
}

/// Decoded picture, or the reason why there is none.
fn load(
    dataset: &SharedDataset,
    plan: &EpochPlan,
    index: usize,
) -> Result<LabelledPicture, PictureOutcome> {
    match dataset.get(index) {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(error)) if plan.on_bad_image == OnBadImage::Skip => {
            Err(PictureOutcome::Skipped(Skipped {
                index,
                reason: error.to_string(),
            }))
        }
        Ok(Err(error)) => Err(PictureOutcome::Failed(LoaderError::Picture(error))),
        Err(source) => Err(PictureOutcome::Failed(LoaderError::Dataset {
            index,
            source,
        })),
    }
}

fn draws(plan: &EpochPlan, index: usize, repeat: u64) -> Draws {
    match plan.purpose {
        Purpose::Training => plan
            .augmentation
            .draw(&mut plan.seed.repeat_generator(index as u64, repeat)),
        Purpose::Validation | Purpose::View(_) => Draws::validation(),
    }
}

/// Tells the queue when its thread ends by a panic; otherwise the batch would be waited for without end.
struct PanicAlarm<'a>(&'a Queue);

impl Drop for PanicAlarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.worker_panicked();
        }
    }
}
