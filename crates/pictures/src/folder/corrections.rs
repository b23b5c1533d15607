//! Corrections of a listing: what a person has decided about suspect pictures. The pictures themselves are not touched.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use unicode_normalization::UnicodeNormalization;

use super::csv_list::{self, CsvFault, below_the_list};
use super::error::FolderError;
use super::labelled_file::LabelledFile;

/// Columns without which a list corrects nothing.
const PATH: &str = "path";
const ACTION: &str = "action";
const EXAMPLE: &str = "path,action";

/// Words of the column `action` that are no class.
const KEEP: &str = "keep";
const DELETE: &str = "delete";

/// A list of corrections as it was written.
#[derive(Debug, Clone)]
pub struct Corrections {
    list: PathBuf,
    bytes: Vec<u8>,
    lines: Vec<Line>,
}

/// A line with an action.
#[derive(Debug, Clone)]
struct Line {
    number: u64,
    path: String,
    action: String,
}

/// What corrections made of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The pictures that are left, in their order, with their classes.
    pub files: Vec<LabelledFile>,
    /// Where each picture of the listing is now; nothing if it is left out.
    pub places: Vec<Option<usize>>,
    /// Number of pictures that have another class than before.
    pub changed: usize,
    /// Names of the pictures that are left out.
    pub left_out: Vec<String>,
}

impl Corrections {
    /// Reads a csv file with the columns `path` and `action`; others are ignored. A path is a picture's name in the listing,
    /// or leads to it. An action is `delete`, `keep` or a class; a line without one says nothing.
    ///
    /// # Errors
    /// [`FolderError::Csv`], which names the file and the line.
    pub fn read(list: &Path) -> Result<Self, FolderError> {
        let fault = |fault| FolderError::Csv {
            list: list.to_path_buf(),
            fault,
        };
        let missing =
            "there is no such file: name the csv with your corrections, or remove data.corrections";
        let bytes = csv_list::read(list, missing).map_err(fault)?;
        Ok(Self {
            list: list.to_path_buf(),
            lines: lines(&bytes).map_err(fault)?,
            bytes,
        })
    }

    /// Content of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Corrects `files`, the pictures listed below `folder`.
    ///
    /// # Errors
    /// [`FolderError::Csv`]: an action that is no class, a path that is not listed, two lines with an action for one picture.
    pub fn apply(&self, files: Vec<LabelledFile>, folder: &Path) -> Result<Corrected, FolderError> {
        let actions = self
            .actions(&files, folder)
            .map_err(|fault| FolderError::Csv {
                list: self.list.clone(),
                fault,
            })?;
        let mut corrected = Corrected {
            files: Vec::new(),
            places: Vec::new(),
            changed: 0,
            left_out: Vec::new(),
        };
        for (index, mut file) in files.into_iter().enumerate() {
            match actions.get(&index) {
                Some(Action::Delete) => {
                    corrected.places.push(None);
                    corrected.left_out.push(file.name);
                    continue;
                }
                Some(Action::Class(class)) if *class != file.label => {
                    file.label.clone_from(class);
                    corrected.changed += 1;
                }
                _ => {}
            }
            corrected.places.push(Some(corrected.files.len()));
            corrected.files.push(file);
        }
        Ok(corrected)
    }

    /// Those of `names`, which are below `folder`, that it does not leave out.
    pub fn without_left_out(&self, names: Vec<String>, folder: &Path) -> Vec<String> {
        let known = Names::of(names.iter(), folder);
        let deleted = self
            .lines
            .iter()
            .filter(|line| line.action.to_lowercase() == DELETE);
        let left_out: HashSet<usize> = deleted
            .filter_map(|line| known.index(&line.path).ok())
            .collect();
        let kept = names.into_iter().enumerate();
        kept.filter(|(index, _)| !left_out.contains(index))
            .map(|(_, name)| name)
            .collect()
    }

    /// What happens to each picture that a line is about, by its index.
    fn actions(
        &self,
        files: &[LabelledFile],
        folder: &Path,
    ) -> Result<HashMap<usize, Action>, CsvFault> {
        let names = Names::of(files.iter().map(|file| &file.name), folder);
        let classes: HashSet<&str> = files.iter().map(|file| file.label.as_str()).collect();
        let mut actions: HashMap<usize, (Action, u64)> = HashMap::new();
        for line in &self.lines {
            let at = |reason| CsvFault::at(line.number, reason);
            let index = names.index(&line.path).map_err(at)?;
            let action = Action::of(&line.action, &classes).map_err(at)?;
            if let Some((_, before)) = actions.insert(index, (action, line.number)) {
                return Err(at(format!(
                    "{} has an action in line {before} already: remove one of the lines",
                    files[index].name
                )));
            }
        }
        let actions = actions.into_iter();
        Ok(actions
            .map(|(index, (action, _))| (index, action))
            .collect())
    }
}

