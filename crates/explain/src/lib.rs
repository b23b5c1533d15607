//! Where did a network look? Heat-maps from saved checkpoints, as pictures, numbers and one page.
//!
//! [`network`] asks a saved network, `asked` passes its answers to the methods of [`cam`], `explanation` does both for a
//! batch of pictures, [`overlay`] draws a map where the network really looked, `report` writes everything that `explain`
//! leaves on the disk, and `explain score` measures the maps with [`measure`].

mod answers;
mod asked;
mod checks;
mod classes;
pub mod cli;
mod colour;
pub mod commands;
mod disconnected;
mod drawn;
mod evaluated;
mod explanation;
mod given_maps;
mod look;
pub mod network;
mod npy;
mod output;
pub mod overlay;
mod packed;
mod page;
mod pictures;
mod predictions;
#[cfg(test)]
mod properties;
mod random;
mod record;
mod report;
mod result_name;
mod sheets;
mod shown_name;
mod smoothing;
mod together;
mod truth;
mod viewer;
mod whole_frames;
