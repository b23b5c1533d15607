//! The pictures that a csv file means by its paths.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use unicode_normalization::UnicodeNormalization;
use words::first_three;

use super::csv_list::{CsvFault, CsvLine, below_the_list};
use super::twins::spelt;
use super::walk::Found;

/// Names of the pictures in a folder, as a list may write them.
pub(super) struct Names<'a> {
    folder: &'a Path,
    exact: HashSet<&'a str>,
    /// Names by their composed form of Unicode.
    composed: HashMap<String, Vec<&'a str>>,
}

/// Why a line of a list has no picture.
enum NoName {
    /// Nothing is there; perhaps a name that differs in case only was meant.
    Missing(Option<String>),
    /// A sentence.
    Other(String),
}

impl<'a> Names<'a> {
    pub(super) fn of(found: &'a Found, folder: &'a Path) -> Self {
        let mut composed: HashMap<String, Vec<&str>> = HashMap::new();
        for (name, _) in &found.pictures {
            composed.entry(name.nfc().collect()).or_default().push(name);
        }
        Self {
            folder,
            exact: found
                .pictures
                .iter()
                .map(|(name, _)| name.as_str())
                .collect(),
            composed,
        }
    }

    /// Name of the picture of each line.
    pub(super) fn of_lines(&self, lines: &[CsvLine]) -> Result<Vec<String>, CsvFault> {
        let mut names = Vec::new();
        let mut missing = Vec::new();
        for line in lines {
            match self.of_line(&line.path) {
                Ok(name) => names.push(name),
                Err(NoName::Other(reason)) => return Err(CsvFault::at(line.number, reason)),
                Err(NoName::Missing(hint)) => missing.push((line, hint)),
            }
        }
        let Some((first, hint)) = missing.first() else {
            return Ok(names);
        };
        let others: Vec<String> = missing[1..]
            .iter()
            .map(|(line, _)| format!("{} (line {})", line.path, line.number))
            .collect();
        let others = match others.len() {
            0 => String::new(),
            _ => format!("; nor {}", first_three(&others)),
        };
        let hint = match hint {
            Some(hint) => format!("did you mean {hint}?"),
            None => "paths are relative to the folder of this list; bring the pictures or remove the lines".to_owned(),
        };
        let folder = self.folder.display();
        let reason = format!(
            "there is no picture {} in {folder}{others}: {hint}",
            first.path
        );
        Err(CsvFault::at(first.number, reason))
    }

    /// The picture that is written exactly so; else with `/` for `\`, without spaces around it, or in another form of
    /// Unicode.
    fn of_line(&self, written: &str) -> Result<String, NoName> {
        let trimmed = written.trim();
        let slashed = trimmed.replace('\\', "/");
        let exact = below_the_list(written).map_err(NoName::Other)?;
        let mut readings = vec![exact];
        for other in [trimmed, &slashed] {
            readings.push(below_the_list(other).map_err(NoName::Other)?);
        }
        if let Some(name) = readings.iter().find(|name| self.is_there(name)) {
            return Ok(name.clone());
        }
        let last = &readings[2];
        if self.folder.join(last).is_dir() {
            return Err(NoName::Other(format!("{last} is a folder: name a picture")));
        }
        let composed: String = last.nfc().collect();
        match self.composed.get(&composed).map(Vec::as_slice) {
            Some([one]) => Ok((*one).to_owned()),
            Some(several) => {
                let names: Vec<String> = several.iter().map(|name| spelt(name)).collect();
                Err(NoName::Other(format!(
                    "{last} may be {}: rename one",
                    names.join(" or ")
                )))
            }
            None => Err(NoName::Missing(self.in_other_case(&composed))),
        }
    }

    /// Also a file whose name is not that of a picture, since the list names it.
    fn is_there(&self, name: &str) -> bool {
        self.exact.contains(name) || self.folder.join(name).is_file()
    }

    fn in_other_case(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let mut alike: Vec<&str> = self
            .composed
            .iter()
            .filter(|(other, _)| other.to_lowercase() == name)
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        alike.sort_unstable();
        (!alike.is_empty()).then(|| alike.join(" or "))
    }
}
