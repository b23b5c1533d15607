//! A folder of results that is there as a whole or not at all.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use files::PartialFolder;

/// The page, last to be written.
const PAGE: &str = "index.html";
/// Numbers of `explain`, of `explain score` and of `explain evaluate`: a folder of ours has the page and one of them.
pub const NUMBERS: [&str; 3] = ["scores.json", "score.csv", "evaluation.json"];

/// List of the files of a folder of results: others in it are somebody's own.
const WRITTEN: &str = ".written";
/// Endings of results.
const ENDINGS: [&str; 6] = [".html", ".json", ".csv", ".png", ".npy", ".svg"];

/// Files that systems leave in every folder that is looked at.
const OF_SYSTEMS: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// Results on their way to a folder: written beside it, and renamed when complete.
#[derive(Debug)]
pub struct OutputFolder {
    target: PathBuf,
    partial: PartialFolder,
}

/// Results could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The disk refused.
    #[error("cannot write {}: {error}; check that the folder may be written and the disk has room", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Error of the system.
        error: io::Error,
    },
    /// Results would replace something else.
    #[error("{} exists and holds no results of this program; it is left untouched: choose another folder with --out", .0.display())]
    Occupied(PathBuf),
    /// Results would replace a file that somebody put beside earlier ones.
    #[error("{} holds {file}, which this program has not written; it is left untouched: move that file, or choose another folder with --out", folder.display())]
    Foreign {
        /// The folder of results.
        folder: PathBuf,
        /// The file, below it.
        file: String,
    },
}

impl OutputFolder {
    /// Prepares to fill `target`. Earlier results there stay until [`OutputFolder::finish`]; anything else there is an
    /// error.
    pub fn begin(target: &Path) -> Result<Self, OutputError> {
        let target = std::path::absolute(target).map_err(|error| write_error(target, error))?;
        let is_empty = fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_none());
        if target.exists() && !is_empty && !is_ours(&target) {
            return Err(OutputError::Occupied(target));
        }
        if let Some(file) = foreign_file(&target) {
            return Err(OutputError::Foreign {
                folder: target,
                file,
            });
        }
        let partial = PartialFolder::begin(&target).map_err(|error| write_error(&target, error))?;
        Ok(Self { target, partial })
    }

    /// True if results of before are in the folder, in whose place the new ones will be.
    pub fn replaces(&self) -> bool {
        is_ours(&self.target)
    }

    /// Adds the file `name`, which may have folders in front.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        self.partial
            .write(name, bytes)
            .map_err(|error| write_error(&self.target.join(name), error))
    }

    /// Writes the page, the last file, and puts the results in their place. Returns the path of the page.
    pub fn finish(self, page: &str) -> Result<PathBuf, OutputError> {
        let written = files_below(self.partial.path()).join("\n");
        self.write(WRITTEN, format!("{written}\n{PAGE}\n").as_bytes())?;
        self.write(PAGE, page.as_bytes())?;
        let Self { target, partial } = self;
        partial
            .finish()
            .map_err(|error| write_error(&target, error))?;
        Ok(target.join(PAGE))
    }
}

/// Returns true if `folder` holds results of this program. A page alone may be anybody's.
fn is_ours(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(PAGE) && NUMBERS.into_iter().any(has)
}

/// A file in the results in `folder` that is none of theirs. Results of earlier versions have no list; of those, a file with
/// an ending that results never have.
fn foreign_file(folder: &Path) -> Option<String> {
    let list = fs::read_to_string(folder.join(WRITTEN)).ok();
    let written: Option<BTreeSet<&str>> = list.as_deref().map(|list| list.lines().collect());
    let is_of_a_system = |file: &String| OF_SYSTEMS.iter().any(|name| file.ends_with(name));
    let is_written = |file: &String| match &written {
        _ if is_of_a_system(file) => true,
        Some(written) => file == WRITTEN || written.contains(file.as_str()),
        None => ENDINGS.iter().any(|ending| file.ends_with(ending)),
    };
    files_below(folder)
        .into_iter()
        .find(|file| !is_written(file))
}

/// Paths of all files below `folder`, with `/` between their parts.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let below = files_below(&entry.path());
            files.extend(below.into_iter().map(|file| format!("{name}/{file}")));
        } else {
            files.push(name);
        }
    }
    files.sort_unstable();
    files
}

fn write_error(path: &Path, error: io::Error) -> OutputError {
    OutputError::Write {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_appear_at_once_and_replace_earlier_ones_whole() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("below/results");
        let first = OutputFolder::begin(&target).unwrap();
        first.write("maps/a.npy", b"a").unwrap();
        first.write("scores.json", b"{}").unwrap();
        assert!(!target.exists());
        first.finish("page").unwrap();
        assert!(target.join("maps/a.npy").is_file());

        let second = OutputFolder::begin(&target).unwrap();
        second.write("maps/b.npy", b"b").unwrap();
        drop(second);
        assert!(
            target.join("maps/a.npy").is_file(),
            "an interrupted run changes nothing"
        );

        let third = OutputFolder::begin(&target).unwrap();
        third.write("maps/c.npy", b"c").unwrap();
        let page = third.finish("page").unwrap();
        assert_eq!(fs::read_to_string(page).unwrap(), "page");
        assert!(!target.join("maps/a.npy").exists() && target.join("maps/c.npy").is_file());
        assert_eq!(
            fs::read_dir(folder.path().join("below")).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    /// A note and a picture of somebody's own were gone with the results beside them.
    #[test]
    fn a_file_that_somebody_put_beside_results_is_named_and_left_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("results");
        let fill = || -> Result<PathBuf, OutputError> {
            let output = OutputFolder::begin(&target)?;
            output.write("maps/a.npy", b"a")?;
            output.write("scores.json", b"{}")?;
            output.finish("page")
        };
        fill().unwrap();
        fs::write(target.join("maps/.DS_Store"), "").unwrap();
        fill().unwrap();
        fs::create_dir(target.join("sub")).unwrap();
        for own in ["note.txt", "sub/precious.png"] {
            fs::write(target.join(own), "mine").unwrap();
            let error = fill().unwrap_err().to_string();
            assert!(error.contains(own) && error.contains("--out"), "{error}");
            fs::rename(target.join(own), folder.path().join("moved")).unwrap();
        }
        fs::remove_file(target.join(WRITTEN)).unwrap();
        fs::write(target.join("note.txt"), "mine").unwrap();
        assert!(fill().unwrap_err().to_string().contains("note.txt"));
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_left_untouched() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["thesis.tex", "index.html"] {
            fs::write(folder.path().join(name), "").unwrap();
            let error = OutputFolder::begin(folder.path()).unwrap_err();
            assert!(matches!(error, OutputError::Occupied(_)), "{error}");
        }
    }
}
