//! Folders with nothing in them but the folder that was meant.

use std::collections::BTreeSet;
use std::path::Path;

use words::first_three;

use super::error::FolderError;
use super::labelled_file::LabelledFile;
use super::ready_made::are_a_split;
use super::rules::{FolderLayout, Rules};
use crate::part::Part;

/// Path below the listed folder, with `/` between its parts, of the innermost folder that holds all pictures of these
/// `names`; empty if that is the listed one.
pub fn innermost<'a>(names: impl IntoIterator<Item = &'a str>) -> &'a str {
    let folder = |name: &'a str| name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut folders = names.into_iter().map(folder);
    let first = folders.next().unwrap_or_default();
    folders.fold(first, common)
}

/// Refuses a listing whose pictures are all below one folder, or several one in the other, if the folders in it are the
/// classes or the parts that `rules` ask for.
pub(super) fn refuse(
    files: &[LabelledFile],
    folder: &Path,
    rules: &Rules,
) -> Result<(), FolderError> {
    let wrapper = innermost(files.iter().map(|file| file.name.as_str()));
    if wrapper.is_empty() {
        return Ok(());
    }
    let below = files.iter().map(|file| &file.name[wrapper.len() + 1..]);
    let below = below.map(|name| Some(name.split_once('/')?.0));
    // A picture beside the folders is no class folder's.
    let Some(inner) = below.collect::<Option<BTreeSet<&str>>>() else {
        return Ok(());
    };
    let parts: Vec<Part> = inner
        .iter()
        .filter_map(|name| Part::from_word(name))
        .collect();
    let are_parts = are_a_split(parts.iter());
    let is_refused = match (rules.folders_are_parts, rules.layout) {
        (true, _) => are_parts,
        (false, FolderLayout::Folders) => inner.len() > 1,
        (false, _) => false,
    };
    if !is_refused {
        return Ok(());
    }
    Err(FolderError::Deeper {
        inner: folder.join(wrapper).display().to_string(),
        folders: first_three(inner),
        are_parts,
    })
}

fn common<'a>(one: &'a str, other: &'a str) -> &'a str {
    let mut end = 0;
    let mut others = other.split('/');
    for part in one.split('/') {
        if others.next() != Some(part) {
            break;
        }
        end += part.len() + usize::from(end > 0);
    }
    &one[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_innermost_folder_is_known_by_whole_names() {
        for (names, folder) in [
            (&["a/b/1.jpg", "a/b/2.jpg"][..], "a/b"),
            (&["a/b/cat/1.jpg", "a/b/dog/2.jpg"], "a/b"),
            (&["a/cat/1.jpg", "a/cats/2.jpg"], "a"),
            (&["a/1.jpg", "a/b/2.jpg"], "a"),
            (&["a/1.jpg", "b/2.jpg"], ""),
            (&["1.jpg", "a/2.jpg"], ""),
            (&[], ""),
        ] {
            assert_eq!(innermost(names.iter().copied()), folder, "{names:?}");
        }
    }

    proptest! {
        #[test]
        fn the_innermost_folder_holds_every_picture_and_no_folder_in_it_does(
            names in prop::collection::vec("([ab]{1,2}/){0,4}1", 1..6)
        ) {
            let folder = innermost(names.iter().map(String::as_str));
            let inside = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            prop_assert!(names.iter().all(|name| name.starts_with(&inside)));
            let next: BTreeSet<Option<&str>> = names
                .iter()
                .map(|name| Some(name[inside.len()..].split_once('/')?.0))
                .collect();
            prop_assert!(next.len() > 1 || next.contains(&None), "{folder}: {names:?}");
        }
    }
}
