//! Folders that are parts of a data set: `train/`, `valid/`, `test/`, with the classes below.

use std::collections::BTreeMap;
use std::path::Path;

use super::FolderLayout;
use super::error::FolderError;
use super::labelled_file::LabelledFile;
use crate::part::Part;

/// The folders of a listing that are surely parts of a ready-made split, in byte order: one for training and at least
/// one other, each with nothing but folders in it. Empty if there are no such folders.
///
/// With classes in file names the pictures may lie in the parts themselves.
pub fn ready_made(files: &[LabelledFile], layout: FolderLayout) -> Vec<String> {
    let mut parts: BTreeMap<&str, Part> = BTreeMap::new();
    for file in files {
        let Some((folder, below)) = file.name.split_once('/') else {
            continue;
        };
        let Some(part) = Part::from_word(folder) else {
            continue;
        };
        if layout == FolderLayout::Folders && !below.contains('/') {
            return Vec::new();
        }
        parts.insert(folder, part);
    }
    let is_split = parts.len() > 1 && parts.values().any(|part| *part == Part::Train);
    if !is_split {
        return Vec::new();
    }
    parts.into_keys().map(str::to_owned).collect()
}

/// `files` below `root` with the part that their first folder names. Of [`FolderLayout::Folders`] the class is the
/// folder below that.
///
/// # Errors
/// A picture in none of the folders that parts are called, or not in a class folder; two folders for one part.
pub fn with_parts(
    files: Vec<LabelledFile>,
    layout: FolderLayout,
    root: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let mut folders: BTreeMap<Part, String> = BTreeMap::new();
    let mut placed = Vec::with_capacity(files.len());
    for mut file in files {
        let mut parts = file.name.splitn(3, '/');
        let folder = parts.next().unwrap_or_default().to_owned();
        let (below, deeper) = (parts.next(), parts.next());
        let part = below.and_then(|_| Part::from_word(&folder));
        let Some(part) = part else {
            return Err(FolderError::InNoPart(file.path));
        };
        if layout == FolderLayout::Folders {
            let Some(class) = deeper.and(below) else {
                return Err(FolderError::NoClassInPart {
                    path: file.path,
                    folder,
                });
            };
            file.label = class.to_owned();
        }
        file.part = Some(part);
        let known = folders.entry(part).or_insert_with(|| folder.clone());
        if *known != folder {
            return Err(FolderError::TwoFoldersOfPart {
                part,
                root: root.to_owned(),
                folders: [known.clone(), folder],
            });
        }
        placed.push(file);
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(names: &[&str]) -> Vec<LabelledFile> {
        let file = |name: &&str| LabelledFile {
            name: (*name).to_owned(),
            path: Path::new("mine").join(name),
            label: name
                .split_once('/')
                .map_or("", |(class, _)| class)
                .to_owned(),
            part: None,
        };
        names.iter().map(file).collect()
    }

    #[test]
    fn folders_called_like_parts_with_nothing_but_folders_in_them_are_a_ready_made_split() {
        let found = |names: &[&str]| ready_made(&files(names), FolderLayout::Folders);
        assert_eq!(
            found(&["train/cat/1.jpg", "valid/cat/2.jpg"]),
            ["train", "valid"]
        );
        assert_eq!(
            found(&["Test/cat/1.jpg", "Train/cat/2.jpg"]),
            ["Test", "Train"]
        );
        assert_eq!(
            found(&["more/cat/1.jpg", "train/cat/1.jpg", "val/cat/2.jpg"]),
            ["train", "val"]
        );
        for classes in [
            &["train/1.jpg", "bus/1.jpg"][..],
            &["train/1.jpg", "test/1.jpg"],
            &["train/red/1.jpg", "bus/red/1.jpg"],
            &["test/cat/1.jpg", "valid/cat/1.jpg"],
            &["train/cat/1.jpg"],
        ] {
            assert!(found(classes).is_empty(), "{classes:?}");
        }
        let named = files(&["train/pug_1.jpg", "valid/pug_2.jpg"]);
        assert_eq!(
            ready_made(&named, FolderLayout::FileNames),
            ["train", "valid"]
        );
    }

    #[test]
    fn the_first_folder_is_the_part_and_the_second_the_class() {
        let names = [
            "Test/cat/1.jpg",
            "train/dog/deep/1.jpg",
            "validation/cat/1.jpg",
        ];
        let placed = with_parts(files(&names), FolderLayout::Folders, Path::new("mine"));
        let placed: Vec<_> = placed
            .expect("parts")
            .into_iter()
            .map(|file| (file.part.expect("a part"), file.label))
            .collect();
        let expected = [
            (Part::Test, "cat"),
            (Part::Train, "dog"),
            (Part::Valid, "cat"),
        ];
        assert_eq!(
            placed,
            expected.map(|(part, class)| (part, class.to_owned()))
        );
    }

    #[test]
    fn what_is_no_ready_made_split_is_one_sentence_that_names_it() {
        for (names, expected) in [
            (
                &["train/cat/1.jpg", "unsorted/cat/1.jpg"][..],
                "unsorted/cat/1.jpg lies in none of",
            ),
            (
                &["train/1.jpg", "valid/cat/1.jpg"],
                "train/1.jpg is not in a class folder",
            ),
            (
                &["train/cat/1.jpg", "val/cat/1.jpg", "valid/cat/1.jpg"],
                "val and valid",
            ),
            (
                &["Train/cat/1.jpg", "train/cat/1.jpg", "valid/cat/1.jpg"],
                "Train and train",
            ),
        ] {
            let placed = with_parts(files(names), FolderLayout::Folders, Path::new("mine"));
            let error = placed.expect_err("no split").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_listing_is_answered(names in prop::collection::vec("(train|val|Test|x|)(/[ab]){0,3}/?1", 0..6)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let parts = ready_made(&files(&names), FolderLayout::Folders);
            let placed = with_parts(files(&names), FolderLayout::Folders, Path::new("mine"));
            if let Ok(placed) = placed {
                prop_assert!(parts.len() != 1 && placed.iter().all(|file| file.part.is_some()));
            }
        }
    }
}
