//! Where did a network look? Heat-maps from saved checkpoints, as pictures, numbers and one page.
//!
//! [`network`] asks a saved network, [`asked`] passes its answers to the methods of [`cam`], [`explanation`] does both for a
//! batch of pictures, [`overlay`] draws a map where the network really looked, [`report`] writes everything that `explain`
//! leaves on the disk, and `explain score` measures the maps with [`measure`].

pub mod asked;
pub mod classes;
pub mod cli;
pub mod colour;
pub mod commands;
pub mod drawn;
pub mod explanation;
pub mod network;
pub mod npy;
pub mod output;
pub mod overlay;
pub mod packed;
pub mod page;
pub mod pictures;
pub mod random;
pub mod record;
pub mod report;
pub mod sheets;
