use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use files::{PartialFolder, Sha256Sum, folders_in, sha256_hex, sha256_of};
use network::weights::{StateDict, WeightsError};

use crate::Manifest;

/// The network's parameters and running statistics, under torchvision's names.
pub const WEIGHTS_FILE: &str = "weights.safetensors";
const MANIFEST_FILE: &str = "manifest.json";
/// Files up to this length are proven as soon as a checkpoint is loaded: it takes no time.
const SMALL: u64 = 1 << 20;

/// A checkpoint whose weights and small files are as they were saved.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// Folder that it was read from, or the file of [`Checkpoint::of_file`].
    pub folder: PathBuf,
    /// Description of it.
    pub manifest: Manifest,
    /// What [`WEIGHTS_FILE`] holds, proven: the first who asks takes it, others read the file once more. A network has
    /// hundreds of megabytes, and mostly one asks.
    weights: Arc<Mutex<Option<Weights>>>,
}

/// The tensors of a file, or why it has none.
type Weights = Result<StateDict, WeightsError>;

/// Content of a checkpoint beside its manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents<'a> {
    /// The network's parameters and running statistics.
    pub weights: &'a StateDict,
    /// Other tensors, by the names of their files.
    pub tensors: BTreeMap<String, &'a StateDict>,
    /// Other files by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Reason why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The disk is full, the folder cannot be written, …
    #[error("cannot write checkpoint {}: {error}; free some space or choose another folder, the checkpoint before is untouched", folder.display())]
    Write {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// A number to be saved is infinite or NaN.
    #[error("checkpoint {} is not saved: `{tensor}` of {file} holds a number that is not finite", folder.display())]
    NotFinite {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// The file that the tensor would be in.
        file: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A file is missing or unreadable.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// The manifest is no manifest of this version.
    #[error("{} is not a checkpoint of this version: {reason}", folder.display())]
    Manifest {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// Fault in it, as a clause.
        reason: String,
    },
    /// A byte changed since it was written.
    #[error("{} was changed since it was saved: its SHA-256 is {found}, the manifest says {expected}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// Digest in the manifest.
        expected: String,
        /// Digest of the file as it is.
        found: String,
    },
    /// The file with the weights is whole but not what it should be.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Writes `checkpoints/NAME` in one step, replacing one of the same name, and returns its path. `manifest` gets its list
/// of files here.
///
/// # Errors
/// A tensor holds a number that is not finite, or the disk refuses. A checkpoint of the same name is then as it was.
pub fn save(
    checkpoints: &Path,
    name: &str,
    manifest: Manifest,
    contents: &Contents<'_>,
) -> Result<PathBuf, CheckpointError> {
    let folder = checkpoints.join(name);
    for (file, state) in contents.states() {
        if let Some(tensor) = state.first_not_finite() {
            return Err(CheckpointError::NotFinite {
                folder,
                file: file.to_owned(),
                tensor: tensor.to_owned(),
            });
        }
    }
    let write = |error| CheckpointError::Write {
        folder: folder.clone(),
        error,
    };
    let partial = PartialFolder::begin(&folder).map_err(write)?;
    let files = contents.write_to(&partial, write)?;
    let manifest = Manifest { files, ..manifest };
    serde_json::to_vec_pretty(&manifest)
        .map_err(io::Error::from)
        .and_then(|bytes| partial.write(MANIFEST_FILE, &bytes))
        .and_then(|()| partial.finish())
        .map_err(write)?;
    Ok(folder)
}

impl Contents<'_> {
    fn states(&self) -> impl Iterator<Item = (&str, &StateDict)> {
        let others = self.tensors.iter();
        let others = others.map(|(file, state)| (file.as_str(), *state));
        std::iter::once((WEIGHTS_FILE, self.weights)).chain(others)
    }

    /// Writes one file after the other and returns their digests by name.
    fn write_to(
        &self,
        folder: &PartialFolder,
        write: impl Fn(io::Error) -> CheckpointError,
    ) -> Result<BTreeMap<String, String>, CheckpointError> {
        let mut digests = BTreeMap::new();
        let mut add = |name: &str, bytes: &[u8]| {
            digests.insert(name.to_owned(), sha256_hex(bytes));
            folder.write(name, bytes).map_err(&write)
        };
        for (name, state) in self.states() {
            add(name, &state.to_safetensors(&BTreeMap::new())?)?;
        }
        for (name, bytes) in &self.files {
            add(name, bytes)?;
        }
        Ok(digests)
    }
}

