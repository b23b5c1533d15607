//! Randomness that depends on the seed alone.

use files::sha256_hex;
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
    /// Maps that know nothing.
    Baselines = 4,
    /// Which pictures are in a grid together.
    Grids = 5,
    /// The order of pixels that a map calls equally important.
    Ranking = 6,
    /// The noise on pixels that are imputed.
    Imputation = 7,
    /// The noise on pictures, to see whether their maps stay.
    Noise = 8,
    /// The weights of layers that have learnt nothing, and maps of noise beside theirs.
    RandomLayers = 9,
}

/// ChaCha8, seeded with seed, purpose and twice 0 as little-endian u64: the same in every version.
pub fn generator(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(bytes)
}

/// The same for one thing among many, that no other moves: ChaCha8, seeded with seed, purpose and the first 16 digits of the
/// SHA-256 of the `names` with a zero byte between them.
pub fn generator_for(seed: u64, purpose: Purpose, names: &[&str]) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let digest = sha256_hex(names.join("\0").as_bytes());
    bytes[16..].copy_from_slice(&digest.as_bytes()[..16]);
    ChaCha8Rng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn each_thing_has_numbers_of_its_own_that_the_seed_decides() {
        let first = |seed, purpose, names: &[&str]| generator_for(seed, purpose, names).next_u64();
        let number = first(1, Purpose::Bootstrap, &["a", "bc"]);
        assert_eq!(number, first(1, Purpose::Bootstrap, &["a", "bc"]));
        let others = [
            first(2, Purpose::Bootstrap, &["a", "bc"]),
            first(1, Purpose::Baselines, &["a", "bc"]),
            first(1, Purpose::Bootstrap, &["ab", "c"]),
            generator(1, Purpose::Bootstrap).next_u64(),
        ];
        assert!(!others.contains(&number));
    }
}
