use crate::{
    Checkpoint, CheckpointError, Manifest,
    checkpoint::{list, read_manifest, remove_partial},
    durable::write_atomically,
};
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The folder of one training run.
///
/// ```text
/// config.toml       the resolved config
/// split.json        classes and pictures of both splits
/// checkpoints/      one folder each
/// epochs.csv, iterations.csv, timings.csv, log.txt, curves.svg
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    folder: PathBuf,
}

/// A checkpoint, and what was passed over to find it.
#[derive(Debug)]
pub struct Found {
    /// The newest checkpoint that is whole.
    pub checkpoint: Checkpoint,
    /// Newer ones that are not, each with its reason.
    pub passed_over: Vec<CheckpointError>,
}

/// Held while a process writes in a run; goes away with the process, however it ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Why a run could not be made, opened or found.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder cannot be created or written.
    #[error("cannot write run folder {}: {error}", folder.display())]
    Create {
        /// The folder.
        folder: PathBuf,
        /// From the system.
        error: io::Error,
    },
    /// Another process trains it.
    #[error("{} is in use by another process: wait for it to end, or stop it", .0.display())]
    InUse(PathBuf),
    /// There is no such run.
    #[error("{} is not a run: it has no config.toml; `train runs` lists the runs", .0.display())]
    NotARun(PathBuf),
    /// There is no run at all.
    #[error("no run in {}: `cargo run -p train` makes one", .0.display())]
    NoRuns(PathBuf),
    /// No checkpoint is there, or none is whole.
    #[error("{} has no usable checkpoint{}", folder.display(), why(reasons))]
    NoCheckpoint {
        /// The run's folder.
        folder: PathBuf,
        /// One for each that was tried.
        reasons: Vec<String>,
    },
    /// The checkpoint that was asked for by name is not there.
    #[error("{} has no checkpoint `{name}`; it has: {}", folder.display(), known.join(", "))]
    UnknownCheckpoint {
        /// The run's folder.
        folder: PathBuf,
        /// As asked for.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
}

impl Run {
    /// Makes `root/CONFIG-N` with the smallest free N, and its folder of checkpoints, and writes `config.toml`.
    pub fn create(root: &Path, config_name: &str, config: &str) -> Result<Self, RunError> {
        let fail = |folder: &Path, error| RunError::Create {
            folder: folder.to_owned(),
            error,
        };
        fs::create_dir_all(root).map_err(|error| fail(root, error))?;
        for number in 1.. {
            let folder = root.join(format!("{config_name}-{number}"));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let run = Self { folder };
                    fs::create_dir(run.checkpoints_folder())
                        .and_then(|()| write_atomically(&run.config_file(), config.as_bytes()))
                        .map_err(|error| fail(&run.folder, error))?;
                    return Ok(run);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(&folder, error)),
            }
        }
        unreachable!("some number is free")
    }

    /// Opens a run by its folder, or by its name in `root`.
    pub fn open(root: &Path, name: &Path) -> Result<Self, RunError> {
        [name.to_owned(), root.join(name)]
            .into_iter()
            .map(|folder| Self { folder })
            .find(|run| run.config_file().is_file())
            .ok_or_else(|| RunError::NotARun(name.to_owned()))
    }

    /// All runs in `root`, the one that was changed last first.
    pub fn all(root: &Path) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(root) else {
            return Vec::new();
        };
        let mut runs: Vec<Self> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .map(|folder| Self { folder })
            .filter(|run| run.config_file().is_file())
            .collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.changed(), run.folder.clone())));
        runs
    }

    /// The run in `root` that was changed last.
    pub fn newest(root: &Path) -> Result<Self, RunError> {
        Self::all(root)
            .into_iter()
            .next()
            .ok_or_else(|| RunError::NoRuns(root.to_owned()))
    }

    /// Its newest checkpoint that is whole.
    pub fn latest(&self) -> Result<Found, RunError> {
        let mut passed_over = Vec::new();
        for folder in list(&self.checkpoints_folder()) {
            match Checkpoint::load(&folder) {
                Ok(checkpoint) => {
                    return Ok(Found {
                        checkpoint,
                        passed_over,
                    });
                }
                Err(error) => passed_over.push(error),
            }
        }
        Err(RunError::NoCheckpoint {
            folder: self.folder.clone(),
            reasons: passed_over.iter().map(ToString::to_string).collect(),
        })
    }

    /// The manifest of its newest checkpoint and when it was saved, without reading the tensors.
    pub fn newest_manifest(&self) -> Result<(Manifest, SystemTime), RunError> {
        let none = |reasons| RunError::NoCheckpoint {
            folder: self.folder.clone(),
            reasons,
        };
        let folders = list(&self.checkpoints_folder());
        let newest = folders.first().ok_or_else(|| none(Vec::new()))?;
        let read = || -> Result<_, CheckpointError> {
            let saved = fs::metadata(newest).and_then(|data| data.modified());
            Ok((
                read_manifest(newest)?,
                saved.unwrap_or(SystemTime::UNIX_EPOCH),
            ))
        };
        read().map_err(|error| none(vec![error.to_string()]))
    }

    /// Folder of the checkpoint `name`.
    pub fn checkpoint(&self, name: &str) -> Result<PathBuf, RunError> {
        let known = list(&self.checkpoints_folder());
        let is_it = |folder: &&PathBuf| folder.file_name().is_some_and(|found| found == name);
        known
            .iter()
            .find(is_it)
            .cloned()
            .ok_or_else(|| RunError::UnknownCheckpoint {
                folder: self.folder.clone(),
                name: name.to_owned(),
                known: known
                    .iter()
                    .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
                    .collect(),
            })
    }

    /// Keeps other processes out until the lock is dropped.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        let fail = |error| RunError::Create {
            folder: self.folder.clone(),
            error,
        };
        let file = File::create(self.file(".lock")).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(RunError::InUse(self.folder.clone())),
            Err(TryLockError::Error(error)) => Err(fail(error)),
        }
    }

    /// Removes what an interrupted save left behind.
    pub fn clean(&self) -> io::Result<()> {
        remove_partial(&self.checkpoints_folder())
    }

    /// The run's own name: `CONFIG-N`.
    pub fn name(&self) -> String {
        let path = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The resolved config.
    pub fn config_file(&self) -> PathBuf {
        self.file("config.toml")
    }

    /// Where its checkpoints are.
    pub fn checkpoints_folder(&self) -> PathBuf {
        self.file("checkpoints")
    }

    fn changed(&self) -> Option<SystemTime> {
        let newest = |path: PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
        [self.checkpoints_folder(), self.config_file()]
            .into_iter()
            .filter_map(newest)
            .max()
    }
}

fn why(reasons: &[String]) -> String {
    if reasons.is_empty() {
        ": it was interrupted before the first one was saved; start it again".to_owned()
    } else {
        format!(": {}", reasons.join("; "))
    }
}
