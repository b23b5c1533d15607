//! Listing of the labelled pictures in a folder.
//!
//! The order is the byte order of the names, whatever the file system's order is, so that a split drawn from a seed is
//! the same on every machine.

mod error;
mod label;
mod labelled_file;
mod name;
mod photographs;
mod ready_made;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::annotations::read_list;

pub use error::FolderError;
pub use label::label_of_file_name;
pub use labelled_file::LabelledFile;
pub use name::{PICTURE_EXTENSIONS, is_hidden, is_picture_name, stem};
pub use photographs::{LabelledPicture, Photographs, PictureItem};
pub use ready_made::{ready_made, with_parts};

/// Place of the label of a picture.
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

/// Lists the pictures below `folder` with their labels, in byte order of their names.
///
/// All folders below are searched. Names that start with `.`, links to folders, and files with none of the
/// [`PICTURE_EXTENSIONS`] are left out (the official archive holds a few `.mat` files). Contents are not read.
/// `annotations` is the folder of the official `list.txt`; only [`FolderLayout::List`] reads it, and leaves out both
/// pictures that are not on the list and lines whose picture is missing.
///
/// # Errors
/// A folder that is missing or without pictures, or a picture without a label: one variant of [`FolderError`] for
/// each.
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
                    part: None,
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
                    part: None,
                }),
                None => Err(FolderError::NoClassFolder(path)),
            })
            .collect(),
        FolderLayout::List => keep_listed(found, folder, annotations),
    }
}

/// Distinct labels in byte order: capitals before small letters, so the Oxford cats come before the dogs. Takes the
/// labels of the **training** part, as fastai does; the index of a class is its position.
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
                part: None,
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
