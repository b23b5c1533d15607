use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use pictures::part::Part;
use serde::{Deserialize, Serialize, Serializer};

use crate::{PictureRecord, Run, json};

/// The split as a run keeps it, by names: whoever asks the run later reads it and never computes it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// Folder that the names are below, as it was when the run began: [`Run::find_pictures`] says where it is now.
    #[serde(serialize_with = "as_portable")]
    pub folder: PathBuf,
    /// Folder of trimaps and head boxes, likewise.
    #[serde(serialize_with = "as_portable")]
    pub annotations: PathBuf,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// Names of the training pictures.
    pub train: Vec<String>,
    /// Names of the validation pictures, in the order in which they are validated.
    pub valid: Vec<String>,
    /// Names of the pictures that are kept for a last evaluation: neither trained on nor validated with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Classes of the pictures whose names do not say them as the layout does, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Each picture by name, as it was when the run began; empty in older runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pictures: BTreeMap<String, PictureRecord>,
}

/// Reason why a split could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SplitRecordError {
    /// The file is missing, unreadable or cannot be written.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// The file is something else.
    #[error("{} is no split of this program: {fault}; copy it again from where it is whole", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Fault in the content, as a clause.
        fault: String,
    },
}

/// With `/` between the parts, on every system.
fn as_portable<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&words::slashes(path))
}

impl Run {
    /// Path of its split.
    pub fn split_file(&self) -> PathBuf {
        self.file("split.json")
    }
}

impl SplitRecord {
    /// Names of the pictures of `part`, in the order of the split.
    pub fn part(&self, part: Part) -> &[String] {
        match part {
            Part::Train => &self.train,
            Part::Valid => &self.valid,
            Part::Test => &self.test,
        }
    }

    /// Names of all its pictures.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.train.iter().chain(&self.valid).chain(&self.test)
    }

    /// Reads `split.json` of a run.
    pub fn read(path: &Path) -> Result<Self, SplitRecordError> {
        let bytes = fs::read(path).map_err(|error| SplitRecordError::file(path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| SplitRecordError::content(path, &error))
    }

    /// Writes `split.json` of a run in one step.
    pub fn write(&self, path: &Path) -> Result<(), SplitRecordError> {
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| SplitRecordError::content(path, &error))?;
        files::write_atomically(path, &bytes).map_err(|error| SplitRecordError::file(path, error))
    }
}

impl SplitRecordError {
    fn file(path: &Path, error: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            error,
        }
    }

    fn content(path: &Path, error: &serde_json::Error) -> Self {
        Self::Content {
            path: path.to_owned(),
            fault: json::fault(error),
        }
    }
}
