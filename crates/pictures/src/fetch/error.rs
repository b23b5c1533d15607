//! What can go wrong with a fetch.

use std::io;
use std::path::{Path, PathBuf};

use download::DownloadError;

/// Why the data set could not be fetched, one variant per cause.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// An archive did not arrive, or is another one than expected.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// An archive cannot be read although its checksum holds.
    #[error("cannot unpack {}: {source}; the archive is damaged, fetch it from another address", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What the decoder said.
        source: io::Error,
    },
    /// An archive holds what could reach outside its folder. Nothing of it was kept.
    #[error("refused to unpack {}: its entry \"{entry}\" {fault}; fetch it from another address", archive.display())]
    UnsafeEntry {
        /// The archive.
        archive: PathBuf,
        /// The name of the entry.
        entry: String,
        /// What is wrong with it, as the rest of a sentence.
        fault: &'static str,
    },
    /// An archive would fill the disk. Nothing of it was kept.
    #[error("refused to unpack {}: it holds more than {most} {unit}; fetch it from another address", archive.display())]
    TooLarge {
        /// The archive.
        archive: PathBuf,
        /// The limit that was passed.
        most: u64,
        /// What was counted.
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
    /// No room for the files. The archive stays.
    #[error("the disk is full at {}: free some space and run again, the archive need not be downloaded again", path.display())]
    DiskFull {
        /// The file being written.
        path: PathBuf,
    },
    /// The disk refused something else.
    #[error("cannot {action} {}: {source}; check that the folder is there and may be written", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FetchError {
    /// The error of an operation on a file; a full disk has a variant of its own.
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
