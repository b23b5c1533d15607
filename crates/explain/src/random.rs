//! Randomness that depends on the seed alone.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Use of random numbers; each has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The choice of validation pictures.
    Pictures = 1,
    /// The order of the shuffled weights.
    HeadWeights = 2,
    /// The samples of a bootstrap.
    Bootstrap = 3,
    /// Maps that know nothing, and the order of pixels that a map calls equally important.
    Baselines = 4,
    /// Which pictures are in a grid together.
    Grids = 5,
}

/// ChaCha8, seeded with seed, purpose and twice 0 as little-endian u64: the same in every version.
pub fn generator(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(bytes)
}
