//! Random generators of an epoch and of a batch: each is named by what it is for, so no two uses share numbers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Identity of one epoch of a run; together with the index of a picture it decides how that picture is augmented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochSeed {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the stage, from 0.
    pub stage: u64,
    /// Number of the epoch in the stage, from 0.
    pub epoch: u64,
}

impl EpochSeed {
    /// Generator for the augmentation of the picture with this index in the data set.
    ///
    /// ChaCha8, seeded with seed, stage, epoch and picture as four little-endian u64.
    pub fn generator(&self, picture: u64) -> ChaCha8Rng {
        generator([self.seed, self.stage, self.epoch, picture])
    }

    /// Generator for the augmentation of the picture where it comes for another time in the epoch: `repeat` counts from 0,
    /// which is [`Self::generator`]. It is the ChaCha stream with that number.
    pub(crate) fn repeat_generator(&self, picture: u64, repeat: u64) -> ChaCha8Rng {
        let mut generator = self.generator(picture);
        generator.set_stream(repeat);
        generator
    }

    /// Generator for the order of the pictures.
    pub fn order_generator(&self) -> ChaCha8Rng {
        self.generator(ORDER)
    }
}

/// Identity of one training batch of a run, for the random numbers that belong to the batch and not to a picture in
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSeed {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the stage, from 0.
    pub stage: u64,
    /// Number of the iteration in the stage, from 0.
    pub iteration: u64,
}

/// Uses of a batch's random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPurpose {
    /// Activations that the network's dropout layers set to zero.
    Dropout,
    /// Pairs and shares of pictures that are mixed into one.
    Mixing,
}

impl BatchSeed {
    /// Generator for one use of random numbers in this batch.
    ///
    /// ChaCha8, seeded with seed, stage, iteration and a number of the purpose as four little-endian u64. The numbers
    /// of the purposes count down from `u64::MAX - 1`, so they are the index of no picture.
    pub fn generator(&self, purpose: BatchPurpose) -> ChaCha8Rng {
        let purpose = match purpose {
            BatchPurpose::Dropout => DROPOUT,
            BatchPurpose::Mixing => MIXING,
        };
        generator([self.seed, self.stage, self.iteration, purpose])
    }
}

// These take the place of a picture's index, which is always smaller. Saved runs continue with the same numbers only
// if they never change.
const ORDER: u64 = u64::MAX;
const DROPOUT: u64 = u64::MAX - 1;
const MIXING: u64 = u64::MAX - 2;

fn generator(numbers: [u64; 4]) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    const BATCH: BatchSeed = BatchSeed {
        seed: 1,
        stage: 2,
        iteration: 3,
    };

    fn numbers(mut generator: ChaCha8Rng) -> [u64; 4] {
        [(); 4].map(|()| generator.next_u64())
    }

    #[test]
    fn dropout_has_the_numbers_of_the_last_picture_but_one_as_it_always_had() {
        let epoch = EpochSeed {
            seed: 1,
            stage: 2,
            epoch: 3,
        };
        let dropout = numbers(BATCH.generator(BatchPurpose::Dropout));
        assert_eq!(dropout, numbers(epoch.generator(u64::MAX - 1)));
        // Recorded once: a saved run must continue with the same numbers.
        assert_eq!(
            dropout,
            [
                17_923_331_011_003_349_455,
                5_174_331_457_302_892_256,
                17_709_623_968_751_673_908,
                2_142_640_647_162_430_117
            ]
        );
    }

    #[test]
    fn no_two_uses_share_numbers() {
        let epoch = EpochSeed {
            seed: 1,
            stage: 2,
            epoch: 3,
        };
        let all = [
            numbers(BATCH.generator(BatchPurpose::Dropout)),
            numbers(BATCH.generator(BatchPurpose::Mixing)),
            numbers(epoch.order_generator()),
            numbers(epoch.generator(0)),
            numbers(epoch.repeat_generator(0, 1)),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[place + 1..].contains(one), "{place}");
        }
    }

    #[test]
    fn each_number_of_a_batch_matters() {
        let dropout = |seed: BatchSeed| numbers(seed.generator(BatchPurpose::Dropout));
        for other in [
            BatchSeed { seed: 9, ..BATCH },
            BatchSeed { stage: 9, ..BATCH },
            BatchSeed {
                iteration: 9,
                ..BATCH
            },
        ] {
            assert_ne!(dropout(BATCH), dropout(other));
        }
    }
}
