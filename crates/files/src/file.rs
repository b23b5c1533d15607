//! A file that is there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    durable::{parent_of, sync_folder},
    replace::PARTIAL,
};

/// Replaces `path` by `bytes` in one step, for good. See [`crate`] for what is promised.
///
/// # Errors
/// The folder is missing or cannot be written, the disk is full, or `path` names a folder or a device. What was there
/// before is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// [`write_atomically`] for content that is written bit by bit; `write` gets a buffered writer.
///
/// # Errors
/// Those of [`write_atomically`] and of `write`.
pub fn write_atomically_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    check_target(path)?;
    let folder = parent_of(path);
    // `create_new` leaves permissions to the umask, which the library's own files do not.
    let file = tempfile::Builder::new()
        .prefix(PARTIAL)
        .make_in(folder, |path| File::create_new(path))?;
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(sync_folder(folder)?)
}

/// An error if the rename would hit what is no file: `/dev/null` must not become one.
fn check_target(path: &Path) -> io::Result<()> {
    if path.file_name().is_none() {
        let reason = "the path has no file name";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            let reason = "it is not a regular file";
            Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
        }
        // What cannot be looked at (a broken link) is for the rename to judge.
        _ => Ok(()),
    }
}
