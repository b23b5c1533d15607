//! Labelled pictures, from the disk to training batches.
//!
//! The modules follow the path of a picture: [`fetch`] downloads the Oxford-IIIT Pets, [`folder`] lists
//! labelled files, [`annotations`] reads trimaps, head boxes and lists, [`split`] divides them into parts ([`part`]
//! names those that somebody else made), [`decode`] turns bytes into pixels, [`transform`] augments them and [`loader`]
//! hands out batches in order.

pub mod annotations;
pub mod decode;
pub mod fetch;
pub mod folder;
pub mod loader;
pub mod part;
pub mod split;
pub mod transform;
