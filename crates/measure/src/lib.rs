//! How much of a heat-map lies on the animal: measured on annotated pictures, beside maps that know nothing.
//!
//! [`Truth`] says where the animal is in the frame that a network saw, a [`Tally`] gathers the figures of one method, and
//! [`Scores`] are their means with bootstrap intervals, as a table for people and as csv.

mod baselines;
mod figures;
mod interval;
mod points;
mod rows;
mod table;
mod tally;
mod truth;
mod two_breeds;

pub use baselines::Baselines;
pub use figures::correlation;
pub use interval::Interval;
pub use rows::{TwoBreedsRow, csv};
pub use table::Scores;
pub use tally::{MapCount, Tally};
pub use truth::Truth;
pub use two_breeds::{Sides, TwoBreedPicture, TwoBreedsError, two_breed_pictures};
