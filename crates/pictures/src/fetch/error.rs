//! Errors of a fetch.

use std::io;
use std::path::{Path, PathBuf};

use download::DownloadError;

/// Error of fetching the data set, one variant for each cause.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The download of an archive failed, or its checksum is wrong.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// An archive cannot be read although its checksum holds.
    #[error("cannot unpack {}: {source}; the archive is damaged, fetch it from another address", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// Error of the decoder.
        source: io::Error,
    },
    /// An archive has an entry that could reach outside its folder. Nothing of the archive was kept.
    #[error("refused to unpack {}: its entry \"{entry}\" {fault}; fetch it from another address", archive.display())]
    UnsafeEntry {
        /// The archive.
        archive: PathBuf,
        /// The name of the entry.
        entry: String,
        /// Fault of the entry, as the rest of a sentence.
        fault: &'static str,
    },
    /// An archive is larger than the data set can be. Nothing of it was kept.
    #[error("refused to unpack {}: it holds more than {most} {unit}; fetch it from another address", archive.display())]
    TooLarge {
        /// The archive.
        archive: PathBuf,
        /// Limit that was passed.
        most: u64,
        /// Unit of the limit.
        unit: &'static str,
    },
    /// An archive has no folder of its name. Nothing of it was kept.
    #[error("{} holds no files in a folder \"{folder}\": fetch it from another address", archive.display())]
    MissingFolder {
        /// The archive.
        archive: PathBuf,
        /// The folder that it should hold.
        folder: String,
    },
    /// The disk is full. The archive stays.
    #[error("the disk is full at {}: free some space and run again, the archive need not be downloaded again", path.display())]
    DiskFull {
        /// The file being written.
        path: PathBuf,
    },
    /// Another operation on a file or folder failed.
    #[error("cannot {action} {}: {source}; check that the folder is there and may be written", path.display())]
    File {
        /// Attempted action, as a verb with its object.
        action: &'static str,
        /// File or folder of the action.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
}

impl FetchError {
    /// Error of an operation on a file; a full disk has a variant of its own.
    pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                FetchError::DiskFull { path }
            }
            _ => FetchError::File {
                action,
                path,
                source,
            },
        }
    }
}
