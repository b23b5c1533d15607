//! A training run on disk: a folder with everything needed to continue it, repeat it or ask it questions.
//!
//! A checkpoint is a folder that is written under a temporary name, its manifest with the SHA-256 of every file last, and
//! then given its own name in one step. So a checkpoint that can be seen is whole; whoever reads one still proves it,
//! because disks fail too.

mod checkpoint;
mod json;
mod manifest;
mod picture_record;
mod place;
mod relabelled;
mod run;
mod saved_data;
mod split;

pub use checkpoint::{Checkpoint, CheckpointError, Contents, WEIGHTS_FILE, save};
pub use manifest::Manifest;
pub use picture_record::PictureRecord;
pub use place::{PlaceError, RunPictures, picture_file};
pub use run::{Found, NewestRun, RUNS_FOLDER, Run, RunError, RunLock};
pub use saved_data::{SavedData, SavedDataError};
pub use split::{SplitRecord, SplitRecordError};
