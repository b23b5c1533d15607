//! Errors of splitting.

use crate::annotations::AnnotationError;

/// Error of dividing a listing, one variant for each cause.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The fraction is not between 0 and 1.
    #[error(
        "the validation fraction is {0}: expected a number between 0 and 1, both excluded, such as 0.2"
    )]
    Fraction(f64),
    /// One of the two parts has no picture.
    #[error("{pictures} pictures leave none {part}: add pictures or change the split")]
    EmptyPart {
        /// Number of pictures in the listing.
        pictures: usize,
        /// `to train on` or `to validate with`.
        part: &'static str,
    },
    /// An official list is missing or malformed.
    #[error(transparent)]
    List(#[from] AnnotationError),
    /// A picture is on both official lists.
    #[error("{0} is in both trainval.txt and test.txt: fetch the annotations again")]
    ListedTwice(String),
    /// A picture is on neither official list.
    #[error("{0} is neither in trainval.txt nor in test.txt: remove it or take another split")]
    NotListed(String),
}
