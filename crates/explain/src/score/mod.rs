//! How much of a map lies on the animal: measured, beside maps that know nothing.

mod interval;
mod measure;
mod table;
mod truth;
mod two_breeds;

pub use interval::Interval;
pub use measure::{correlation, energy_share, gaussian, strongest, uniform};
pub use table::{Scores, Tally};
pub use truth::Truth;
pub use two_breeds::{Pair, PairsError, pairs, sides};
