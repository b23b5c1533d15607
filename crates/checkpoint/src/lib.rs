//! A training run on disk: a folder with everything needed to continue it, repeat it or ask it questions.
//!
//! A checkpoint is a folder that is written under a temporary name, its manifest with the SHA-256 of every file last, and
//! then renamed. So a checkpoint that can be seen is whole; whoever reads one still proves it, because disks fail too.

mod checkpoint;
mod durable;
mod manifest;
mod run;
mod split;

pub use checkpoint::{Checkpoint, CheckpointError, WEIGHTS_FILE, save};
pub use durable::write_atomically;
pub use manifest::{Manifest, Normalisation};
pub use run::{Found, Run, RunError, RunLock};
pub use split::{SplitRecord, SplitRecordError};
