//! Data set of a part of a listing that decodes its pictures on request.

use std::collections::HashMap;
use std::path::PathBuf;

use burn_dataset::{Dataset, DatasetError};
use image::RgbImage;

use super::error::FolderError;
use super::labelled_file::LabelledFile;
use crate::decode::{DecodeError, Orientation, read_picture};

/// One decoded picture and the index of its class.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledPicture {
    /// The pixels, 8 bit RGB, in their own size.
    pub picture: RgbImage,
    /// Position of its class in the list of classes.
    pub label: usize,
}

/// Item of [`Photographs`]. A picture that cannot be decoded is an item too and not an error of the data set: the
/// caller decides to stop or to leave it out.
pub type PictureItem = Result<LabelledPicture, DecodeError>;

/// Pictures on the disk, decoded anew each time they are requested.
#[derive(Debug, Clone)]
pub struct Photographs {
    files: Vec<(PathBuf, usize)>,
    orientation: Orientation,
}

impl Photographs {
    /// Data set of the pictures `indices` of `files`, in that order. `classes` are those of the training part, as
    /// [`classes`](super::classes) returns them; `orientation` says whether pictures are turned upright.
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
        orientation: Orientation,
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
        Ok(Self { files, orientation })
    }

    /// Data set of the pictures at `paths`, in that order. Nobody has said what they show: each has the label 0.
    pub fn unlabelled(paths: impl IntoIterator<Item = PathBuf>, orientation: Orientation) -> Self {
        Self {
            files: paths.into_iter().map(|path| (path, 0)).collect(),
            orientation,
        }
    }
}

impl Dataset<PictureItem> for Photographs {
    /// Decodes one picture. The outer `Result` is never an `Err`: see [`PictureItem`].
    fn get(&self, index: usize) -> Result<PictureItem, DatasetError> {
        let (path, label) = &self.files[index];
        Ok(read_picture(path).map(|decoded| LabelledPicture {
            picture: decoded.oriented(self.orientation),
            label: *label,
        }))
    }

    fn len(&self) -> usize {
        self.files.len()
    }
}
