//! Seeded randomness: every picture has a generator of its own, so pictures can be drawn in any order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Kind of picture that a generator is for; pictures of different kinds never share one.
#[derive(Clone, Copy)]
pub(crate) enum PicturePurpose {
    /// One animal, labelled with its breed.
    Single = 0,
    /// Two animals of different breeds in one frame.
    TwoBreeds = 1,
    /// One animal that is drawn without each of its parts too.
    Parts = 2,
}

/// The generator of picture `number` of class `class`: its 32 bytes are the four numbers in little endian.
pub(crate) fn generator(seed: u64, purpose: PicturePurpose, class: u64, number: u64) -> ChaCha8Rng {
    let mut bytes = [0; 32];
    for (place, word) in bytes
        .chunks_exact_mut(8)
        .zip([seed, purpose as u64, class, number])
    {
        place.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}

/// The few distributions that drawing needs.
pub(crate) trait Draw {
    /// Uniform in `low..high`.
    fn between(&mut self, low: f32, high: f32) -> f32;
    /// True with this probability.
    fn chance(&mut self, probability: f32) -> bool;
    /// One of `choices`, which must not be empty; each is as likely.
    fn choose<T: Copy>(&mut self, choices: &[T]) -> T;
    /// Bell-shaped around `mean` with the standard deviation `deviation`, never farther than three of them.
    fn bell(&mut self, mean: f32, deviation: f32) -> f32;
    /// −1 or 1.
    fn sign(&mut self) -> f32;
}

impl Draw for ChaCha8Rng {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.random::<f32>()
    }

    fn chance(&mut self, probability: f32) -> bool {
        self.random::<f32>() < probability
    }

    fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random_range(0..choices.len())]
    }

    fn bell(&mut self, mean: f32, deviation: f32) -> f32 {
        // The sum of three uniforms in -1..1 has variance 1 and ends at three: no outliers that break a pose.
        let sum: f32 = (0..3).map(|_| self.between(-1.0, 1.0)).sum();
        mean + deviation * sum
    }

    fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }
}