impl Checkpoint {
    /// Tells a checkpoint by its manifest, without reading it.
    pub fn is_one(folder: &Path) -> bool {
        folder.join(MANIFEST_FILE).is_file()
    }

    /// Reads manifest and weights of the checkpoint in `folder`, and proves the weights and the small files against the
    /// manifest. Of large files only the names are looked for, until [`Checkpoint::file`] or [`Checkpoint::prove`].
    ///
    /// # Errors
    /// A file is missing or was changed, or the manifest is none of a known version.
    pub fn load(folder: &Path) -> Result<Self, CheckpointError> {
        let manifest = read_manifest(folder)?;
        let weights = read_weights(folder, &manifest, WEIGHTS_FILE)?;
        let checkpoint = Self {
            folder: folder.to_owned(),
            manifest,
            weights: Arc::new(Mutex::new(Some(weights))),
        };
        checkpoint.prove_others(|length| length <= SMALL)?;
        Ok(checkpoint)
    }

    /// A network whose parameters `weights` lie in the file `path` and in no run, as `manifest` describes it; `folder` is then
    /// the file, and there is nothing beside the weights.
    pub fn of_file(path: &Path, manifest: Manifest, weights: StateDict) -> Self {
        Self {
            folder: path.to_owned(),
            manifest,
            weights: Arc::new(Mutex::new(Some(Ok(weights)))),
        }
    }

    /// Proves every file against the manifest: only then can training go on from here.
    ///
    /// # Errors
    /// A file is missing or was changed.
    pub fn prove(&self) -> Result<(), CheckpointError> {
        self.prove_others(|_| true)
    }

    /// Reads one of its files and proves it against the manifest.
    ///
    /// # Errors
    /// The file is missing or was changed, or the manifest does not list it.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        read_proven(&self.folder, &self.manifest, name)
    }

    /// Reads the tensors of one of its files and proves it against the manifest.
    ///
    /// # Errors
    /// The file is missing, was changed or is no safetensors file, or the manifest does not list it.
    pub fn tensors(&self, name: &str) -> Result<StateDict, CheckpointError> {
        Ok(read_weights(&self.folder, &self.manifest, name)??)
    }

    /// The parameters and running statistics of the network that answers, whose error rate the manifest has, as they are in
    /// the file: whether they are those of the network that the manifest describes is for [`StateDict::check`] to say.
    ///
    /// # Errors
    /// The file is missing, was changed or is no safetensors file.
    pub fn weights(&self) -> Result<StateDict, CheckpointError> {
        match &self.manifest.answering_weights {
            None => self.training_weights(),
            Some(name) => self.tensors(name),
        }
    }

    /// The parameters and running statistics that training goes on with.
    ///
    /// # Errors
    /// The file is no safetensors file, or was changed since the first who asked.
    pub fn training_weights(&self) -> Result<StateDict, CheckpointError> {
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(Ok(weights)), true) = (&*weights, self.folder.is_file()) {
            return Ok(weights.clone());
        }
        let taken = match weights.take() {
            Some(taken) => taken,
            None => read_weights(&self.folder, &self.manifest, WEIGHTS_FILE)?,
        };
        Ok(taken?)
    }

    /// Proves the files, other than the weights, of which `is_wanted` tells the length.
    fn prove_others(&self, is_wanted: impl Fn(u64) -> bool) -> Result<(), CheckpointError> {
        for name in self
            .manifest
            .files
            .keys()
            .filter(|name| *name != WEIGHTS_FILE)
        {
            let path = self.folder.join(name);
            let read = |error| read_error(&path, error);
            let file = File::open(&path).map_err(read)?;
            if is_wanted(file.metadata().map_err(read)?.len()) {
                let found = sha256_of(file).map_err(read)?;
                compare(&path, expected(&self.folder, &self.manifest, name)?, found)?;
            }
        }
        Ok(())
    }
}

