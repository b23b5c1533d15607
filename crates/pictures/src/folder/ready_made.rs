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

/// The first folders of `files` that are those of a ready-made split: one for training and at least one for another part.
/// Beside other folders or files they are so only if they hold nothing but folders.
pub(super) fn part_folders(files: &[LabelledFile]) -> Vec<String> {
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    let (mut are_alone, mut hold_folders) = (true, true);
    for file in files {
        let (first, below) = file.name.split_once('/').unwrap_or_default();
        match Part::from_word(first) {
            Some(part) => {
                parts.insert(first, part);
                hold_folders &= below.contains('/');
            }
            None => are_alone = false,
        }
    }
    let kinds: BTreeSet<Part> = parts.values().copied().collect();
    if kinds.len() > 1 && kinds.contains(&Part::Train) && (are_alone || hold_folders) {
        parts.into_keys().map(str::to_owned).collect()
    } else {
        Vec::new()
    }
}

/// `name` without the folder of its part.
pub(super) fn below_part(name: &str, folders_are_parts: bool) -> &str {
    match name.split_once('/') {
        Some((part, rest)) if folders_are_parts && Part::from_word(part).is_some() => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<String> {
        let file = |name: &&str| LabelledFile {
            name: (*name).to_owned(),
            path: Path::new("mine").join(name),
            label: String::new(),
            part: None,
        };
        part_folders(&names.iter().map(file).collect::<Vec<_>>())
    }

    #[test]
    fn folders_called_like_parts_are_a_ready_made_split_unless_they_are_surely_classes() {
        for (names, parts) in [
            (
                &["train/cat/1.jpg", "valid/cat/2.jpg"][..],
                &["train", "valid"][..],
            ),
            (&["Test/cat/1.jpg", "Train/cat/2.jpg"], &["Test", "Train"]),
            (
                &["more/cat/1.jpg", "train/cat/1.jpg", "val/cat/2.jpg"],
                &["train", "val"],
            ),
            (
                &["1.jpg", "train/cat/1.jpg", "val/cat/2.jpg"],
                &["train", "val"],
            ),
            (&["train/1.jpg", "test/1.jpg"], &["test", "train"]),
            (&["train/1.jpg", "test/1.jpg", "bus/1.jpg"], &[]),
            (&["train/red/1.jpg", "bus/red/1.jpg"], &[]),
            (&["test/cat/1.jpg", "valid/cat/1.jpg"], &[]),
            (&["Train/cat/1.jpg", "train/cat/1.jpg"], &[]),
            (&["train/cat/1.jpg"], &[]),
        ] {
            assert_eq!(found(names), parts, "{names:?}");
        }
    }
}
