//! What the folders say beside the labels.

use std::collections::{BTreeMap, BTreeSet};

use words::first_three;

use super::labelled_file::LabelledFile;
use super::walk::Found;
use crate::part::Part;

/// Class folders without a picture.
pub(super) fn empty_classes(found: &Found, folders_are_parts: bool) -> Vec<String> {
    let depth = usize::from(folders_are_parts);
    let is_class = |name: &&String| name.matches('/').count() == depth;
    let is_empty = |name: &&String| {
        let inside = format!("{name}/");
        let next = found
            .pictures
            .partition_point(|(picture, _)| *picture < inside);
        !found
            .pictures
            .get(next)
            .is_some_and(|(picture, _)| picture.starts_with(&inside))
    };
    found
        .folders
        .iter()
        .filter(is_class)
        .filter(is_empty)
        .cloned()
        .collect()
}

/// A sentence, if the class folders hold nothing but folders, and all of them some of the same names: `2023/cat/1.jpg` and
/// `2024/cat/1.jpg`, or `images/cat/` and `masks/cat/`. Those may be the classes.
pub(super) fn same_folders_inside(files: &[LabelledFile]) -> Option<String> {
    let mut inside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        let (first, below) = file.name.split_once('/')?;
        let (second, _) = below.split_once('/')?;
        inside.entry(first).or_default().insert(second);
    }
    if inside.len() < 2 {
        return None;
    }
    let mut shared = inside
        .values()
        .cloned()
        .reduce(|one, other| &one & &other)?;
    // Of parts another line speaks, and numbers count animals or sessions.
    let may_be_class =
        |name: &&str| Part::from_word(name).is_none() && name.contains(char::is_alphabetic);
    shared.retain(may_be_class);
    (shared.len() > 1).then(|| {
        format!(
            "the classes are the folders {}, and each of them has the folders {}: if those are the classes, move them together, or \
             name one of the folders around them as data.folder",
            first_three(inside.keys()),
            first_three(shared)
        )
    })
}

/// A sentence, if the labels of the file names have nothing to do with the folders that the pictures lie in.
pub(super) fn folders_that_do_not_count(files: &[LabelledFile]) -> Option<String> {
    let folder = |file: &LabelledFile| {
        file.name
            .split_once('/')
            .map(|(folder, _)| folder.to_owned())
    };
    let folders = files
        .iter()
        .map(folder)
        .collect::<Option<BTreeSet<String>>>()?;
    let labels: BTreeSet<&String> = files.iter().map(|file| &file.label).collect();
    if folders.len() < 2 || labels.iter().any(|label| folders.contains(*label)) {
        return None;
    }
    let (folders, labels): (Vec<String>, Vec<String>) = (
        folders.into_iter().collect(),
        labels.into_iter().cloned().collect(),
    );
    Some(format!(
        "the classes are taken from the file names ({}), not from the folders ({}): if the folders are the classes, write \
         data.layout = \"folders\"",
        first_three(&labels),
        first_three(&folders)
    ))
}
