//! The bounded queue between the workers and the thread that takes the batches.
//!
//! Workers take single pictures, in order, so that all of them work on the batch that is needed next. A picture is
//! only given out when its batch is one of the `limit` batches after those taken.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::batch::{Batch, Skipped};
use super::error::LoaderError;
use super::plan::{EpochPlan, Purpose};

/// Shared by all threads of one epoch.
pub(super) struct Queue {
    layout: BatchLayout,
    state: Mutex<State>,
    /// A batch was taken, or the epoch was stopped.
    room: Condvar,
    /// A batch was finished, or a worker has panicked.
    finished: Condvar,
}

/// The places of a batch, of which there are as many as it is told, whose pictures are loaded.
pub(super) type Places = Box<dyn Fn(usize) -> Range<usize> + Send + Sync>;

/// Constants of an epoch.
struct BatchLayout {
    /// End of the positions in the order.
    end: usize,
    batch_size: usize,
    /// Values of one picture.
    picture_length: usize,
    /// Limit of the batches that are in progress or waiting.
    limit: usize,
    places: Places,
}

struct State {
    next_position: usize,
    /// Number of the batch at the front of `pending`.
    next_batch: usize,
    pending: VecDeque<Pending>,
    stopped: bool,
    panicked: bool,
}

/// Batch in progress.
struct Pending {
    contents: Arc<Mutex<Contents>>,
    /// Places whose pictures are loaded.
    places: Range<usize>,
    missing: usize,
}

struct Contents {
    /// The first place whose picture is loaded.
    first: usize,
    pictures: Vec<f32>,
    outcomes: Vec<Option<PictureOutcome>>,
}

/// Picture to load.
pub(super) struct Task {
    /// Its position in the order of the epoch.
    pub position: usize,
    contents: Arc<Mutex<Contents>>,
}

/// Result of loading a picture.
pub(super) enum PictureOutcome {
    /// It is in the batch.
    Loaded { index: usize, label: usize },
    /// It is left out, for this reason.
    Skipped(Skipped),
    /// It ends the epoch.
    Failed(LoaderError),
}

impl Queue {
    pub(super) fn new(plan: &EpochPlan, places: Places) -> Self {
        let length = plan.order.len();
        let short = length % plan.batch_size;
        let end = if plan.purpose == Purpose::Training && plan.batch_size > 1 && short == 1 {
            length - 1
        } else {
            length
        };
        let picture_length = 3 * plan.size * plan.size;
        Self {
            layout: BatchLayout {
                end,
                batch_size: plan.batch_size,
                picture_length,
                limit: plan.queue,
                places,
            },
            state: Mutex::new(State {
                next_position: plan.first_batch.saturating_mul(plan.batch_size),
                next_batch: plan.first_batch,
                pending: VecDeque::new(),
                stopped: false,
                panicked: false,
            }),
            room: Condvar::new(),
            finished: Condvar::new(),
        }
    }

    /// Waits until there is room for another picture and returns it; `None` when all are loaded or the epoch is
    /// stopped.
    pub(super) fn next_task(&self) -> Option<Task> {
        let mut state = lock(&self.state);
        loop {
            let position = state.next_position;
            if state.stopped || position >= self.layout.end {
                return None;
            }
            let offset = position / self.layout.batch_size - state.next_batch;
            if offset < self.layout.limit {
                if offset == state.pending.len() {
                    let pending = self.layout.pending(position);
                    if pending.missing == 0 {
                        self.finished.notify_one();
                    }
                    state.pending.push_back(pending);
                }
                let place = position % self.layout.batch_size;
                let places = state.pending[offset].places.clone();
                // A batch may be taken as soon as its last picture is loaded: its other places must lie behind by then.
                let next = if place < places.start && !places.is_empty() {
                    places.start
                } else if place + 1 < places.end {
                    place + 1
                } else {
                    self.layout.batch_size
                };
                state.next_position = position - place + next;
                if !places.contains(&place) {
                    continue;
                }
                return Some(Task {
                    position,
                    contents: Arc::clone(&state.pending[offset].contents),
                });
            }
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Records the result of a picture, and copies its normalised values into the batch if there are any.
    ///
    /// The copy holds the batch's lock, which all workers on this batch need; nothing else may be done under it.
    pub(super) fn finish(&self, task: Task, outcome: PictureOutcome, values: Option<&[f32]>) {
        let Task { position, contents } = task;
        {
            let mut contents = lock(&contents);
            let slot = position % self.layout.batch_size - contents.first;
            if let Some(values) = values {
                let start = slot * self.layout.picture_length;
                contents.pictures[start..start + self.layout.picture_length]
                    .copy_from_slice(values);
            }
            contents.outcomes[slot] = Some(outcome);
        }
        let mut state = lock(&self.state);
        let offset = position / self.layout.batch_size - state.next_batch;
        state.pending[offset].missing -= 1;
        if state.pending[offset].missing == 0 {
            self.finished.notify_one();
        }
    }

    /// Waits for the next batch in order; `None` after the last one.
    pub(super) fn next_batch(&self) -> Option<Result<Batch, LoaderError>> {
        let mut state = lock(&self.state);
        if state.next_batch.saturating_mul(self.layout.batch_size) >= self.layout.end {
            return None;
        }
        loop {
            if state.panicked {
                return Some(Err(LoaderError::WorkerPanicked));
            }
            if let Some(pending) = state.pending.pop_front_if(|pending| pending.missing == 0) {
                state.next_batch += 1;
                drop(state);
                self.room.notify_all();
                return Some(assemble(
                    &mut lock(&pending.contents),
                    self.layout.picture_length,
                ));
            }
            state = self
                .finished
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the workers end after their current pictures.
    pub(super) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.room.notify_all();
    }

    /// Makes the next batch an error.
    pub(super) fn worker_panicked(&self) {
        lock(&self.state).panicked = true;
        self.finished.notify_all();
    }
}

impl BatchLayout {
    /// An empty batch that begins at this position of the order.
    fn pending(&self, position: usize) -> Pending {
        let places = (self.places)(self.batch_size.min(self.end - position));
        let count = places.len();
        let outcomes = std::iter::repeat_with(|| None).take(count).collect();
        let contents = Contents {
            first: places.start,
            pictures: vec![0.0; count * self.picture_length],
            outcomes,
        };
        Pending {
            contents: Arc::new(Mutex::new(contents)),
            places,
            missing: count,
        }
    }
}

/// Finished batch, or the part of it that was loaded, without gaps where pictures were left out, or its first error.
fn assemble(contents: &mut Contents, picture_length: usize) -> Result<Batch, LoaderError> {
    let mut batch = Batch {
        pictures: std::mem::take(&mut contents.pictures),
        ..Batch::default()
    };
    for (slot, outcome) in contents.outcomes.drain(..).enumerate() {
        match outcome {
            Some(PictureOutcome::Loaded { index, label }) => {
                let kept = batch.labels.len();
                if kept < slot {
                    let picture = slot * picture_length..(slot + 1) * picture_length;
                    batch.pictures.copy_within(picture, kept * picture_length);
                }
                batch.labels.push(label);
                batch.indices.push(index);
            }
            Some(PictureOutcome::Skipped(skipped)) => batch.skipped.push(skipped),
            Some(PictureOutcome::Failed(error)) => return Err(error),
            None => return Err(LoaderError::WorkerPanicked),
        }
    }
    batch.pictures.truncate(batch.labels.len() * picture_length);
    Ok(batch)
}

/// Locks a mutex even if a worker panicked while it held it: its unfinished batch is never taken.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
