//! One entry of a listing.

use std::path::PathBuf;

use super::name;
use crate::part::Part;

/// One picture file and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledFile {
    /// Path below the listed folder with `/` between its parts: the file name, or `class/name`. Unique in a listing.
    pub name: String,
    /// Path of the file.
    pub path: PathBuf,
    /// Name of the class.
    pub label: String,
    /// Part that the folder or the csv file puts it in, if either divides the pictures.
    pub part: Option<Part>,
}

impl LabelledFile {
    /// The file name without folders and extension, e.g. `Abyssinian_12`: the key to its annotations.
    pub fn stem(&self) -> &str {
        name::stem(&self.name)
    }
}
