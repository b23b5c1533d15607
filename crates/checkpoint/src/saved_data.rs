use std::{
    fs, io,
    path::{Path, PathBuf},
};

use pictures::folder::FolderLayout;
use serde::Deserialize;

use crate::Run;

/// What the config of a run says of its pictures, as far as whoever asks the run needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SavedData {
    /// The data folder as it was when the run began.
    pub folder: PathBuf,
    /// Place of the labels.
    #[serde(default)]
    pub layout: FolderLayout,
    /// Pattern of the names, if the layout has one.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Name of the list, if the layout has one and the config names it.
    #[serde(default)]
    pub csv: Option<PathBuf>,
    /// A file that corrected labels, if there was one.
    #[serde(default)]
    pub corrections: Option<PathBuf>,
    /// True if the first folders below the pictures are the parts of a ready-made split.
    #[serde(skip)]
    pub folders_are_parts: bool,
}

/// A run's config that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedDataError {
    /// The file is missing or unreadable.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// The file is something else.
    #[error("{} is no config of a run: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Fault in the content.
        reason: String,
    },
}

/// The tables of a config that are read here.
#[derive(Deserialize)]
struct Saved {
    data: SavedData,
    #[serde(default)]
    split: SavedSplit,
}

#[derive(Deserialize, Default)]
struct SavedSplit {
    kind: Option<String>,
}

impl SavedData {
    /// The list in the folder of pictures `pictures`, if all classes are from one.
    pub fn list_in(&self, pictures: &Path) -> Option<PathBuf> {
        let has_list = self.layout == FolderLayout::Csv && self.corrections.is_none();
        let written = self.csv.as_deref().map(words::slashes);
        let written = written.unwrap_or_else(|| "labels.csv".to_owned());
        let written = written.replace('\\', "/");
        let name = written
            .rsplit_once('/')
            .map_or(written.as_str(), |(_, name)| name);
        has_list.then(|| pictures.join(name))
    }
}

impl Run {
    /// What its config says of its pictures.
    ///
    /// # Errors
    /// `config.toml` cannot be read.
    pub fn saved_data(&self) -> Result<SavedData, SavedDataError> {
        let path = self.config_file();
        read(&path)
    }
}

fn read(path: &Path) -> Result<SavedData, SavedDataError> {
    let text = fs::read_to_string(path).map_err(|error| SavedDataError::Read {
        path: path.to_owned(),
        error,
    })?;
    let saved: Saved = toml::from_str(&text).map_err(|error| SavedDataError::Content {
        path: path.to_owned(),
        reason: match error.span() {
            Some(span) => {
                let line = 1 + text[..span.start.min(text.len())].matches('\n').count();
                format!("line {line} is not as this program writes it")
            }
            None => "it is not as this program writes it".to_owned(),
        },
    })?;
    Ok(SavedData {
        folders_are_parts: saved.split.kind.as_deref() == Some("folders"),
        ..saved.data
    })
}
