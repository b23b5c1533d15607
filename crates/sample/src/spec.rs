//! The size and contents of a sample.

use serde::{Deserialize, Serialize};

use crate::breed::Breed;
use crate::error::SampleError;

/// Size and contents of a sample.
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
