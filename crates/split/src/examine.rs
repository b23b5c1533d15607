//! What no training can begin with.

use std::collections::{BTreeMap, HashSet};

use crate::error::SplitError;
use crate::parts::Split;
use pictures::folder::LabelledFile;

/// Refuses a split that nothing can be learnt from.
///
/// # Errors
/// An empty part, a single picture to train on, a single class, or a class that is not trained.
pub(super) fn examine(split: &Split, files: &[LabelledFile]) -> Result<(), SplitError> {
    for (part, indices) in [
        ("to train on", &split.train),
        ("to validate with", &split.valid),
    ] {
        if indices.is_empty() {
            let classes: HashSet<&str> = files.iter().map(|file| file.label.as_str()).collect();
            return Err(SplitError::EmptyPart {
                classes: classes.len(),
                pictures: files.len(),
                part,
            });
        }
    }
    if let [only] = split.train[..] {
        return Err(SplitError::OnePicture(files[only].name.clone()));
    }
    let label = |index: &usize| files[*index].label.as_str();
    let trained: HashSet<&str> = split.train.iter().map(label).collect();
    let mut untrained: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for index in split.valid.iter().chain(&split.test) {
        if !trained.contains(label(index)) {
            let names = untrained.entry(label(index)).or_default();
            names.push(files[*index].name.clone());
        }
    }
    if let Some((class, names)) = untrained.first_key_value() {
        return Err(SplitError::Untrained {
            class: (*class).to_owned(),
            names: names.clone(),
            others: untrained
                .keys()
                .skip(1)
                .map(|class| (*class).to_owned())
                .collect(),
        });
    }
    if trained.len() == 1 {
        return Err(SplitError::OneClass {
            class: files[split.train[0]].label.clone(),
            pictures: files.len(),
        });
    }
    Ok(())
}
