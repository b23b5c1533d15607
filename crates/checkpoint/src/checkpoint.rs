use crate::{
    Manifest,
    durable::{sync_folder, write_synced},
};
use network::weights::{StateDict, WeightsError};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The network's parameters and running statistics, under torchvision's names.
pub const WEIGHTS_FILE: &str = "weights.safetensors";
const MANIFEST_FILE: &str = "manifest.json";
/// Prefix of a folder that is being written; nothing reads it.
const PARTIAL: &str = ".partial-";

/// A checkpoint whose digests hold.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Where it was read from.
    pub folder: PathBuf,
    /// What it is.
    pub manifest: Manifest,
    /// Every other file by name, whole.
    files: BTreeMap<String, Vec<u8>>,
}

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The disk is full, the folder cannot be written, …
    #[error("cannot write checkpoint {}: {error}; free some space or choose another folder, the checkpoint before is untouched", folder.display())]
    Write {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// From the system.
        error: io::Error,
    },
    /// A file is missing or unreadable.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// From the system.
        error: io::Error,
    },
    /// The manifest is no manifest of this version.
    #[error("{} is not a checkpoint of this version: {reason}", folder.display())]
    Manifest {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// A byte changed since it was written.
    #[error("{} was changed since it was saved: its SHA-256 is {found}, the manifest says {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// From the manifest.
        expected: String,
        /// Of the file as it is.
        found: String,
    },
    /// The file with the weights is whole but not what it should be.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Writes `checkpoints/NAME` in one step, replacing one of the same name: the files, then `manifest` (its list of files
/// is filled in here), then the rename.
pub fn save(
    checkpoints: &Path,
    name: &str,
    mut manifest: Manifest,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<PathBuf, CheckpointError> {
    let folder = checkpoints.join(name);
    let write = |error| CheckpointError::Write {
        folder: folder.clone(),
        error,
    };
    manifest.files = files
        .iter()
        .map(|(name, bytes)| (name.clone(), digest(bytes)))
        .collect();
    let partial = checkpoints.join(format!("{PARTIAL}{name}"));
    write_files(&partial, &manifest, files)
        .and_then(|()| move_into_place(&partial, &folder))
        .map_err(|error| {
            // Half a checkpoint is of no use and may be what fills the disk.
            let _ = fs::remove_dir_all(&partial);
            write(error)
        })?;
    Ok(folder)
}

impl Checkpoint {
    /// Reads all files of the checkpoint in `folder` and proves them against the manifest.
    pub fn load(folder: &Path) -> Result<Self, CheckpointError> {
        let manifest = read_manifest(folder)?;
        let mut files = BTreeMap::new();
        for (name, expected) in &manifest.files {
            let path = folder.join(name);
            let bytes = read(&path)?;
            let found = digest(&bytes);
            if found != *expected {
                return Err(CheckpointError::Digest {
                    path,
                    expected: expected.clone(),
                    found,
                });
            }
            files.insert(name.clone(), bytes);
        }
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
            files,
        })
    }

    /// The bytes of one of its files.
    pub fn file(&self, name: &str) -> Result<&[u8], CheckpointError> {
        self.files
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| CheckpointError::Manifest {
                folder: self.folder.clone(),
                reason: format!("it has no {name}"),
            })
    }

    /// The network's parameters and running statistics, checked against the network that the manifest describes.
    pub fn weights(&self) -> Result<StateDict, CheckpointError> {
        Ok(StateDict::from_safetensors(
            self.file(WEIGHTS_FILE)?,
            &self.folder.join(WEIGHTS_FILE),
        )?)
    }
}

/// Folders of `checkpoints` that look like checkpoints, the one with the most iterations first.
pub(crate) fn list(checkpoints: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(checkpoints) else {
        return Vec::new();
    };
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !is_partial(path) && path.is_dir())
        .map(|path| {
            // One that cannot be read sorts last, and its reader will say why.
            let iterations = read_manifest(&path).map_or(0, |manifest| manifest.iterations);
            (iterations, path)
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Removes what an interrupted save left behind.
pub(crate) fn remove_partial(checkpoints: &Path) -> io::Result<()> {
    for entry in fs::read_dir(checkpoints)? {
        let path = entry?.path();
        if is_partial(&path) {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

fn is_partial(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL))
}

fn write_files(
    folder: &Path,
    manifest: &Manifest,
    files: &BTreeMap<String, Vec<u8>>,
) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (name, bytes) in files {
        write_synced(&folder.join(name), bytes)?;
    }
    let manifest = serde_json::to_vec_pretty(manifest)?;
    write_synced(&folder.join(MANIFEST_FILE), &manifest)?;
    sync_folder(folder)
}

fn move_into_place(partial: &Path, folder: &Path) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    if folder.exists() {
        // A folder cannot be renamed over another; the old one goes under a name that readers pass over.
        let old = parent.join(format!("{PARTIAL}replaced"));
        if old.exists() {
            fs::remove_dir_all(&old)?;
        }
        fs::rename(folder, &old)?;
        fs::rename(partial, folder)?;
        fs::remove_dir_all(&old)?;
    } else {
        fs::rename(partial, folder)?;
    }
    sync_folder(parent)
}

/// The manifest in `folder`.
pub(crate) fn read_manifest(folder: &Path) -> Result<Manifest, CheckpointError> {
    let refuse = |reason: String| CheckpointError::Manifest {
        folder: folder.to_owned(),
        reason,
    };
    let bytes = read(&folder.join(MANIFEST_FILE))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    if manifest.format != Manifest::FORMAT {
        let (found, known) = (manifest.format, Manifest::FORMAT);
        return Err(refuse(format!(
            "format {found}, this program reads {known}"
        )));
    }
    // A name with a path in it would read outside the folder.
    if let Some(name) = manifest
        .files
        .keys()
        .find(|name| name.contains(['/', '\\']))
    {
        return Err(refuse(format!("`{name}` is not a plain file name")));
    }
    Ok(manifest)
}

fn read(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    fs::read(path).map_err(|error| CheckpointError::Read {
        path: path.to_owned(),
        error,
    })
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
