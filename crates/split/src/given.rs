//! The split that somebody else has made.

use crate::error::SplitError;
use crate::parts::Split;
use pictures::folder::LabelledFile;
use pictures::part::Part;

/// Split by the part of each picture, all parts ascending. There may be no test part.
///
/// # Errors
/// Pictures without a part; no picture to train on or to validate with.
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
    if !without.is_empty() {
        return Err(SplitError::NoPart(without));
    }
    for (part, indices) in [(Part::Train, &split.train), (Part::Valid, &split.valid)] {
        if indices.is_empty() {
            return Err(SplitError::MissingPart(part));
        }
    }
    Ok(split)
}
