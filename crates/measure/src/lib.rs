//! How much of a heat-map lies on the animal: measured on annotated pictures, beside maps that know nothing.
//!
//! [`Truth`] says where the animal is in the frame that a network saw, a [`Tally`] gathers the figures of one method, and
//! [`Scores`] are their means with bootstrap intervals, as a table for people and as csv. A [`Verdict`] says in sentences what
//! they come to.

mod baseline_maps;
mod baselines;
mod figures;
mod grid;
pub mod imputation;
mod interval;
mod measures;
mod parts;
mod points;
pub mod removal;
mod rows;
mod table;
mod tally;
mod truth;
mod two_breeds;
mod verdict;

pub use baseline_maps::BaselineMaps;
pub use baselines::Baselines;
pub use cam::correlation;
pub use figures::rank_correlation;
pub use grid::{grid_share, grids, joined, quarter};
pub use interval::Interval;
pub use measures::{
    Better, DELETION, DIFULL, ENERGY, Form, GRID, INSERTION, LIGHT, MEASURES, MIRRORED, Measure,
    NOISY, Needs, PARTS, POINTING, RANDOM, RANDOM_UNSIGNED, RIGHT_ANIMAL, ROAD_LEAST, ROAD_MOST,
    RUNNER_UP, SHIFTED, SHUFFLED, SHUFFLED_RANKS, Table,
};
pub use parts::{PartsError, PartsPicture, PicturePart, parts_pictures};
pub use rows::{TwoBreedsRow, csv};
pub use table::{Scores, pictures_csv, text};
pub use tally::{About, Kind, MapCount, Tally, Told};
pub use truth::Truth;
pub use two_breeds::{Sides, TwoBreedPicture, TwoBreedsError, two_breed_pictures};
pub use verdict::{Judgement, Verdict};
