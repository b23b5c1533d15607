//! Where did a network look? Heat-maps from saved checkpoints, as pictures, numbers and one page.
//!
//! [`cam`] is the arithmetic of each method, [`network`] gets it a feature map and its gradient, [`explanation`] puts both
//! together for a batch of pictures, [`overlay`] draws a map where the network really looked, [`report`] writes everything
//! that `explain` leaves on the disk, [`score`] measures how much of a map lies on the animal.

pub mod cam;
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
pub mod page;
pub mod pictures;
pub mod random;
pub mod record;
pub mod report;
pub mod score;
pub mod sheets;
