//! Brightness: a shift in logit space.

use rand::{Rng, RngExt};

/// Draws a change, uniform around 0.5, which leaves the picture unchanged; `max_lighting` 0.4 gives 0.3 to 0.7.
pub(super) fn draw(max_lighting: f64, random: &mut impl Rng) -> f64 {
    0.5 * (1.0 + max_lighting * (2.0 * random.random::<f64>() - 1.0))
}

/// Shift of every logit by this change: the logit of `change`.
pub(super) fn logit_shift(change: f64) -> f64 {
    (change / (1.0 - change)).ln()
}
