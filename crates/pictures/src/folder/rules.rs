//! Rules of a listing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::label::{LabelPattern, label_of_file_name};
use super::ready_made::below_part;

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
    /// In a csv file with the columns `path`, `label` and, if it divides the pictures, `split`: only the pictures named
    /// there.
    Csv,
}

/// Rules by which pictures are listed and labelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Place of the labels.
    pub layout: FolderLayout,
    /// Folder of the official `list.txt`; only [`FolderLayout::List`] reads it.
    pub annotations: PathBuf,
    /// The csv file, whose folder is the one to list; only [`FolderLayout::Csv`] reads it.
    pub csv: PathBuf,
    /// Pattern of the names, for [`FolderLayout::FileNames`] in place of its own rule.
    pub pattern: Option<LabelPattern>,
    /// True if the first folders are the parts of a ready-made split (`train`, `valid`, `test`: see
    /// [`Part::from_word`](crate::part::Part::from_word)) and class folders lie below them, or the parts are the folders in
    /// the class folders.
    pub folders_are_parts: bool,
}

impl Rules {
    /// Rules of a layout that reads no other file.
    pub fn of(layout: FolderLayout) -> Self {
        Self {
            layout,
            annotations: PathBuf::new(),
            csv: PathBuf::new(),
            pattern: None,
            folders_are_parts: false,
        }
    }

    /// The class that `name` says, a path below the folder of pictures with `/` between its parts; `None` if it says none,
    /// as that of a picture in no class folder, or any under [`FolderLayout::Csv`].
    pub fn label_in_name<'a>(&self, name: &'a str) -> Option<&'a str> {
        match (self.layout, &self.pattern) {
            (FolderLayout::FileNames, Some(pattern)) => pattern.label(name),
            // The official list numbers the breeds that the names say.
            (FolderLayout::FileNames | FolderLayout::List, _) => label_of_file_name(name),
            (FolderLayout::Folders, _) => class_folder(name, self.folders_are_parts),
            (FolderLayout::Csv, _) => None,
        }
    }
}

/// The first folder of `name`, below that of the part if the first folders are parts.
pub(super) fn class_folder(name: &str, folders_are_parts: bool) -> Option<&str> {
    let below = below_part(name, folders_are_parts);
    below.split_once('/').map(|(class, _)| class)
}

impl From<FolderLayout> for Rules {
    fn from(layout: FolderLayout) -> Self {
        Self::of(layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_first_folder_or_the_one_below_the_part() {
        let folders = Rules::of(FolderLayout::Folders);
        let parts = Rules {
            folders_are_parts: true,
            ..Rules::of(FolderLayout::Folders)
        };
        for (name, first, below) in [
            ("train/cat/1.jpg", Some("train"), Some("cat")),
            ("Val/cat/new/1.jpg", Some("Val"), Some("cat")),
            ("cat/1.jpg", Some("cat"), Some("cat")),
            ("train/1.jpg", Some("train"), None),
            ("1.jpg", None, None),
            ("cat/train/1.jpg", Some("cat"), Some("cat")),
            (
                "seg_train/seg_train/cat/1.jpg",
                Some("seg_train"),
                Some("cat"),
            ),
        ] {
            assert_eq!(folders.label_in_name(name), first, "{name}");
            assert_eq!(parts.label_in_name(name), below, "{name}");
        }
    }
}
