//! What the folders say beside the labels.

use std::collections::BTreeSet;

use words::first_three;

use super::labelled_file::LabelledFile;
use super::walk::Found;

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
