//! Batches of noise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use train::batch::{LabelledBatch, Targets};

const SIZE: usize = 32;

/// `count` pictures of noise in three classes.
pub fn batch(count: usize, seed: u64) -> LabelledBatch {
    let mut noise = ChaCha8Rng::seed_from_u64(seed);
    LabelledBatch {
        pictures: (0..count * 3 * SIZE * SIZE)
            .map(|_| noise.random::<f32>() - 0.5)
            .collect(),
        targets: Targets::Classes((0..count).map(|picture| picture % 3).collect()),
        size: SIZE,
    }
}
