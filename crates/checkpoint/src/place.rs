//! Where the pictures of a run are now.
//!
//! A run's config names its data folder relative to the folder in which the run began. Later the run is opened from
//! another folder, moved together with its pictures, or mailed without them. So a path of a run is looked for from
//! several folders, see [`Run::places`], and a folder is the right one if it holds a picture of the run.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{Run, SavedDataError, SplitRecord, SplitRecordError};

/// The folders of a run's pictures as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPictures {
    /// The data folder: what `data.folder` would be in a config.
    pub data: PathBuf,
    /// The folder that the names in the split are below.
    pub pictures: PathBuf,
    /// The folder of trimaps and head boxes.
    pub annotations: PathBuf,
    /// Other data folders that hold pictures of these names too, and were not taken.
    pub passed_over: Vec<PathBuf>,
}

/// The pictures of a run were not found.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// They are nowhere where a run looks for them.
    #[error(
        "the pictures of {} are not there (looked in {}): say where they are now with --data FOLDER",
        run.display(),
        listed(places)
    )]
    Missing {
        /// The run's folder.
        run: PathBuf,
        /// The folders that were looked at.
        places: Vec<PathBuf>,
    },
    /// They are not in the folder that was named.
    #[error(
        "--data {}: none of the pictures of {} is there (looked for {} and the others): name the folder that holds them",
        typed.display(),
        run.display(),
        example.display()
    )]
    NotInTyped {
        /// The run's folder.
        run: PathBuf,
        /// The folder as typed.
        typed: PathBuf,
        /// The path that one of the pictures would have.
        example: PathBuf,
    },
    /// The run does not say which pictures it has.
    #[error(transparent)]
    Split(#[from] SplitRecordError),
    /// The run does not say where its pictures were.
    #[error(transparent)]
    Config(#[from] SavedDataError),
}

/// Parts of the data folder that a run uses.
struct Parts<'a> {
    split: &'a SplitRecord,
    /// From the data folder to the pictures: `images`, or nothing.
    pictures: PathBuf,
    /// From the data folder to the annotations.
    annotations: PathBuf,
}

impl Run {
    /// The folders of its pictures: those of the data folder `typed`, or of the first of [`Run::places`] that holds a picture
    /// of the run. For `typed` its folder of pictures may be named as well.
    ///
    /// # Errors
    /// There is none, or the run cannot be read.
    pub fn find_pictures(&self, typed: Option<&Path>) -> Result<RunPictures, PlaceError> {
        let split = SplitRecord::read(&self.split_file())?;
        let folder = self.saved_data()?.folder;
        let below = |path: &Path| path.strip_prefix(&folder).map(Path::to_owned);
        let parts = Parts {
            pictures: below(&split.folder).unwrap_or_default(),
            annotations: below(&split.annotations).unwrap_or("annotations".into()),
            split: &split,
        };
        let places = match typed {
            Some(typed) => parts.readings(typed),
            None => self.places(&folder),
        };
        let holding = places.iter().filter(|place| parts.are_in(place));
        let mut holding: Vec<PathBuf> = holding.cloned().collect();
        if holding.is_empty() {
            return Err(match typed {
                Some(typed) => PlaceError::NotInTyped {
                    run: self.folder().to_owned(),
                    typed: typed.to_owned(),
                    example: parts.example(typed),
                },
                None => PlaceError::Missing {
                    run: self.folder().to_owned(),
                    places,
                },
            });
        }
        let data = holding.remove(0);
        Ok(RunPictures {
            pictures: join(&data, &parts.pictures),
            annotations: data.join(&parts.annotations),
            passed_over: holding,
            data,
        })
    }

    /// The places in which a path of the run's config may be now, each once, in this order: from the folder that holds `runs/`
    /// (two above the run), the one above the run, the run itself, the folder in which the run began, the current folder.
    /// An absolute path below the folder in which the run began is looked for from the others as well.
    pub fn places(&self, path: &Path) -> Vec<PathBuf> {
        let began = self.began_in();
        let inner = match &began {
            Some(began) => path.strip_prefix(began).unwrap_or(path),
            None => path,
        };
        let real = fs::canonicalize(self.folder()).ok();
        let real = real.and_then(|real| Some(real.ancestors().nth(2)?.to_owned()));
        let above = (0..=2).rev().map(|levels| self.above(levels));
        let from = above.chain(real).chain(began).chain([PathBuf::new()]);
        let mut places: Vec<PathBuf> = Vec::new();
        for place in from
            .map(|folder| join(&folder, inner))
            .chain([path.to_owned()])
        {
            if !places.iter().any(|known| is_same(known, &place)) {
                places.push(place);
            }
        }
        places
    }

    /// The folder so many levels above the run, as the run was named if that says it.
    fn above(&self, levels: usize) -> PathBuf {
        let folder = self.folder();
        let last = folder.components().rev().take(levels);
        let is_said = last
            .filter(|part| matches!(part, Component::Normal(_)))
            .count()
            == levels;
        let real = || fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let folder = if is_said { folder.to_owned() } else { real() };
        folder.ancestors().nth(levels).unwrap_or(&folder).to_owned()
    }
}

impl RunPictures {
    /// Warnings of the data folders that were passed over, a sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.passed_over.iter().map(|other| {
            format!(
                "pictures of these names are in {} and in {}: the first are taken; --data chooses",
                self.data.display(),
                other.display()
            )
        })
    }
}

impl Parts<'_> {
    /// The data folders that `typed` may mean: itself, and the one around it if it is called like the folder of pictures.
    fn readings(&self, typed: &Path) -> Vec<PathBuf> {
        let real = fs::canonicalize(typed).unwrap_or_else(|_| typed.to_owned());
        let is_pictures = !self.pictures.as_os_str().is_empty() && real.ends_with(&self.pictures);
        let levels = self.pictures.components().count();
        let around = is_pictures.then(|| real.ancestors().nth(levels).map(Path::to_owned));
        [Some(typed.to_owned()), around.flatten()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Tells whether a picture of the run is in the data folder `place`.
    fn are_in(&self, place: &Path) -> bool {
        let folder = join(place, &self.pictures);
        let mut names = self.split.names();
        folder.is_dir() && names.any(|name| picture_file(&folder, name).is_file())
    }

    fn example(&self, place: &Path) -> PathBuf {
        let folder = join(place, &self.pictures);
        let mut names = self.split.names();
        names
            .next()
            .map_or(folder.clone(), |name| folder.join(name))
    }
}

/// The file of the picture `name` of a split below `folder`: some file systems and archives change the form that Unicode
/// has for a letter, and the other form is found then.
pub fn picture_file(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    if name.is_ascii() || path.exists() {
        return path;
    }
    let others = words::forms(name).map(|form| folder.join(form));
    others
        .into_iter()
        .find(|other| other.exists())
        .unwrap_or(path)
}

/// `folder` with `below` behind it, without a slash at the end; the current folder if both say nothing.
fn join(folder: &Path, below: &Path) -> PathBuf {
    let parts = folder.components().chain(below.components());
    let path: PathBuf = parts.collect();
    if path.as_os_str().is_empty() {
        ".".into()
    } else {
        path
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .ok()
    };
    one == other || real(one) == real(other)
}

fn listed(places: &[PathBuf]) -> String {
    let places: Vec<String> = places
        .iter()
        .map(|place| place.display().to_string())
        .collect();
    places.join(", ")
}
