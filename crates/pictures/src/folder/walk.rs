//! The picture files below a folder.

use std::collections::BTreeMap;
use std::fs::{DirEntry, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::FolderError;
use super::left_out::{LeftOut, LinkFault, RefusedLink};
use super::name::{extension, is_hidden, is_picture_name, is_system_file, is_system_folder};
use crate::fetch::RECORD_FILE;

/// The pictures below a folder, and what lies beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Name (relative, with `/`) and path of each picture, in byte order of the names.
    pub pictures: Vec<(String, PathBuf)>,
    /// Name of each folder that was looked into, in byte order, without the one that was named.
    pub folders: Vec<String>,
    /// All else.
    pub left_out: LeftOut,
}

/// Finds the pictures below `folder`, in all folders but those that systems keep for themselves and those of runs, whose
/// pictures are of other pictures. Links are followed, each folder is listed once: where it lies itself, or else under the
/// first of the links to it.
///
/// # Errors
/// A folder that is missing, cannot be listed, or has no picture, and names that are not valid UTF-8.
pub fn find_pictures(folder: &Path) -> Result<Found, FolderError> {
    let found = walk(folder)?;
    if found.pictures.is_empty() {
        return Err(FolderError::Empty {
            folder: folder.to_path_buf(),
            left_out: Box::new(found.left_out),
        });
    }
    Ok(found)
}

/// As [`find_pictures`], but a folder without pictures is no error.
pub(super) fn walk(folder: &Path) -> Result<Found, FolderError> {
    let real = folder
        .canonicalize()
        .map_err(|error| missing(folder, error))?;
    let mut walk = Walk {
        root: real.clone(),
        ..Walk::default()
    };
    walk.list(folder, &real, "")?;
    // Links come last, so that a folder has its own name if it lies below the listed one itself.
    while let Some((name, path)) = walk.links.pop_first() {
        walk.follow(name, &path)?;
    }
    if let Some((first, others)) = walk.not_unicode.split_first() {
        return Err(FolderError::NotUnicode {
            path: first.clone(),
            others: others.len(),
        });
    }
    walk.found.pictures.sort();
    walk.found.folders.sort();
    walk.found.left_out.system_folders.sort();
    walk.found.left_out.runs.sort();
    Ok(walk.found)
}

#[derive(Default)]
struct Walk {
    /// Real path of the listed folder.
    root: PathBuf,
    found: Found,
    /// Real path of each folder that was looked into, with its name.
    seen: BTreeMap<PathBuf, String>,
    /// Links to folders that are not followed yet, by name.
    links: BTreeMap<String, PathBuf>,
    not_unicode: Vec<PathBuf>,
}

impl Walk {
    /// Lists the folder at `path`, whose path without links is `real`. Names in it begin with `prefix`.
    fn list(&mut self, path: &Path, real: &Path, prefix: &str) -> Result<(), FolderError> {
        self.seen
            .insert(real.to_path_buf(), prefix.trim_end_matches('/').to_owned());
        let entries = std::fs::read_dir(path).map_err(|error| missing(path, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(path, error))?;
            self.entry(&entry, real, prefix)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, parent: &Path, prefix: &str) -> Result<(), FolderError> {
        let path = entry.path();
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(&path, error))?;
        let file_name = entry.file_name();
        let shown = format!("{prefix}{}", file_name.to_string_lossy());
        let is_link = kind.is_symlink();
        if is_link && is_hidden(&file_name) {
            self.found.left_out.system_files += 1;
            return Ok(());
        }
        let Some(kind) = self.kind(&path, kind, &shown)? else {
            return Ok(());
        };
        if kind.is_dir() && is_system_folder(&file_name) {
            self.found.left_out.system_folders.push(shown);
        } else if !kind.is_dir() && !self.is_listed(&path, kind) {
            // Counted.
        } else if file_name.to_str().is_none() {
            self.not_unicode.push(path);
        } else if !kind.is_dir() {
            self.found.pictures.push((shown, path));
        } else if is_link {
            self.links.insert(shown, path);
        } else {
            self.below(&path, &parent.join(file_name), shown)?;
        }
        Ok(())
    }

