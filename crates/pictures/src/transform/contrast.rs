//! Contrast: a factor in logit space, which keeps the value 0.5.

use rand::{Rng, RngExt};

/// Draws a factor uniform in its logarithm; `max_lighting` 0.4 gives 0.6 to 1/0.6.
pub(super) fn draw(max_lighting: f64, random: &mut impl Rng) -> f64 {
    let bound = (1.0 - max_lighting).ln();
    (bound * (2.0 * random.random::<f64>() - 1.0)).exp()
}