#[derive(Debug, Clone)]
enum Action {
    Keep,
    Delete,
    Class(String),
}

impl Action {
    fn of(typed: &str, classes: &HashSet<&str>) -> Result<Self, String> {
        let word = typed.to_lowercase();
        let action = match word.as_str() {
            KEEP => Some(Self::Keep),
            DELETE => Some(Self::Delete),
            _ => None,
        };
        let mut of_this_name = classes
            .iter()
            .filter(|class| words::same_text(class, typed));
        match (action, of_this_name.next()) {
            (Some(_), Some(class)) => Err(format!(
                "the action {typed} is also the class {class}: rename the class, or remove the line"
            )),
            (Some(action), None) => Ok(action),
            (None, Some(class)) => Ok(Self::Class((*class).to_owned())),
            (None, None) => Err(no_class(typed, classes)),
        }
    }
}

fn no_class(typed: &str, classes: &HashSet<&str>) -> String {
    let mut known: Vec<&str> = classes.iter().copied().collect();
    known.sort_unstable();
    let may_be = format!("it may be {KEEP}, {DELETE}, empty, or a class");
    match words::nearest(typed, known.into_iter().chain([KEEP, DELETE])) {
        Some(nearest) => format!(
            "the action {typed} is no class of the pictures, did you mean {nearest}? ({may_be})"
        ),
        None => format!("the action {typed} is no class of the pictures: {may_be}"),
    }
}

/// Pictures of a listing by the ways to write them.
struct Names<'a> {
    folder: &'a Path,
    by_name: HashMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of<'b>(names: impl Iterator<Item = &'b String>, folder: &'a Path) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, name) in names.enumerate() {
            // The exact name comes first where another form of Unicode is there as well.
            by_name.entry(name.clone()).or_default().insert(0, index);
            let composed: String = name.nfc().collect();
            if composed != *name {
                by_name.entry(composed).or_default().push(index);
            }
        }
        Self { folder, by_name }
    }

    /// The picture that is written so: its name, or a path that begins with the folder of the pictures.
    fn index(&self, written: &str) -> Result<usize, String> {
        let trimmed = written.trim();
        let slashed = trimmed.replace('\\', "/");
        let below = |text: &str| {
            let rest = Path::new(text).strip_prefix(self.folder).ok()?;
            Some(words::slashes(rest))
        };
        let readings = [
            Some(written.to_owned()),
            Some(trimmed.to_owned()),
            Some(slashed.clone()),
            below(trimmed),
            below(&slashed),
        ];
        for reading in readings.into_iter().flatten() {
            let plain = below_the_list(&reading).unwrap_or(reading);
            let composed: String = plain.nfc().collect();
            let found = self
                .by_name
                .get(&plain)
                .or_else(|| self.by_name.get(&composed));
            if let Some(index) = found.and_then(|indices| indices.first()) {
                return Ok(*index);
            }
        }
        let folder = self.folder.display();
        let hint = match self.in_other_case(&slashed) {
            Some(name) => format!("did you mean {name}?"),
            None => "remove the line".to_owned(),
        };
        Err(format!(
            "there is no picture {trimmed} among those listed in {folder}: {hint}"
        ))
    }

    fn in_other_case(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let mut alike = self
            .by_name
            .keys()
            .filter(|other| other.to_lowercase() == name);
        alike.next().map(String::as_str)
    }
}

/// The lines with an action.
fn lines(bytes: &[u8]) -> Result<Vec<Line>, CsvFault> {
    let (header, records) = csv_list::records(bytes)?;
    let path = csv_list::needed(PATH, &header, EXAMPLE)?;
    let action = csv_list::needed(ACTION, &header, EXAMPLE)?;
    let line = |(number, record): (u64, StringRecord)| {
        let action = record[action].trim().to_owned();
        if action.is_empty() {
            return None;
        }
        let path = record[path].to_owned();
        Some(
            match csv_list::fault_of_text(PATH, &path).or(csv_list::fault_of_text(ACTION, &action))
            {
                Some(reason) => Err(CsvFault::at(number, reason)),
                None => Ok(Line {
                    number,
                    path,
                    action,
                }),
            },
        )
    };
    records.into_iter().filter_map(line).collect()
}
