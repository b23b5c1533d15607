//! Locks between processes.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// An exclusive lock: a file that one process holds until the value is dropped or the process ends, however it ends. The
/// empty file stays, since removing one that others may wait for would let two in.
///
/// Some network file systems know no locks. There work goes on without one, as safe as one process at a time is
/// anywhere; [`Lock::protection`] says so.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    protection: Protection,
}

/// Worth of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Protection {
    /// Other processes are kept out.
    Enforced,
    /// The file system knows no locks.
    Unsupported,
}

impl Lock {
    /// Takes the lock `path` at once; `None` if another process has it.
    ///
    /// # Errors
    /// The file cannot be made or opened.
    pub fn try_exclusive(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        Ok(try_lock(&file)?.map(|protection| Self {
            _file: file,
            protection,
        }))
    }

    /// Takes the lock `path`; if another process has it, calls `on_wait` and then waits.
    ///
    /// # Errors
    /// The file cannot be made or opened.
    pub fn wait(path: &Path, on_wait: impl FnOnce()) -> io::Result<Self> {
        let file = open(path)?;
        let protection = lock_file(&file, on_wait)?;
        Ok(Self {
            _file: file,
            protection,
        })
    }

    /// Protection from other processes.
    pub fn protection(&self) -> Protection {
        self.protection
    }
}

/// Locks a file that is open anyway, for as long as it is; if another process has it, calls `on_wait` and then waits.
///
/// # Errors
/// Those of the system.
pub fn lock_file(file: &File, on_wait: impl FnOnce()) -> io::Result<Protection> {
    if let Some(protection) = try_lock(file)? {
        return Ok(protection);
    }
    on_wait();
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            locked => return judge(locked),
        }
    }
}

/// `None` if another process has the lock.
pub(crate) fn try_lock(file: &File) -> io::Result<Option<Protection>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(Protection::Enforced)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => judge(Err(error)).map(Some),
    }
}

fn judge(locked: io::Result<()>) -> io::Result<Protection> {
    match locked {
        Ok(()) => Ok(Protection::Enforced),
        Err(error) if is_unsupported(&error) => Ok(Protection::Unsupported),
        Err(error) => Err(error),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    // NFS without a lock service.
    #[cfg(unix)]
    let has_no_service = error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error());
    #[cfg(not(unix))]
    let has_no_service = false;
    error.kind() == io::ErrorKind::Unsupported || has_no_service
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No file system without locks can be had in a test: what it answers can.
    #[cfg(unix)]
    #[test]
    fn what_file_systems_without_locks_answer_is_no_error_and_everything_else_is() {
        use rustix::io::Errno;
        let judged = |errno: Errno| judge(Err(io::Error::from(errno)));
        for errno in [Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK] {
            assert_eq!(judged(errno).unwrap(), Protection::Unsupported, "{errno}");
        }
        for errno in [Errno::IO, Errno::BADF, Errno::ACCESS] {
            judged(errno).unwrap_err();
        }
        assert_eq!(judge(Ok(())).unwrap(), Protection::Enforced);
    }
}
