//! Errors of splitting.

use crate::shares::SplitValueError;
use pictures::annotations::AnnotationError;
use pictures::part::Part;
use words::{counted, first_three};

/// Error of dividing a listing, one variant for each cause.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// A value that no listing can be divided by.
    #[error(transparent)]
    Value(#[from] SplitValueError),
    /// One of the two parts has no picture.
    #[error("{} of {} leave none {part}: add pictures or change the split", counted(*pictures, "picture"), counted(*classes, "class"))]
    EmptyPart {
        /// Number of classes in it.
        classes: usize,
        /// Number of pictures in the listing.
        pictures: usize,
        /// `to train on` or `to validate with`.
        part: &'static str,
    },
    /// Some folds of a cross-validation would be empty.
    #[error(
        "split.folds is {folds}, but there are only {pictures} pictures, so some of the folds would have none: take {pictures} \
         at most"
    )]
    TooManyFolds {
        /// Number of folds.
        folds: usize,
        /// Number of pictures in the listing.
        pictures: usize,
    },
    /// The test part that was asked for has no picture.
    #[error(
        "split.test_fraction leaves none of {0} pictures for the test part: add pictures, raise it, or set it to 0"
    )]
    EmptyTest(usize),
    /// Batch statistics need two pictures.
    #[error(
        "{0} is the only picture to train on, and no step can be made with one: add pictures or change the split"
    )]
    OnePicture(String),
    /// All pictures are of one class.
    #[error(
        "all {pictures} pictures are of one class, {class}: nothing can be learnt from that, add pictures of another"
    )]
    OneClass {
        /// The class.
        class: String,
        /// Number of pictures in the listing.
        pictures: usize,
    },
    /// A class has pictures, but none to train on.
    #[error(
        "the class {class} has no picture to train on, only {}{}: a network cannot predict what it was never shown; add \
         training pictures, leave the class out, or change the split (`stratified` gives every class its share)",
        pictures(names),
        and_others(others)
    )]
    Untrained {
        /// The first such class in byte order.
        class: String,
        /// Its pictures.
        names: Vec<String>,
        /// Other such classes.
        others: Vec<String>,
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
    /// No picture has a part.
    #[error(
        "no picture has a part: split.kind = \"csv\" takes the parts from the column `split` of a csv file (data.layout = \
         \"csv\"), split.kind = \"folders\" from folders train/ and valid/; take another split"
    )]
    NoParts,
    /// Some pictures have no part.
    #[error(
        "{} ha{} no part: write train, valid or test into the column `split`, or take another split",
        pictures(.0),
        if .0.len() == 1 { "s" } else { "ve" }
    )]
    NoPart(Vec<String>),
    /// A part that no training can do without has no picture.
    #[error(
        "no picture is in the {0} part, which the split takes from the folders (split.kind = \"folders\": train/ and valid/, \
         val/ or validation/) or from the column `split` (\"csv\"): make one, or take another split"
    )]
    MissingPart(Part),
    /// The pattern of groups does not match a picture.
    #[error(
        "split.pattern '{pattern}' finds no group in {name}: change it so that every picture has one"
    )]
    NoGroup {
        /// The pattern.
        pattern: String,
        /// Name of the picture.
        name: String,
    },
    /// Every group is needed for training.
    #[error(
        "the pictures are {groups} groups, of which the {part} part can have none: each class needs one to train on; check \
         split.pattern, or take another split"
    )]
    NoGroupToSpare {
        /// Number of groups.
        groups: usize,
        /// Part that would be empty.
        part: Part,
    },
}

/// The number of pictures with the names of the first three.
fn pictures(names: &[String]) -> String {
    let count = counted(names.len(), "picture");
    format!("{count} ({})", first_three(names))
}

/// The number of other classes with the names of the first three, if there are any.
fn and_others(classes: &[String]) -> String {
    let first = first_three(classes);
    match classes.len() {
        0 => String::new(),
        1 => format!(", nor has the class {first}"),
        count => format!(", nor have {count} other classes ({first})"),
    }
}
