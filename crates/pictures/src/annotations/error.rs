//! Errors of annotations.

use std::path::PathBuf;

use crate::decode::DecodeError;

/// Why an annotation cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// An official list isn't there.
    #[error("there is no list {}: type `train fetch` to download the pets with their annotations", .0.display())]
    MissingList(PathBuf),
    /// The file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The annotation's file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of an official list that isn't as it should be.
    #[error("line {line} of {}: {reason}; expected a name, a class number, a species and a breed number, as in `Abyssinian_100 1 1 1`", path.display())]
    BrokenList {
        /// The list.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A trimap that is no picture.
    #[error("the trimap {cause}")]
    TrimapPicture {
        /// The decoder's error, which names the file.
        cause: DecodeError,
    },
    /// A trimap with a value other than 1, 2 and 3.
    #[error("the trimap {} has the value {value} at column {column}, row {row}: expected 1 (pet), 2 (background), 3 (border)", path.display())]
    TrimapValue {
        /// The trimap's file.
        path: PathBuf,
        /// Column from the left, from 0.
        column: u32,
        /// Row from the top, from 0.
        row: u32,
        /// The value there.
        value: u8,
    },
    /// A head box that isn't Pascal VOC XML with one box in it.
    #[error("the head box {}: {reason}; fetch the annotations again or remove the file", path.display())]
    BrokenHeadBox {
        /// The XML file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
