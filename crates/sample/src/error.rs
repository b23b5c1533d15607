//! Errors of drawing a sample.

use std::io;
use std::path::{Path, PathBuf};

/// Error of drawing a sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A file or folder could not be read, written or renamed.
    #[error("cannot {action} {path}: {source}; check that the folder is writable and the disk not full", path = path.display())]
    File {
        /// Attempted action, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// A picture could not be encoded.
    #[error("cannot encode {path}: {source}", path = path.display())]
    Encode {
        /// The file it was meant for.
        path: PathBuf,
        /// Error of the encoder.
        source: image::ImageError,
    },
    /// The spec asks for nothing.
    #[error("the sample has no pictures: breeds and pictures_per_breed must be at least one")]
    Empty,
    /// A breed is named twice.
    #[error("breeds names {name} twice; name each breed once")]
    RepeatedBreed {
        /// The class name of the breed.
        name: &'static str,
    },
    /// Two breeds in one frame are asked for, but there is only one.
    #[error("two_breeds_pictures needs at least two breeds; name another breed or set it to 0")]
    NoSecondBreed,
    /// The folder holds something that this generator did not write.
    #[error("{folder} exists and is not a drawn sample; it is left untouched: choose another folder or move it away", folder = folder.display())]
    NotASample {
        /// The folder.
        folder: PathBuf,
    },
}

impl SampleError {
    /// Names the file or folder of a failed action.
    pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
