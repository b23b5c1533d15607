//! A folder that is there whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Component, Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    durable::{create_folders, parent_of, sync_tree},
    lock::{Protection, try_lock},
    replace::{PARTIAL, give_back, replace},
};

/// A folder on its way to its place: filled under a hidden name beside it, put there by [`PartialFolder::finish`], and
/// removed if it is dropped before.
///
/// Nothing is synced while files are written. [`PartialFolder::finish`] brings all of them to the disk, several at a
/// time, before the folder gets its name: many small files cost a third of what syncing each by itself does.
#[derive(Debug)]
pub struct PartialFolder {
    target: PathBuf,
    partial: TempDir,
    /// Says that this process lives: the system gives it back when it does not.
    _lock: Option<File>,
}

impl PartialFolder {
    /// Prepares to fill `target`, and makes the folders above it. What a killed process left of an earlier attempt at
    /// `target` is removed or given its name back.
    ///
    /// # Errors
    /// The folder above cannot be written, or `target` is a file.
    pub fn begin(target: &Path) -> io::Result<Self> {
        // A program may change its current folder.
        let target = std::path::absolute(target)?;
        check_target(&target)?;
        create_folders(parent_of(&target))?;
        give_back(&target)?;
        remove_abandoned(&target)?;
        let (partial, lock) = create(&target)?;
        Ok(Self {
            target,
            partial,
            _lock: lock,
        })
    }

    /// Path of the folder until it is finished.
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Writes the file `name`, which may have folders in front.
    ///
    /// # Errors
    /// The disk is full, or `name` leads out of the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let is_inside = |part| matches!(part, Component::Normal(_));
        if !Path::new(name).components().all(is_inside) {
            let reason = format!("`{name}` leads out of the folder");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let path = self.path().join(name);
        fs::create_dir_all(parent_of(&path))?;
        fs::write(&path, bytes)
    }

    /// Brings everything to the disk and gives the folder its name in one step; what had the name before is removed.
    ///
    /// # Errors
    /// The disk is full or failing, or the target has become a file. What was there before is then as it was.
    pub fn finish(self) -> io::Result<()> {
        sync_tree(self.path())?;
        check_target(&self.target)?;
        // What the target was before has the hidden name afterwards, and goes with this value.
        replace(self.path(), &self.target)
    }
}

/// An error if the target is anything but a folder, a link or nothing.
fn check_target(target: &Path) -> io::Result<()> {
    if target.file_name().is_none() {
        let reason = "the path has no folder name";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() || found.is_symlink() => Ok(()),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// `.partial-NAME-` in front of random letters.
fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(PARTIAL);
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

fn create(target: &Path) -> io::Result<(TempDir, Option<File>)> {
    let prefix = prefix(target);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // Private by default; results are for whom the umask lets.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    loop {
        let folder = builder.tempdir_in(parent_of(target))?;
        let lock = held(folder.path());
        // Another process may have taken it for abandoned before it was locked.
        if folder.path().is_dir() && !matches!(lock, Held::Taken) {
            return Ok((folder, lock.file()));
        }
    }
}

/// Removes what killed processes left of earlier attempts at `target`. A folder that cannot be locked may have an owner
/// that lives, and stays.
fn remove_abandoned(target: &Path) -> io::Result<()> {
    let prefix = prefix(target);
    for entry in fs::read_dir(parent_of(target))? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name
            .as_encoded_bytes()
            .starts_with(prefix.as_encoded_bytes());
        if is_ours
            && entry.file_type()?.is_dir()
            && let Held::Ours(_lock) = held(&entry.path())
        {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Owner of the lock on a folder.
enum Held {
    Ours(File),
    Taken,
    /// Folders have no locks here.
    Unlockable,
}

impl Held {
    fn file(self) -> Option<File> {
        match self {
            Self::Ours(file) => Some(file),
            Self::Taken | Self::Unlockable => None,
        }
    }
}

/// Tries to lock a folder itself, which Unix allows.
fn held(folder: &Path) -> Held {
    let Ok(file) = File::open(folder) else {
        return Held::Unlockable;
    };
    match try_lock(&file) {
        Ok(Some(Protection::Enforced)) => Held::Ours(file),
        Ok(None) => Held::Taken,
        Ok(Some(Protection::Unsupported)) | Err(_) => Held::Unlockable,
    }
}
