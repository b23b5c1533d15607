//! Errors of listing and using pictures.

use std::path::PathBuf;

use crate::annotations::AnnotationError;
use crate::part::Part;

/// Error of listing or using pictures.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder does not exist.
    #[error("there is no folder {}: name another one, or type `train fetch` to download the pets", .0.display())]
    Missing(PathBuf),
    /// A folder is there but cannot be listed.
    #[error("cannot list {}: {source}", path.display())]
    Unreadable {
        /// The folder or the entry in it.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// The folder has no pictures.
    #[error(
        "there is no picture in {} (looked for .jpg, .jpeg, .png, .gif, .webp, .bmp): name another folder, or type \
         `train fetch` to download the pets",
        .0.display()
    )]
    Empty(PathBuf),
    /// A name is not UTF-8.
    #[error("the name {} is not valid UTF-8: rename it", .0.display())]
    NotUnicode(PathBuf),
    /// The name of a picture does not contain its class.
    #[error("the name {} contains no class: expected a breed, an underscore, a number and .jpg, as in Maine_Coon_12.jpg", .0.display())]
    NoLabel(PathBuf),
    /// A picture lies beside the class folders instead of in one.
    #[error("the picture {} is not in a class folder: move it into one, as in Maine_Coon/12.jpg", .0.display())]
    NoClassFolder(PathBuf),
    /// A picture lies in no folder that is called like a part.
    #[error(
        "the picture {} lies in none of the folders train/, valid/ (or val/, validation/) and test/, which split.kind = \
         \"folders\" takes for the parts: move it into one, or take another split",
        .0.display()
    )]
    InNoPart(PathBuf),
    /// A picture lies in the folder of a part instead of in a class folder there.
    #[error("the picture {} is not in a class folder: move it into one, as in {folder}/Maine_Coon/12.jpg", path.display())]
    NoClassInPart {
        /// The picture.
        path: PathBuf,
        /// Folder of the part.
        folder: String,
    },
    /// Two folders are called like one part.
    #[error(
        "both {} and {} in {} may be the {part} part: rename or join them",
        folders[0],
        folders[1],
        root.display()
    )]
    TwoFoldersOfPart {
        /// The part.
        part: Part,
        /// Folder of both.
        root: PathBuf,
        /// Their names.
        folders: [String; 2],
    },
    /// The official list is missing or malformed.
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
    /// No training picture has this class.
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
