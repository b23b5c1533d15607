//! Annotations of the Oxford-IIIT Pets: the official lists, trimaps and head boxes.
//!
//! Trimaps and head boxes are found by the stem of the picture's file name (`Abyssinian_12` of `Abyssinian_12.jpg`).
//! They exist for some pictures only, so the readers of trimaps and head boxes return `None` if there is no file.

mod error;
mod head_box;
mod list;
mod optional_file;
mod trimap;

pub use error::AnnotationError;
pub use head_box::{HeadBox, read_head_box};
pub use list::{ListEntry, Species, read_list};
pub use trimap::{Region, Trimap, read_trimap};
