//! What the Oxford-IIIT Pets say about a picture beside its breed: the official lists, trimaps, head boxes.
//!
//! All are found by the stem of the picture's file name (`Abyssinian_12` of `Abyssinian_12.jpg`). They exist for some
//! pictures only, so the readers of trimaps and head boxes answer `None` where there is no file.

mod error;
mod head_box;
mod list;
mod optional_file;
mod trimap;

pub use error::AnnotationError;
pub use head_box::{HeadBox, read_head_box};
pub use list::{ListEntry, Species, read_list};
pub use trimap::{Region, Trimap, read_trimap};
