use std::{
    cmp::Reverse,
    fs, io,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use words::Match;

use crate::{
    Checkpoint, CheckpointError, Manifest,
    checkpoint::{list, read_manifest},
};

/// Folder that runs are kept in, below the current folder.
pub const RUNS_FOLDER: &str = "runs";
/// Longest name of a config in the name of a run, in bytes; file systems take 255 for the whole.
const LONGEST_NAME: usize = 200;
/// The folder in which the run began.
const BEGAN_FILE: &str = "began.json";

/// The folder of one training run.
///
/// ```text
/// config.toml       the resolved config
/// began.json        the folder it was started in
/// split.json        classes and pictures of both splits
/// checkpoints/      one folder each
/// epochs.csv, iterations.csv, timings.csv, validation.csv, log.txt, curves.svg, report.html
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

/// Content of [`BEGAN_FILE`].
#[derive(Serialize, Deserialize)]
struct Began {
    folder: String,
}

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
    #[error("{} is not a run: it has no config.toml{}; `train runs` lists the runs", typed.display(), suggestion(similar))]
    NotARun {
        /// As typed.
        typed: PathBuf,
        /// The run that it may have meant.
        similar: Option<String>,
    },
    /// There are several runs that may be meant.
    #[error("{} may be {}: type one of them as it is written here", typed.display(), listed(candidates))]
    Ambiguous {
        /// As typed.
        typed: PathBuf,
        /// Their folders.
        candidates: Vec<PathBuf>,
    },
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
    /// There are several checkpoints that may be meant.
    #[error("{}: the checkpoint `{name}` may be `{}`: type one of them as it is written here", folder.display(), candidates.join("` or `"))]
    AmbiguousCheckpoint {
        /// The run's folder.
        folder: PathBuf,
        /// As asked for.
        name: String,
        /// Those that may be meant.
        candidates: Vec<String>,
    },
}

impl Run {
    /// Name of the checkpoint that is kept as the best, if a run keeps one.
    pub const BEST: &str = "best";

