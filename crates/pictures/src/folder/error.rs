//! Errors of listing and using pictures.

use std::path::{Path, PathBuf};

use super::csv_list::CsvFault;
use super::left_out::LeftOut;
use super::name::picture_extensions;
use crate::annotations::AnnotationError;

/// Error of listing or using pictures.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder does not exist.
    #[error("{}; name the folder that holds the pictures", what_is_there(.0))]
    Missing(PathBuf),
    /// A folder is there but cannot be listed.
    #[error("cannot list {}: {error}; make it readable, or move it away", path.display())]
    Unreadable {
        /// The folder or the entry in it.
        path: PathBuf,
        /// Error of the system.
        error: std::io::Error,
    },
    /// The folder has no pictures.
    #[error(
        "there is no picture in {} (looked for {}{}): name the folder that holds the pictures",
        folder.display(),
        picture_extensions(),
        beside(left_out)
    )]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// What is in it.
        left_out: Box<LeftOut>,
    },
    /// Names are not UTF-8.
    #[error("the name {} is not valid UTF-8{}: rename it", path.display(), and_others(*others))]
    NotUnicode {
        /// One of them.
        path: PathBuf,
        /// Number of the others.
        others: usize,
    },
    /// Names of pictures do not contain their class.
    #[error("the name {}{} contains no class: expected {expected}; {advice}", path.display(), and_others(*others))]
    NoLabel {
        /// The first of them.
        path: PathBuf,
        /// Number of the others.
        others: usize,
        /// The rule of the names.
        expected: String,
        /// What to do.
        advice: &'static str,
    },
    /// Pictures lie beside the class folders instead of in one.
    #[error(
        "the picture {}{} is not in a class folder: {advice}",
        path.display(),
        and_others(*others)
    )]
    NoClassFolder {
        /// The first of them.
        path: PathBuf,
        /// Number of the others.
        others: usize,
        /// What to do.
        advice: String,
    },
    /// Pictures lie in no folder of a part.
    #[error(
        "the picture {}{} is in none of the folders train, valid (or val, validation, dev) and test, which the split \
         expects: move it into one, or out of the data folder, or choose another split",
        path.display(),
        and_others(*others)
    )]
    NoPartFolder {
        /// The first of them.
        path: PathBuf,
        /// Number of the others.
        others: usize,
    },
    /// Two folders stand for one part.
    #[error("both {one} and {other} of {} could be the same part of the split: rename or remove one", folder.display())]
    PartTwice {
        /// The folder that they are in.
        folder: PathBuf,
        /// One folder.
        one: String,
        /// The other folder.
        other: String,
    },
    /// A folder in one of a part is called like it, and others are beside it.
    #[error(
        "{} may be a class called {name}, or the part once more: rename it, or move what is in it to where it belongs",
        folder.join(name).display()
    )]
    ClassLikePart {
        /// The folder of the part.
        folder: PathBuf,
        /// Its name.
        name: String,
    },
    /// All pictures are below one folder, in which are the folders that were meant.
    #[error(
        "all pictures are below {inner}: if its folders ({folders}) are {}, write data.folder = \"{inner}\"",
        if *are_parts { "the parts of a ready-made split" } else { "the classes" }
    )]
    Deeper {
        /// The innermost folder that has them all.
        inner: String,
        /// Folders in it.
        folders: String,
        /// True if those are called like parts.
        are_parts: bool,
    },
    /// A class is there twice, in two forms of Unicode.
    #[error(
        "the classes {one} and {other} have the same name, written in two forms of Unicode: merge them, or rename one"
    )]
    TornClass {
        /// One class, spelt out.
        one: String,
        /// The other class, spelt out.
        other: String,
    },
    /// A class whose name breaks lines or moves the cursor.
    #[error("the class {0} has a line break or another control character in its name: rename it")]
    ControlInClass(String),
    /// A csv file that cannot be used.
    #[error("the list {}{}{fault}", list.display(), if fault.line.is_some() { ", " } else { ": " })]
    Csv {
        /// The file.
        list: PathBuf,
        /// What is wrong with it.
        fault: CsvFault,
    },
    /// The official list is missing or malformed.
    #[error(transparent)]
    List(#[from] AnnotationError),
    /// None of the pictures of the official list is in the folder.
    #[error("none of the pictures of {} is in {}: name the folder that holds them", list.display(), folder.display())]
    NothingListed {
        /// The official list.
        list: PathBuf,
        /// The folder of pictures.
        folder: PathBuf,
    },
    /// No training picture has this class.
    #[error(
        "the class {label} of {name} has no training picture: take another split (`stratified` gives every class its \
         share) or leave the class out"
    )]
    UntrainedClass {
        /// The class.
        label: String,
        /// A picture of it.
        name: String,
    },
}

/// What is there instead of a folder.
fn what_is_there(path: &Path) -> String {
    const ARCHIVES: [&str; 6] = ["zip", "tar", "gz", "tgz", "rar", "7z"];
    let shown = path.display();
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    if path.is_file() && ARCHIVES.contains(&ending.as_str()) {
        format!("{shown} is an archive, not a folder: unpack it first")
    } else if path.is_file() {
        format!("{shown} is a file, not a folder")
    } else if path.starts_with("~") {
        format!("there is no folder {shown} (only a shell takes ~ for your own folder)")
    } else if path.is_symlink() {
        format!("{shown} is a link that leads to no folder")
    } else {
        format!("there is no folder {shown}")
    }
}

/// `; left out: 9 .heic`, or nothing.
fn beside(left_out: &LeftOut) -> String {
    let lines = left_out.remarks().into_iter();
    lines.map(|(_, line)| format!("; {line}")).collect()
}

fn and_others(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " (and 1 other)".to_owned(),
        _ => format!(" (and {count} others)"),
    }
}
