//! Photographs of pets, from the disk to training batches.
//!
//! The modules follow the way of a picture: [`fetch`] brings the Oxford-IIIT Pets to the disk, [`folder`] lists labelled
//! files, [`annotations`] reads what is known beside the label, [`split`] divides them, [`decode`] turns bytes into
//! pixels, [`transform`] augments them and [`loader`] hands out batches in order.

pub mod annotations;
pub mod decode;
pub mod fetch;
pub mod folder;
pub mod loader;
pub mod split;
pub mod transform;
