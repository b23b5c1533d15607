//! What a sample consists of, and why one could not be drawn.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::breed::Breed;

/// What to draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SampleSpec {
    /// Seed of all randomness.
    pub seed: u64,
    /// The breeds, each at most once; in this order they are numbered in `list.txt`.
    pub breeds: Vec<Breed>,
    /// Pictures of each breed; every fifth goes to `test.txt`, the others to `trainval.txt`.
    pub pictures_per_breed: usize,
    /// Pictures with two different breeds in one frame.
    pub two_breeds_pictures: usize,
}

impl SampleSpec {
    /// Refuses a spec that cannot be drawn.
    ///
    /// # Errors
    /// It has no pictures, a breed twice, or pictures of two breeds and one breed.
    pub fn check(&self) -> Result<(), SampleError> {
        if self.breeds.is_empty() || self.pictures_per_breed == 0 {
            return Err(SampleError::Empty);
        }
        for (place, breed) in self.breeds.iter().enumerate() {
            if self.breeds[..place].contains(breed) {
                return Err(SampleError::RepeatedBreed { name: breed.name() });
            }
        }
        if self.two_breeds_pictures > 0 && self.breeds.len() < 2 {
            return Err(SampleError::NoSecondBreed);
        }
        Ok(())
    }
}

impl Default for SampleSpec {
    fn default() -> Self {
        Self {
            seed: 1,
            breeds: Breed::ALL.to_vec(),
            pictures_per_breed: 160,
            two_breeds_pictures: 30,
        }
    }
}

/// Why a sample could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A file or folder could not be read, written or renamed.
    #[error("cannot {action} {path}: {source}; check that the folder is writable and the disk not full", path = path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A picture could not be encoded.
    #[error("cannot encode {path}: {source}", path = path.display())]
    Encode {
        /// The file it was meant for.
        path: PathBuf,
        /// The encoder's reason.
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
    #[error("{folder} exists and is no drawn sample; it is left untouched: choose another folder or move it away", folder = folder.display())]
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
