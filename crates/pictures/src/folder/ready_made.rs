//! Folders of a ready-made split.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::FolderError;
use super::labelled_file::LabelledFile;
use crate::part::Part;

/// Puts each file into the part that its first folder names, or, if that names none, its second one (`cat/train/1.jpg`).
pub(super) fn take_parts(files: &mut [LabelledFile], folder: &Path) -> Result<(), FolderError> {
    // By part and the folder around it.
    let mut folders: BTreeMap<(Part, &str), &str> = BTreeMap::new();
    let mut stray = Vec::new();
    for file in files.iter_mut() {
        let Some((part, part_folder)) = part_of(&file.name) else {
            stray.push(&file.path);
            continue;
        };
        file.part = Some(part);
        let around = part_folder
            .rsplit_once('/')
            .map_or("", |(around, _)| around);
        let before = *folders.entry((part, around)).or_insert(part_folder);
        if before != part_folder {
            return Err(FolderError::PartTwice {
                folder: folder.to_path_buf(),
                one: before.to_owned(),
                other: part_folder.to_owned(),
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

/// Refuses a folder in one of a part that is called like it (`train/train/`), if other classes are beside it: it may be a
/// class or the part once more.
pub(super) fn refuse_classes_like_their_part(
    files: &[LabelledFile],
    folder: &Path,
) -> Result<(), FolderError> {
    let mut repeated: BTreeMap<&str, bool> = BTreeMap::new();
    for name in files.iter().map(|file| file.name.as_str()) {
        let (first, below) = name.split_once('/').unwrap_or_default();
        let is_repeated = below_part(name, true).len() < below.len();
        if Part::from_word(first).is_some()
            && *repeated.entry(first).or_insert(is_repeated) != is_repeated
        {
            return Err(FolderError::ClassLikePart {
                folder: folder.join(first),
                name: first.to_owned(),
            });
        }
    }
    Ok(())
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
    if are_a_split(parts.values()) && (are_alone || hold_folders) {
        parts.into_keys().map(str::to_owned).collect()
    } else {
        Vec::new()
    }
}

/// Folders of parts in the first folders of `files` (`cat/test`, `cat/train`) of which one is for training and another is
/// not.
pub(super) fn parts_in_folders(files: &[LabelledFile]) -> Vec<String> {
    let mut around: BTreeMap<&str, BTreeMap<&str, Part>> = BTreeMap::new();
    for name in files.iter().map(|file| file.name.as_str()) {
        if let Some((part, folder)) = part_of(name)
            && let Some((first, _)) = folder.split_once('/')
        {
            around.entry(first).or_default().insert(folder, part);
        }
    }
    around.retain(|_, parts| are_a_split(parts.values()));
    let folders = around.into_values().flat_map(BTreeMap::into_keys);
    folders.map(str::to_owned).collect()
}

/// Tells whether folders of these parts are a split: some for training, some not.
pub(super) fn are_a_split<'a>(parts: impl Iterator<Item = &'a Part>) -> bool {
    let kinds: BTreeSet<&Part> = parts.collect();
    kinds.len() > 1 && kinds.contains(&Part::Train)
}

/// `name` without the folder of its part, also where that is there twice, as in `seg_train/seg_train/cat/1.jpg`; but
/// `train/train/1.jpg` is of a class called `train`.
pub(super) fn below_part(name: &str, folders_are_parts: bool) -> &str {
    match name.split_once('/') {
        Some((part, rest)) if folders_are_parts && Part::from_word(part).is_some() => {
            match rest.split_once('/') {
                Some((again, below)) if again == part && below.contains('/') => below,
                _ => rest,
            }
        }
        _ => name,
    }
}

/// The part of the picture `name`, and its folder.
fn part_of(name: &str) -> Option<(Part, &str)> {
    let (first, below) = name.split_once('/')?;
    if let Some(part) = Part::from_word(first) {
        return Some((part, first));
    }
    let (second, _) = below.split_once('/')?;
    let folder = &name[..first.len() + 1 + second.len()];
    Some((Part::from_word(second)?, folder))
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
                &["seg_test/cat/1.jpg", "seg_train/cat/2.jpg"],
                &["seg_test", "seg_train"],
            ),
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

    #[test]
    fn parts_below_the_classes_are_found_where_one_of_them_trains() {
        let file = |name: &&str| LabelledFile {
            name: (*name).to_owned(),
            path: Path::new("mine").join(name),
            label: String::new(),
            part: None,
        };
        let found = |names: &[&str]| parts_in_folders(&names.iter().map(file).collect::<Vec<_>>());
        assert_eq!(
            found(&[
                "cat/test/1.jpg",
                "cat/train/2.jpg",
                "dog/train/1.jpg",
                "dog/3.jpg"
            ]),
            ["cat/test", "cat/train"]
        );
        assert!(found(&["toys/train/1.jpg", "toys/bus/1.jpg"]).is_empty());
        assert!(found(&["train/cat/1.jpg", "test/cat/1.jpg"]).is_empty());
    }

    #[test]
    fn a_part_that_is_there_twice_is_no_class_unless_pictures_lie_in_it() {
        for (name, below) in [
            ("seg_train/seg_train/cat/1.jpg", "cat/1.jpg"),
            ("train/train/1.jpg", "train/1.jpg"),
            ("train/test/1.jpg", "test/1.jpg"),
            ("train/cat/train/1.jpg", "cat/train/1.jpg"),
            ("cat/train/1.jpg", "cat/train/1.jpg"),
        ] {
            assert_eq!(below_part(name, true), below, "{name}");
            assert_eq!(below_part(name, false), name);
        }
    }
}
