//! Errors of listing and using pictures.

use std::path::PathBuf;

use crate::annotations::AnnotationError;

/// Why pictures cannot be listed or used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder isn't there.
    #[error("there is no folder {}: name another one, or type `train fetch` to download the pets", .0.display())]
    Missing(PathBuf),
    /// A folder is there but cannot be listed.
    #[error("cannot list {}: {source}", path.display())]
    Unreadable {
        /// The folder or the entry in it.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not one picture in the folder.
    #[error(
        "there is no picture in {} (looked for .jpg, .jpeg, .png, .gif, .webp, .bmp): name another folder, or type \
         `train fetch` to download the pets",
        .0.display()
    )]
    Empty(PathBuf),
    /// A name that isn't UTF-8.
    #[error("the name {} is not valid UTF-8: rename it", .0.display())]
    NotUnicode(PathBuf),
    /// A picture whose name says no class.
    #[error("the name {} says no class: expected a breed, an underscore, a number and .jpg, as in Maine_Coon_12.jpg", .0.display())]
    NoLabel(PathBuf),
    /// A picture that lies beside the class folders.
    #[error("the picture {} lies in no class folder: move it into one, as in Maine_Coon/12.jpg", .0.display())]
    NoClassFolder(PathBuf),
    /// The official list is not there or not in order.
    #[error(transparent)]
    List(#[from] AnnotationError),
    /// None of the pictures of the official list is in the folder.
    #[error("none of the pictures of {} is in {}: name the folder that holds them", list.display(), folder.display())]
    NothingListed {
        /// The official list.
        list: PathBuf,
        /// The folder of pictures.
        folder: PathBuf,
    },
    /// A class that no training picture has.
    #[error(
        "the class {label} of {name} has no training picture: take another split (`stratified` gives every class its \
         share) or leave the class out"
    )]
    UntrainedClass {
        /// The class.
        label: String,
        /// A picture of it.
        name: String,
    },
}
