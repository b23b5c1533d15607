//! Errors of annotations.

use std::path::PathBuf;

use crate::decode::DecodeError;

/// Error of reading an annotation.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// An official list is missing.
    #[error("there is no list {}: type `train fetch` to download the pets with their annotations", .0.display())]
    MissingList(PathBuf),
    /// The file is there but cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The annotation's file.
        path: PathBuf,
        /// Error of the system.
        error: std::io::Error,
    },
    /// A line of an official list is malformed.
    #[error("line {line} of {}: {reason}; expected a name, a class number, a species and a breed number, as in `Abyssinian_100 1 1 1`", path.display())]
    BrokenList {
        /// The list.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// Fault, as a part of a sentence.
        reason: String,
    },
    /// A trimap cannot be decoded.
    #[error("the trimap {cause}")]
    TrimapPicture {
        /// Error of the decoder, which names the file.
        cause: DecodeError,
    },
    /// A trimap has a value other than 1, 2 and 3.
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
    /// A head box file is not Pascal VOC XML with a box of positive size.
    #[error("the head box {}: {reason}; fetch the annotations again or remove the file", path.display())]
    BrokenHeadBox {
        /// The XML file.
        path: PathBuf,
        /// Fault, as a part of a sentence.
        reason: String,
    },
}
