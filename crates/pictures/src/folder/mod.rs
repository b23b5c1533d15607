//! Labelled pictures in a folder: which files, in which order, of which class.
//!
//! The order is the byte order of the names, whatever the file system says, so that a split made from a seed is the same
//! on every machine.

mod label;
mod name;
mod photographs;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::annotations::{AnnotationError, read_list};

pub use label::label_of_file_name;
pub use name::{PICTURE_EXTENSIONS, is_hidden, is_picture_name, stem};
pub use photographs::{LabelledPicture, Photographs, Sample};

/// One picture file and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledFile {
    /// Path below the listed folder with `/` between its parts: the file name, or `class/name`. Unique in a listing.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Name of its class.
    pub label: String,
}

impl LabelledFile {
    /// The file name without folders and extension, e.g. `Abyssinian_12`: the key to its annotations.
    pub fn stem(&self) -> &str {
        name::stem(&self.name)
    }
}

/// Where the label of a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderLayout {
    /// In the file name, `Breed_name_12.jpg`: see [`label_of_file_name`].
    #[default]
    FileNames,
    /// In the name of the folder, `Breed_name/anything.jpg`, the first one below the listed folder.
    Folders,
    /// In the official `list.txt` of the Oxford-IIIT Pets: only the pictures named there, with the breed named there.
    List,
}

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

/// The pictures below `folder` with their labels, in byte order of their names.
///
/// All folders below are walked. Left out: what starts with `.`, links to folders, and whatever has none of the
/// extensions .jpg, .jpeg, .png, .gif, .webp, .bmp in any case (the official archive holds a few `.mat` files). The
/// contents aren't looked at. `annotations` is the folder of the official `list.txt`; only [`FolderLayout::List`] reads it, and
/// leaves out both pictures that aren't on the list and lines whose picture isn't there.
///
/// # Errors
/// A folder that is missing or without pictures, or a picture without a label: one variant of [`FolderError`] for each.
pub fn list_pictures(
    folder: &Path,
    layout: FolderLayout,
    annotations: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let found = walk::find_pictures(folder)?;
    match layout {
        FolderLayout::FileNames => found
            .into_iter()
            .map(|(name, path)| match label_of_file_name(&name) {
                Some(label) => Ok(LabelledFile {
                    label: label.to_owned(),
                    name,
                    path,
                }),
                None => Err(FolderError::NoLabel(path)),
            })
            .collect(),
        FolderLayout::Folders => found
            .into_iter()
            .map(|(name, path)| match name.split_once('/') {
                Some((class, _)) => Ok(LabelledFile {
                    label: class.to_owned(),
                    name,
                    path,
                }),
                None => Err(FolderError::NoClassFolder(path)),
            })
            .collect(),
        FolderLayout::List => keep_listed(found, folder, annotations),
    }
}

/// The distinct labels in byte order: capitals before small letters, so the Oxford cats come before the dogs. To be
/// called with the labels of the **training** part, as fastai does; the index of a class is its position.
pub fn classes<'a>(labels: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    labels
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn keep_listed(
    found: Vec<(String, PathBuf)>,
    folder: &Path,
    annotations: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let list = annotations.join("list.txt");
    let breeds: HashMap<String, String> = read_list(&list)?
        .into_iter()
        .map(|entry| (entry.stem, entry.breed))
        .collect();
    let files: Vec<LabelledFile> = found
        .into_iter()
        .filter_map(|(name, path)| {
            let mut file = LabelledFile {
                name,
                path,
                label: String::new(),
            };
            file.label = breeds.get(file.stem())?.clone();
            Some(file)
        })
        .collect();
    if files.is_empty() {
        return Err(FolderError::NothingListed {
            list,
            folder: folder.to_path_buf(),
        });
    }
    Ok(files)
}
