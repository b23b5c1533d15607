//! The file that collects the bytes until they are complete.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Digest, DownloadError, Phase, Progress};

/// `NAME.part` beside the destination, held by an exclusive lock of the operating system for as long as the value
/// lives: the lock goes with the process, so that a killed download leaves none behind.
pub(crate) struct PartFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl PartFile {
    /// Opens or makes the part file and waits until no other process has it.
    pub(crate) fn open(
        destination: &Path,
        on_progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, DownloadError> {
        let path = path_beside(destination)?;
        if let Some(folder) = path.parent() {
            files::create_folders(folder)
                .map_err(|error| DownloadError::file("make the folder", folder, error))?;
        }
        loop {
            let file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(|error| DownloadError::file("open", &path, error))?;
            lock(&file, &path, on_progress)?;
            // Between opening and locking, the one who had the lock may have moved this file into place or removed it;
            // what was opened is then not the part file any more and must not be touched.
            if is_still_at(&file, &path)
                .map_err(|error| DownloadError::file("open", &path, error))?
            {
                let length = file
                    .metadata()
                    .map_err(|error| DownloadError::file("read", &path, error))?
                    .len();
                return Ok(PartFile { path, file, length });
            }
        }
    }

    /// Bytes that have arrived.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(bytes))
            .map_err(|error| self.explain_write(error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what has arrived.
    pub(crate) fn start_over(&mut self) -> Result<(), DownloadError> {
        if self.length > 0 {
            self.file
                .set_len(0)
                .map_err(|error| DownloadError::file("empty", &self.path, error))?;
            self.length = 0;
        }
        Ok(())
    }

    /// The full digest of what has arrived, of the kind of `digest`. Read through the same handle as is written to:
    /// where locks are enforced (Windows), a second one could not.
    pub(crate) fn digest(&mut self, digest: &Digest) -> Result<String, DownloadError> {
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| digest.of(&mut self.file))
            .map_err(|error| DownloadError::file("read", &self.path, error))
    }

    /// Removes the file.
    pub(crate) fn remove(self) -> Result<(), DownloadError> {
        fs::remove_file(&self.path)
            .map_err(|error| DownloadError::file("remove", &self.path, error))
    }

    /// Puts the complete file into its place: from here on it survives a loss of power.
    pub(crate) fn move_to(self, destination: &Path) -> Result<(), DownloadError> {
        self.file
            .sync_all()
            .map_err(|error| self.explain_write(error))?;
        fs::rename(&self.path, destination).map_err(|error| {
            DownloadError::file("move the finished download to", destination, error)
        })?;
        let folder = destination.parent().unwrap_or(destination);
        files::sync_folder(folder)
            .map_err(|error| DownloadError::file("sync the folder", folder, error))
    }

    fn explain_write(&self, error: io::Error) -> DownloadError {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DownloadError::DiskFull {
                path: self.path.clone(),
                received: self.length,
            },
            _ => DownloadError::file("write", &self.path, error),
        }
    }
}

fn path_beside(destination: &Path) -> Result<PathBuf, DownloadError> {
    let Some(name) = destination.file_name() else {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name");
        return Err(DownloadError::file("download to", destination, cause));
    };
    let mut name = name.to_os_string();
    name.push(".part");
    Ok(destination.with_file_name(name))
}

fn lock(
    file: &File,
    path: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<(), DownloadError> {
    let on_wait = || {
        on_progress(Progress {
            phase: Phase::WaitingForOtherProcess,
            received: 0,
            total: None,
            continued_from: 0,
        });
    };
    // Where there are no locks, one download at a time is as safe as anywhere.
    let _ = files::lock_file(file, on_wait)
        .map_err(|error| DownloadError::file("lock", path, error))?;
    Ok(())
}

fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = same_file::Handle::from_file(file.try_clone()?)?;
    match same_file::Handle::from_path(path) {
        Ok(named) => Ok(opened == named),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