/// A folder among checkpoints.
pub(crate) struct Listed {
    /// Name of its own, which the path need not have while it is being replaced.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// True if it is kept as the best.
    pub(crate) is_best: bool,
}

/// Folders of `checkpoints` that look like checkpoints, the one with the most iterations first; one that is kept as the best
/// comes last.
pub(crate) fn list(checkpoints: &Path) -> Vec<Listed> {
    let Ok(folders) = folders_in(checkpoints) else {
        return Vec::new();
    };
    let mut found: Vec<(u64, Listed)> = folders
        .into_iter()
        .map(|(name, folder)| {
            // One that cannot be read sorts last, and its reader will say why.
            let manifest = read_manifest(&folder).ok();
            let iterations = manifest.as_ref().map_or(0, |manifest| manifest.iterations);
            let is_best = manifest.is_some_and(|manifest| manifest.best);
            let name = name.to_string_lossy().into_owned();
            let listed = Listed {
                name,
                folder,
                is_best,
            };
            (iterations, listed)
        })
        .collect();
    found.sort_by(|(a, first), (b, second)| {
        let by_age = (b, &second.name).cmp(&(a, &first.name));
        first.is_best.cmp(&second.is_best).then(by_age)
    });
    found.into_iter().map(|(_, listed)| listed).collect()
}

/// The manifest in `folder`.
pub(crate) fn read_manifest(folder: &Path) -> Result<Manifest, CheckpointError> {
    let path = folder.join(MANIFEST_FILE);
    let bytes = fs::read(&path).map_err(|error| read_error(&path, error))?;
    Manifest::from_json(&bytes).map_err(|reason| CheckpointError::Manifest {
        folder: folder.to_owned(),
        reason,
    })
}

fn read_proven(folder: &Path, manifest: &Manifest, name: &str) -> Result<Vec<u8>, CheckpointError> {
    let expected = expected(folder, manifest, name)?;
    let path = folder.join(name);
    let bytes = fs::read(&path).map_err(|error| read_error(&path, error))?;
    compare(&path, expected, sha256_hex(&bytes))?;
    Ok(bytes)
}

/// Reads the tensors of the file `name` and proves all its bytes, each of which is read once. Damage is told by the digest
/// first.
fn read_weights(
    folder: &Path,
    manifest: &Manifest,
    name: &str,
) -> Result<Weights, CheckpointError> {
    let expected = expected(folder, manifest, name)?;
    let path = folder.join(name);
    let read = |error| read_error(&path, error);
    let mut file = File::open(&path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let mut sum = Sha256Sum::default();
    let weights = StateDict::read_safetensors(&mut file, length, &path, |bytes| sum.add(bytes));
    let found = match weights {
        Ok(_) => sum.finish(),
        Err(_) => sha256_of(File::open(&path).map_err(read)?).map_err(read)?,
    };
    compare(&path, expected, found)?;
    Ok(weights)
}

fn expected<'a>(
    folder: &Path,
    manifest: &'a Manifest,
    name: &str,
) -> Result<&'a str, CheckpointError> {
    let digest = manifest.files.get(name).map(String::as_str);
    digest.ok_or_else(|| CheckpointError::Manifest {
        folder: folder.to_owned(),
        reason: format!("it has no {name}"),
    })
}

fn compare(path: &Path, expected: &str, found: String) -> Result<(), CheckpointError> {
    if found == expected {
        return Ok(());
    }
    Err(CheckpointError::Digest {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found,
    })
}

fn read_error(path: &Path, error: io::Error) -> CheckpointError {
    CheckpointError::Read {
        path: path.to_owned(),
        error,
    }
}
