//! The split of the official lists.

use std::collections::HashMap;

use crate::error::SplitError;
use crate::parts::Split;
use pictures::annotations::ListEntry;
use pictures::folder::LabelledFile;

/// Split of the official lists: `trainval` names the training part, `test` the validation part, both ascending.
/// Pictures are found by the stem of their name. Lines whose picture is not in `files` are ignored, so that a part of
/// the data set can be used.
///
/// # Errors
/// [`SplitError::ListedTwice`] for a picture on both lists, [`SplitError::NotListed`] for one on neither.
pub fn official_split(
    files: &[LabelledFile],
    trainval: &[ListEntry],
    test: &[ListEntry],
) -> Result<Split, SplitError> {
    let mut in_test: HashMap<&str, bool> = trainval
        .iter()
        .map(|entry| (entry.stem.as_str(), false))
        .collect();
    for entry in test {
        if in_test.insert(&entry.stem, true).is_some() {
            return Err(SplitError::ListedTwice(entry.stem.clone()));
        }
    }
    let mut split = Split::default();
    for (index, file) in files.iter().enumerate() {
        match in_test.get(file.stem()) {
            Some(false) => split.train.push(index),
            Some(true) => split.valid.push(index),
            None => return Err(SplitError::NotListed(file.name.clone())),
        }
    }
    Ok(split)
}
