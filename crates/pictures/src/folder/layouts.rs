//! How each layout labels the pictures that were found.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::csv_list;
use super::csv_names::Names;
use super::error::FolderError;
use super::label::{LabelPattern, label_of_file_name};
use super::labelled_file::LabelledFile;
use super::rules::class_folder;
use super::walk::Found;
use super::wrappers::innermost;
use crate::annotations::read_list;
use crate::part::Part;

/// Pictures whose label is in their name: the first group of `pattern`, or the rule of [`label_of_file_name`].
pub(super) fn by_file_name(
    found: &Found,
    pattern: Option<&LabelPattern>,
) -> Result<Vec<LabelledFile>, FolderError> {
    let label = |name| match pattern {
        Some(pattern) => pattern.label(name),
        None => label_of_file_name(name),
    };
    labelled(found, label, |path, others| {
        let in_folders = found.pictures.iter().all(|(name, _)| name.contains('/'));
        FolderError::NoLabel {
            path,
            others,
            expected: match pattern {
                Some(pattern) => format!("what data.pattern finds, {pattern}"),
                None => "a breed, an underscore, a number and the ending, as in Maine_Coon_12.jpg"
                    .to_owned(),
            },
            advice: match (in_folders, pattern) {
                (true, _) => {
                    "if the folders are the classes, write data.layout = \"folders\", else rename it or give a data.pattern"
                }
                (_, Some(_)) => "rename it, or change the pattern",
                (_, None) => {
                    "rename it, or choose another data.layout (folders, csv) or a data.pattern"
                }
            },
        }
    })
}

/// Pictures whose label is the first folder, below that of the part if the first folders are parts.
pub(super) fn by_folder(
    found: &Found,
    folder: &Path,
    folders_are_parts: bool,
) -> Result<Vec<LabelledFile>, FolderError> {
    let label = |name| class_folder(name, folders_are_parts);
    labelled(found, label, |path, others| {
        let names = found.pictures.iter().map(|(name, _)| name.as_str());
        let without: Vec<&str> = names.filter(|name| label(name).is_none()).collect();
        FolderError::NoClassFolder {
            path,
            others,
            advice: outside_of_classes(&without, folder),
        }
    })
}

/// What to do about the pictures `names`, which are in no class folder of `folder`.
fn outside_of_classes(names: &[&str], folder: &Path) -> String {
    let around = innermost(names.iter().copied());
    if names.iter().all(|name| name.contains('\\')) {
        "the \\ of Windows stands in its name in the place of a folder, so unpack the archive again with another program"
            .to_owned()
    } else if Part::from_word(around) == Some(Part::Test) {
        format!(
            "a test part without classes can evaluate nothing, move {} out of the data folder",
            folder.join(around).display()
        )
    } else {
        "move it into one, as in Maine_Coon/12.jpg, or choose another data.layout (file-names, csv)"
            .to_owned()
    }
}

/// Pictures on the official list, with the breed named there.
pub(super) fn by_official_list(
    found: &mut Found,
    folder: &Path,
    annotations: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let list = annotations.join("list.txt");
    let breeds: HashMap<String, String> = read_list(&list)?
        .into_iter()
        .map(|entry| (entry.stem, entry.breed))
        .collect();
    let mut files = Vec::new();
    for (name, path) in &found.pictures {
        let mut file = file(name, path, String::new());
        match breeds.get(file.stem()) {
            Some(breed) => {
                file.label.clone_from(breed);
                files.push(file);
            }
            None => found.left_out.unlisted.push(name.clone()),
        }
    }
    if files.is_empty() {
        return Err(FolderError::NothingListed {
            list,
            folder: folder.to_path_buf(),
        });
    }
    Ok(files)
}

/// Pictures that the csv file `list` names, with the labels and parts named there.
pub(super) fn by_csv(
    found: &mut Found,
    folder: &Path,
    list: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let fault = |fault| FolderError::Csv {
        list: list.to_path_buf(),
        fault,
    };
    let missing =
        "there is no such list: write one with the columns path,label, or name it by data.csv";
    let lines = csv_list::parse(&csv_list::read(list, missing).map_err(fault)?).map_err(fault)?;
    let names = Names::of(found, folder).of_lines(&lines).map_err(fault)?;
    if let Some(twice) = csv_list::named_twice(&lines, &names) {
        return Err(fault(twice));
    }
    let mut files: Vec<LabelledFile> = lines
        .into_iter()
        .zip(names)
        .map(|(line, name)| LabelledFile {
            part: line.part,
            ..file(&name, &folder.join(&name), line.label)
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let listed: HashSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let others = found
        .pictures
        .iter()
        .filter(|(name, _)| !listed.contains(name.as_str()));
    found.left_out.unlisted = others.map(|(name, _)| name.clone()).collect();
    Ok(files)
}

fn labelled<'a>(
    found: &'a Found,
    label: impl Fn(&'a str) -> Option<&'a str>,
    refuse: impl Fn(PathBuf, usize) -> FolderError,
) -> Result<Vec<LabelledFile>, FolderError> {
    let (with, without): (Vec<_>, Vec<_>) = found
        .pictures
        .iter()
        .map(|(name, path)| (name, path, label(name)))
        .partition(|(_, _, label)| label.is_some());
    if let Some(((_, path, _), others)) = without.split_first() {
        return Err(refuse((*path).clone(), others.len()));
    }
    let files = with.into_iter();
    Ok(files
        .filter_map(|(name, path, label)| Some(file(name, path, label?.to_owned())))
        .collect())
}

fn file(name: &str, path: &Path, label: String) -> LabelledFile {
    LabelledFile {
        name: name.to_owned(),
        path: path.to_path_buf(),
        label,
        part: None,
    }
}
