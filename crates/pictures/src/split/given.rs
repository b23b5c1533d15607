//! The split that somebody else has made.

use super::error::SplitError;
use super::parts::Split;
use crate::folder::LabelledFile;
use crate::part::Part;

/// Split by the part of each picture, all parts ascending. Parts may be empty.
///
/// # Errors
/// The pictures without a part.
pub fn given_split(files: &[LabelledFile]) -> Result<Split, SplitError> {
    let mut split = Split::default();
    let mut without = Vec::new();
    for (index, file) in files.iter().enumerate() {
        match file.part {
            Some(Part::Train) => split.train.push(index),
            Some(Part::Valid) => split.valid.push(index),
            Some(Part::Test) => split.test.push(index),
            None => without.push(file.name.clone()),
        }
    }
    if without.len() == files.len() {
        return Err(SplitError::NoParts);
    }
    if without.is_empty() {
        return Ok(split);
    }
    Err(SplitError::NoPart(without))
}
