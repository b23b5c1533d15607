use std::{
    cmp::Reverse,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    Checkpoint, CheckpointError, Manifest,
    checkpoint::{list, read_manifest},
};

/// Folder that runs are kept in, below the current folder.
pub const RUNS_FOLDER: &str = "runs";

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

/// The run that is meant when none is named, and what was passed over to find it.
#[derive(Debug)]
pub struct NewestRun {
    /// The run.
    pub run: Run,
    /// Newer ones that have not been trained for an iteration yet.
    pub passed_over: Vec<Run>,
}

/// Held while a process writes in a run; goes away with the process, however it ends.
pub type RunLock = files::Lock;

/// Reason why a run could not be made, opened or found.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder cannot be created or written.
    #[error("cannot write run folder {}: {error}", folder.display())]
    Create {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
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
        files::create_folders(root).map_err(|error| fail(root, error))?;
        for number in 1.. {
            let folder = root.join(format!("{config_name}-{number}"));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let run = Self { folder };
                    fs::create_dir(run.checkpoints_folder())
                        .and_then(|()| {
                            files::write_atomically(&run.config_file(), config.as_bytes())
                        })
                        .and_then(|()| files::sync_folder(root))
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
        // Cached, since a run in training changes while runs are compared.
        runs.sort_by_cached_key(|run| Reverse((run.changed(), run.folder.clone())));
        runs
    }

    /// The run in `root` that was changed last among those that have been trained for an iteration; among all, if none
    /// has been.
    pub fn newest(root: &Path) -> Result<NewestRun, RunError> {
        let mut runs = Self::all(root);
        if runs.is_empty() {
            return Err(RunError::NoRuns(root.to_owned()));
        }
        let trained = runs.iter().position(Self::is_trained).unwrap_or(0);
        let run = runs.remove(trained);
        runs.truncate(trained);
        Ok(NewestRun {
            run,
            passed_over: runs,
        })
    }

    /// Newest checkpoint whose weights and small files are whole: a network to ask.
    pub fn latest(&self) -> Result<Found, RunError> {
        self.newest_that_passes(Checkpoint::load)
    }

    /// Newest checkpoint of which every file is whole: a place to continue from.
    pub fn latest_whole(&self) -> Result<Found, RunError> {
        self.newest_that_passes(|folder| {
            let checkpoint = Checkpoint::load(folder)?;
            checkpoint.prove()?;
            Ok(checkpoint)
        })
    }

    fn newest_that_passes(
        &self,
        load: impl Fn(&Path) -> Result<Checkpoint, CheckpointError>,
    ) -> Result<Found, RunError> {
        let mut passed_over = Vec::new();
        for listed in list(&self.checkpoints_folder()) {
            match load(&listed.folder) {
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
        let checkpoints = list(&self.checkpoints_folder());
        let newest = checkpoints.first().ok_or_else(|| none(Vec::new()))?;
        let newest = &newest.folder;
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
        match known.iter().find(|listed| listed.name == name) {
            Some(listed) => Ok(listed.folder.clone()),
            None => Err(RunError::UnknownCheckpoint {
                folder: self.folder.clone(),
                name: name.to_owned(),
                known: known.into_iter().map(|listed| listed.name).collect(),
            }),
        }
    }

    /// Keeps other processes out until the lock is dropped, if the file system can; [`files::Lock::protection`] says so.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        let fail = |error| RunError::Create {
            folder: self.folder.clone(),
            error,
        };
        let lock = RunLock::try_exclusive(&self.file(".lock")).map_err(fail)?;
        lock.ok_or_else(|| RunError::InUse(self.folder.clone()))
    }

    /// Puts in order what a killed save left among the checkpoints: one whose replacement was cut off gets its name back,
    /// and what was not finished is removed. For who holds the run's lock.
    pub fn clean(&self) -> io::Result<()> {
        files::recover(&self.checkpoints_folder())
    }

    /// The run's own name: `CONFIG-N`.
    pub fn name(&self) -> String {
        let path = fs::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Folder of the run.
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

    /// Folder of its checkpoints.
    pub fn checkpoints_folder(&self) -> PathBuf {
        self.file("checkpoints")
    }

    fn is_trained(&self) -> bool {
        self.newest_manifest()
            .is_ok_and(|(manifest, _)| manifest.iterations > 0)
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