    /// Makes `root/CONFIG-N` with the smallest free N, and its folder of checkpoints, and writes `config.toml`. The name is
    /// one that every file system takes, and no other run's on one that ignores the case of letters.
    pub fn create(root: &Path, config_name: &str, config: &str) -> Result<Self, RunError> {
        let fail = |folder: &Path, error| RunError::Create {
            folder: folder.to_owned(),
            error,
        };
        files::create_folders(root).map_err(|error| fail(root, error))?;
        let config_name = words::file_name(config_name, LONGEST_NAME);
        let taken: Vec<String> = Self::all(root)
            .iter()
            .map(|run| words::file_key(&run.name()))
            .collect();
        for number in 1.. {
            let name = format!("{config_name}-{number}");
            if taken.contains(&words::file_key(&name)) {
                continue;
            }
            let folder = root.join(name);
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let run = Self { folder };
                    fs::create_dir(run.checkpoints_folder())
                        .and_then(|()| {
                            files::write_atomically(&run.config_file(), config.as_bytes())
                        })
                        .and_then(|()| run.write_began())
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

    /// Opens a run by its folder, or by its name in `root`. What is typed to the letter wins; else a run is found whose name
    /// differs as [`words::find`] allows.
    ///
    /// # Errors
    /// There is no such run, or there are several.
    pub fn open(root: &Path, typed: &Path) -> Result<Self, RunError> {
        let mut found: Vec<Self> = readings(root, typed)
            .map(|folder| Self { folder })
            .filter(|run| run.config_file().is_file())
            .collect();
        found.dedup_by_key(|run| fs::canonicalize(&run.folder).ok());
        if found.is_empty() {
            found = Self::alike(root, typed)?;
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            _ => Err(RunError::Ambiguous {
                typed: typed.to_owned(),
                candidates: found.into_iter().map(|run| run.folder).collect(),
            }),
        }
    }

    /// The runs whose names are nearly that of `typed`, in its folder or else in `root`: at least one.
    fn alike(root: &Path, typed: &Path) -> Result<Vec<Self>, RunError> {
        let folder = typed
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let runs = Self::all(folder.unwrap_or(root));
        let names: Vec<String> = runs.iter().map(Self::name).collect();
        let known = || names.iter().map(String::as_str);
        let name = typed.file_name().unwrap_or_default().to_string_lossy();
        let indices = match words::find(&name, known()) {
            Match::One(index) => vec![index],
            Match::Several(indices) => indices,
            Match::None => {
                return Err(RunError::NotARun {
                    typed: typed.to_owned(),
                    similar: words::nearest(&name, known()).map(str::to_owned),
                });
            }
        };
        Ok(indices
            .into_iter()
            .map(|index| runs[index].clone())
            .collect())
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
        // The best is none to take for the newest.
        for listed in list(&self.checkpoints_folder())
            .into_iter()
            .filter(|listed| !listed.is_best)
        {
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

    /// The manifest of the checkpoint that is kept as the best, if there is one that can be read.
    pub fn best_manifest(&self) -> Option<Manifest> {
        let mut all = list(&self.checkpoints_folder()).into_iter();
        let best = all.find(|listed| listed.is_best)?;
        read_manifest(&best.folder).ok()
    }

    /// Folder of the checkpoint `name`, which may differ as [`words::find`] allows.
    ///
    /// # Errors
    /// There is no such checkpoint, or there are several.
    pub fn checkpoint(&self, name: &str) -> Result<PathBuf, RunError> {
        let known = list(&self.checkpoints_folder());
        let names = || known.iter().map(|listed| listed.name.clone());
        match words::find(name, known.iter().map(|listed| listed.name.as_str())) {
            Match::One(index) => Ok(known[index].folder.clone()),
            Match::Several(indices) => Err(RunError::AmbiguousCheckpoint {
                folder: self.folder.clone(),
                name: name.to_owned(),
                candidates: indices
                    .iter()
                    .map(|index| known[*index].name.clone())
                    .collect(),
            }),
            Match::None => Err(RunError::UnknownCheckpoint {
                folder: self.folder.clone(),
                name: name.to_owned(),
                known: names().collect(),
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
        match files::recover(&self.checkpoints_folder()) {
            // Whoever looks for a checkpoint says that there is none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
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

    /// The folder in which the run began, if it is known: the one that relative paths in its config are relative to. It need
    /// not be there any more.
    pub fn began_in(&self) -> Option<PathBuf> {
        let bytes = fs::read(self.file(BEGAN_FILE)).ok()?;
        let began: Began = serde_json::from_slice(&bytes).ok()?;
        Some(began.folder.into())
    }

    /// Remembers the current folder, with `/` between the parts. One that has no name in Unicode, or is gone, is not
    /// remembered.
    fn write_began(&self) -> io::Result<()> {
        let current = std::env::current_dir().ok();
        let Some(folder) = current.filter(|folder| folder.to_str().is_some()) else {
            return Ok(());
        };
        let folder = words::slashes(&folder);
        let bytes = serde_json::to_vec_pretty(&Began { folder })?;
        files::write_atomically(&self.file(BEGAN_FILE), &bytes)
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

/// The folders that `typed` may be: itself, and a name in `root`. What begins with a dot or a slash is no name.
fn readings(root: &Path, typed: &Path) -> impl Iterator<Item = PathBuf> {
    let is_name = matches!(typed.components().next(), Some(Component::Normal(_)));
    let named = is_name.then(|| root.join(typed));
    [typed.to_owned()].into_iter().chain(named)
}

fn suggestion(similar: &Option<String>) -> String {
    similar
        .as_ref()
        .map_or_else(String::new, |run| format!(", did you mean `{run}`?"))
}

/// The folders as they can be typed and mean nothing else.
fn listed(folders: &[PathBuf]) -> String {
    let typed = |folder: &PathBuf| match folder.components().count() {
        1 => Path::new(".").join(folder).display().to_string(),
        _ => folder.display().to_string(),
    };
    let folders: Vec<String> = folders.iter().map(typed).collect();
    folders.join(" or ")
}

fn why(reasons: &[String]) -> String {
    if reasons.is_empty() {
        ": it was interrupted before the first one was saved; start it again".to_owned()
    } else {
        format!(": {}", reasons.join("; "))
    }
}
