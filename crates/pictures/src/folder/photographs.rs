//! Part of a listing as a data set that reads its pictures when asked.

use std::collections::HashMap;
use std::path::PathBuf;

use burn_dataset::{Dataset, DatasetError};
use image::RgbImage;

use super::error::FolderError;
use super::labelled_file::LabelledFile;
use crate::decode::{DecodeError, read_picture};

/// One decoded picture and the index of its class.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledPicture {
    /// The pixels, 8 bit RGB, in the size they have on the disk.
    pub picture: RgbImage,
    /// Position of its class in the list of classes.
    pub label: usize,
}

/// What [`Photographs`] gives for an index. A picture that cannot be decoded is an item like another, and not the data
/// set's own error: whether to stop or to leave it out is decided by who asked.
pub type PictureItem = Result<LabelledPicture, DecodeError>;

/// Pictures on the disk, decoded one at a time, each time anew.
#[derive(Debug, Clone)]
pub struct Photographs {
    files: Vec<(PathBuf, usize)>,
}

impl Photographs {
    /// The pictures `indices` of `files`, in that order. `classes` are those of the training part, as
    /// [`classes`](super::classes) gives them.
    ///
    /// # Errors
    /// [`FolderError::UntrainedClass`] for a picture whose label is none of `classes`.
    ///
    /// # Panics
    /// If an index lies outside `files`.
    pub fn new(
        files: &[LabelledFile],
        indices: &[usize],
        classes: &[String],
    ) -> Result<Self, FolderError> {
        let class_index: HashMap<&str, usize> = classes
            .iter()
            .enumerate()
            .map(|(index, class)| (class.as_str(), index))
            .collect();
        let files = indices
            .iter()
            .map(|&index| {
                let file = &files[index];
                let label = class_index.get(file.label.as_str()).ok_or_else(|| {
                    FolderError::UntrainedClass {
                        label: file.label.clone(),
                        name: file.name.clone(),
                    }
                })?;
                Ok((file.path.clone(), *label))
            })
            .collect::<Result<_, FolderError>>()?;
        Ok(Self { files })
    }
}

impl Dataset<PictureItem> for Photographs {
    /// Never an `Err` on the outside: see [`PictureItem`].
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        let (path, label) = &self.files[index];
        Ok(read_picture(path).map(|picture| LabelledPicture {
            picture,
            label: *label,
        }))
    }

    fn len(&self) -> usize {
        self.files.len()
    }
}
