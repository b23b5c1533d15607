//! Folders of a ready-made split.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::FolderError;
use super::labelled_file::LabelledFile;
use crate::part::Part;

/// Puts each file into the part that its first folder names.
pub(super) fn take_parts(files: &mut [LabelledFile], folder: &Path) -> Result<(), FolderError> {
    let mut folders: BTreeMap<Part, &str> = BTreeMap::new();
    let mut stray = Vec::new();
    for file in files.iter_mut() {
        let first = file.name.split_once('/').map(|(first, _)| first);
        file.part = first.and_then(Part::from_word);
        let (Some(part), Some(first)) = (file.part, first) else {
            stray.push(&file.path);
            continue;
        };
        let before = *folders.entry(part).or_insert(first);
        if before != first {
            return Err(FolderError::PartTwice {
                folder: folder.to_path_buf(),
                one: before.to_owned(),
                other: first.to_owned(),
            });
        }
    }
    match stray.split_first() {
        Some((first, others)) => Err(FolderError::NoPartFolder {
            path: (*first).clone(),
            others: others.len(),
        }),
        None => Ok(()),
    }
}

/// The first folders of `files`, if they are those of a ready-made split and nothing else: one for training and at least
/// one for another part.
pub(super) fn part_folders(files: &[LabelledFile]) -> Vec<String> {
    let first = |file: &LabelledFile| file.name.split_once('/').map(|(first, _)| first.to_owned());
    let Some(folders) = files
        .iter()
        .map(first)
        .collect::<Option<BTreeSet<String>>>()
    else {
        return Vec::new();
    };
    let parts: Option<BTreeSet<Part>> = folders.iter().map(|name| Part::from_word(name)).collect();
    match parts {
        Some(parts) if parts.len() > 1 && parts.contains(&Part::Train) => {
            folders.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `name` without the folder of its part.
pub(super) fn below_part(name: &str, folders_are_parts: bool) -> &str {
    match name.split_once('/') {
        Some((part, rest)) if folders_are_parts && Part::from_word(part).is_some() => rest,
        _ => name,
    }
}
