//! Listing of the labelled pictures in a folder.
//!
//! The order is the byte order of the names, whatever the file system's order is, so that a split drawn from a seed is
//! the same on every machine.

mod class_folders;
mod corrections;
mod csv_list;
mod csv_names;
mod error;
mod label;
mod labelled_file;
mod layouts;
mod left_out;
mod listing;
mod name;
mod photographs;
mod ready_made;
mod rules;
mod twins;
mod walk;
mod wrappers;

use std::collections::BTreeSet;
use std::path::Path;

pub use corrections::{Corrected, Corrections};
pub use csv_list::{CsvFault, csv_labels};
pub use error::FolderError;
pub use label::{LabelPattern, NOTEBOOK_PATTERN, label_of_file_name, pattern_fault};
pub use labelled_file::LabelledFile;
pub use left_out::{LeftOut, LinkFault, RefusedLink};
pub use listing::Listing;
pub use name::{PICTURE_EXTENSIONS, is_hidden, is_picture_name, picture_extensions, stem};
pub use photographs::{LabelledPicture, Photographs, PictureItem};
pub use rules::{FolderLayout, Rules};
pub use walk::{Found, find_pictures};
pub use wrappers::innermost;

/// Lists the pictures below `folder` with their labels, in byte order of their names.
///
/// All folders below are searched (see [`find_pictures`]), links are followed. What is left out is counted in the listing:
/// hidden files and folders, those that systems keep for themselves, and files with none of the [`PICTURE_EXTENSIONS`] (the
/// official archive holds a few `.mat` files); with [`FolderLayout::List`] and [`FolderLayout::Csv`] also pictures that are
/// not on the list. Contents are not read. Lines of the official list whose picture is missing are ignored; those of a csv
/// file are an error.
///
/// # Errors
/// A folder that is missing or without pictures, a picture without a label, a list that cannot be used, two classes of one
/// name: one variant of [`FolderError`] for each.
pub fn list_pictures(folder: &Path, rules: &Rules) -> Result<Listing, FolderError> {
    let mut found = match rules.layout {
        // The list says better what is missing.
        FolderLayout::Csv => walk::walk(folder)?,
        _ => find_pictures(folder)?,
    };
    let mut files = match rules.layout {
        FolderLayout::FileNames => layouts::by_file_name(&found, rules.pattern.as_ref())?,
        FolderLayout::Folders => layouts::by_folder(&found, folder, rules.folders_are_parts)?,
        FolderLayout::List => layouts::by_official_list(&mut found, folder, &rules.annotations)?,
        FolderLayout::Csv => {
            count_list(&mut found.left_out, folder, &rules.csv);
            layouts::by_csv(&mut found, folder, &rules.csv)?
        }
    };
    let mut listing = Listing::default();
    wrappers::refuse(&files, folder, rules)?;
    if rules.folders_are_parts {
        ready_made::take_parts(&mut files, folder)?;
    } else {
        listing.unused_parts = ready_made::part_folders(&files);
        listing.parts_in_classes = ready_made::parts_in_folders(&files);
    }
    if rules.layout == FolderLayout::Folders {
        listing.empty_classes = class_folders::empty_classes(&found, rules.folders_are_parts);
        if rules.folders_are_parts {
            ready_made::refuse_classes_like_their_part(&files, folder)?;
        }
    }
    listing.suspicions = suspicions(&files, rules)?;
    listing.files = files;
    listing.left_out = found.left_out;
    Ok(listing)
}

/// Distinct labels in byte order: capitals before small letters, so the Oxford cats come before the dogs. Takes the
/// labels of the **training** part, as fastai does; the index of a class is its position.
pub fn classes<'a>(labels: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    labels
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// What may be a mistake in the names of classes and files.
fn suspicions(files: &[LabelledFile], rules: &Rules) -> Result<Vec<String>, FolderError> {
    let Rules {
        layout,
        folders_are_parts,
        ..
    } = *rules;
    let classes = classes(files.iter().map(|file| file.label.as_str()));
    let names = || classes.iter().map(String::as_str);
    if let Some(class) = names().find(|class| class.contains(char::is_control)) {
        return Err(FolderError::ControlInClass(words::readable(class)));
    }
    if let Some([one, other]) = twins::torn_class(names()) {
        return Err(FolderError::TornClass {
            one: twins::spelt(&one),
            other: twins::spelt(&other),
        });
    }
    let ignored = match layout {
        FolderLayout::FileNames => class_folders::folders_that_do_not_count(files),
        FolderLayout::Folders if !folders_are_parts => class_folders::same_folders_inside(files),
        _ => None,
    };
    let all = [
        twins::similar_classes(names()),
        twins::unseen_letters(names()),
        twins::colliding_files(files),
        ignored,
    ];
    Ok(all.into_iter().flatten().collect())
}

/// A list in the folder that it labels is not left out.
fn count_list(left_out: &mut LeftOut, folder: &Path, list: &Path) {
    let extension = name::extension(list).unwrap_or_default();
    if list.parent() == Some(folder)
        && let Some(count) = left_out.extensions.get_mut(&extension)
    {
        *count -= 1;
        left_out.extensions.retain(|_, count| *count > 0);
    }
}
