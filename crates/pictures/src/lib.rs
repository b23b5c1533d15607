//! Labelled pictures, from the disk to training batches.
//!
//! The modules follow the path of a picture: [`fetch`] downloads the Oxford-IIIT Pets, [`folder`] lists
//! labelled files with the parts that somebody else put them in ([`part`]), [`annotations`] reads trimaps, head boxes and
//! lists, [`decode`] turns bytes into pixels, [`transform`] augments them and [`loader`] hands out batches in order.
//! [`inspection`] decodes them all beforehand, to find the bad ones.

pub mod annotations;
pub mod decode;
pub mod fetch;
pub mod folder;
pub mod inspection;
pub mod loader;
pub mod part;
pub mod transform;