    /// Lists a folder that is no link, unless a link led to it before or it is one of runs.
    fn below(&mut self, path: &Path, real: &Path, name: String) -> Result<(), FolderError> {
        if let Some(before) = self.seen.get(real) {
            let target = before.clone();
            self.refuse(name, target, LinkFault::Twice);
            return Ok(());
        }
        if is_run(path) || holds_only_runs(path)? {
            self.found.left_out.runs.push(name);
            return Ok(());
        }
        let prefix = format!("{name}/");
        self.found.folders.push(name);
        self.list(path, real, &prefix)
    }

    /// Lists the folder that the link at `path` leads to.
    fn follow(&mut self, name: String, path: &Path) -> Result<(), FolderError> {
        let real = path
            .canonicalize()
            .map_err(|error| unreadable(path, error))?;
        let around = path.parent().map(Path::canonicalize);
        let is_around = matches!(around, Some(Ok(around)) if around.starts_with(&real));
        if is_around || self.root.starts_with(&real) {
            self.refuse(name, real.display().to_string(), LinkFault::Circle);
            return Ok(());
        }
        self.below(path, &real, name)
    }

    /// Kind of what lies at `path`, behind all links; nothing if a link leads nowhere.
    fn kind(
        &mut self,
        path: &Path,
        kind: FileType,
        name: &str,
    ) -> Result<Option<FileType>, FolderError> {
        if !kind.is_symlink() {
            return Ok(Some(kind));
        }
        let fault = match path.metadata().as_ref().map(Metadata::file_type) {
            Ok(kind) => return Ok(Some(kind)),
            Err(error) if error.kind() == ErrorKind::NotFound => LinkFault::Dead,
            Err(error) => LinkFault::Refused(error.to_string()),
        };
        let target = std::fs::read_link(path).map_err(|error| unreadable(path, error))?;
        self.refuse(name.to_owned(), target.display().to_string(), fault);
        Ok(None)
    }

    fn refuse(&mut self, name: String, target: String, fault: LinkFault) {
        self.found.left_out.links.push(RefusedLink {
            name,
            target,
            fault,
        });
    }

    /// Tells whether the file at `path` is a picture by its name; counts it if it is none.
    fn is_listed(&mut self, path: &Path, kind: FileType) -> bool {
        let left_out = &mut self.found.left_out;
        let file_name = path.file_name().unwrap_or_default();
        if !kind.is_file() {
            left_out.special += 1;
        } else if is_system_file(file_name) {
            // What a fetch of this program leaves is nobody's business.
            left_out.system_files += usize::from(file_name != RECORD_FILE);
        } else if !is_picture_name(path) {
            let extension = extension(path).unwrap_or_default();
            *left_out.extensions.entry(extension).or_default() += 1;
        } else {
            return true;
        }
        false
    }
}

/// Tells whether a run is kept in `folder`.
fn is_run(folder: &Path) -> bool {
    folder.join("config.toml").is_file() && folder.join("checkpoints").is_dir()
}

/// Tells whether `folder` has no pictures but folders, and a run in each but those that systems keep.
fn holds_only_runs(folder: &Path) -> Result<bool, FolderError> {
    let fail = |error| unreadable(folder, error);
    let mut has_runs = false;
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let is_folder = entry.file_type().map_err(fail)?.is_dir();
        if !is_folder && is_picture_name(&entry.path()) {
            return Ok(false);
        }
        if is_folder && !is_system_folder(&entry.file_name()) {
            if !is_run(&entry.path()) {
                return Ok(false);
            }
            has_runs = true;
        }
    }
    Ok(has_runs)
}

fn missing(folder: &Path, error: io::Error) -> FolderError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            FolderError::Missing(folder.to_path_buf())
        }
        _ => unreadable(folder, error),
    }
}

fn unreadable(path: &Path, error: io::Error) -> FolderError {
    FolderError::Unreadable {
        path: path.to_path_buf(),
        error,
    }
}
