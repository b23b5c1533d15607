//! Errors of splitting.

use crate::annotations::AnnotationError;

/// Why a listing cannot be divided.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// A fraction that isn't between 0 and 1.
    #[error(
        "the validation fraction is {0}: expected a number between 0 and 1, both excluded, such as 0.2"
    )]
    Fraction(f64),
    /// One of the parts has no picture.
    #[error("{pictures} pictures leave none {part}: add pictures or change the split")]
    EmptyPart {
        /// How many pictures there are to divide.
        pictures: usize,
        /// `to train on` or `to validate with`.
        part: &'static str,
    },
    /// An official list is not there or not in order.
    #[error(transparent)]
    List(#[from] AnnotationError),
    /// A picture on both official lists.
    #[error("{0} is in both trainval.txt and test.txt: fetch the annotations again")]
    ListedTwice(String),
    /// A picture on neither official list.
    #[error("{0} is neither in trainval.txt nor in test.txt: remove it or take another split")]
    NotListed(String),
}
