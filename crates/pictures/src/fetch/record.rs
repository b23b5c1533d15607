//! The record by which a later fetch recognises a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::FetchError;

/// File that holds the record, in the folder it describes, so that both are removed together.
pub(crate) const NAME: &str = ".fetched.json";

/// Files that were unpacked into a folder, and the archive they came from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FetchRecord {
    /// MD5 of the archive.
    pub(super) md5: String,
    /// Length in bytes of every file, by its path in the folder with forward slashes.
    pub(super) files: BTreeMap<String, u64>,
}

impl FetchRecord {
    /// Record of a folder, if there is one that can be read.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(NAME)).ok()?).ok()
    }

    /// Tells whether a folder has a record, readable or not.
    pub(super) fn exists(folder: &Path) -> bool {
        folder.join(NAME).exists()
    }

    /// Tells whether every file is there with its length.
    pub(super) fn holds(&self, folder: &Path) -> bool {
        self.files.iter().all(|(name, length)| {
            fs::metadata(folder.join(name))
                .is_ok_and(|found| found.is_file() && found.len() == *length)
        })
    }

    /// Writes the record into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), FetchError> {
        let path = folder.join(NAME);
        let explain = |error| FetchError::file("write", &path, error);
        let text = serde_json::to_vec_pretty(self).map_err(|error| explain(error.into()))?;
        fs::write(&path, text).map_err(explain)
    }
}
