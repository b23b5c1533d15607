//! The pictures of a run that continues: those it began with, whatever has become of their folder.

use crate::{
    config::Config,
    data::{self, Data, Listed},
};
use anyhow::{Context, Result, bail, ensure};
use checkpoint::{PictureRecord, Run, SplitRecord, picture_file};
use pictures::{
    folder::{Corrections, FolderError, LabelledFile, Rules, find_pictures},
    loader::OnBadImage,
};
use split::Split;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use terminal::Terminal;
use words::{counted, first_three, quoted};

/// Effect on a run of pictures that are not what they were.
const FIGURES: &str = "the figures are no longer those of the run without interruption";

/// What has become of the pictures of a run, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    /// In the run, not in the folder.
    gone: Vec<String>,
    /// Of another class or content than when the run began.
    changed: Vec<String>,
    /// In the folder, not in the run.
    new: Vec<String>,
}

/// Data of `run` as it began, by its own split. Its pictures are below `folder`, each in the class that it had; those that
/// are gone are there by name, and cannot be decoded. Whatever else is in the folder by now is no reason to stop.
///
/// # Errors
/// A picture is gone and `on_bad_image` does not allow to go on without it, or no picture of a part is left.
pub fn open(config: &Config, folder: PathBuf, run: &Run, terminal: &Terminal) -> Result<Data> {
    let record = SplitRecord::read(&run.split_file())?;
    let rules = config.rules()?;
    let labels = record.names().map(|name| {
        let label = label(&record, &rules, name);
        Ok((name.clone(), label.with_context(|| unknown_class(name))?))
    });
    let labels = labels.collect::<Result<BTreeMap<String, String>>>()?;
    let mut files = Vec::new();
    for (name, label) in &labels {
        files.push(LabelledFile {
            path: picture_file(&folder, name),
            name: name.clone(),
            label: label.clone(),
            part: None,
        });
    }
    let present = files.iter().filter(|file| file.path.is_file());
    let mut changes = Changes::between(&record, present);
    changes.new = others(&folder, &files)?;
    // What they left out is no news. A run whose copy is gone goes on without it: its own split says all else.
    if let Some(list) = &config.data.corrections
        && let Ok(corrections) = Corrections::read(list)
    {
        changes.new = corrections.without_left_out(changes.new, &folder);
    }
    changes.leave_test_pictures(&record, terminal);
    changes.tell(&folder, terminal);
    let list = run.saved_data()?.list_in(&folder);
    if let Some(line) = list.and_then(|list| record.other_labels(&list)) {
        terminal.warning(&line);
    }
    changes.permit(config, &folder, run, &record, &labels, terminal)?;
    let split = split_of(&record, &files);
    let listed = Listed {
        folder,
        files,
        rules,
        empty_classes: Vec::new(),
        remarks: Vec::new(),
    };
    Data::of(&config.data, listed, split, record.classes)
}

/// Warns if a run that repeats `run` would have other pictures.
pub fn warn_before_rerun(config: &Config, run: &Run, terminal: &Terminal) -> Result<()> {
    if data::is_missing(&config.data) {
        return Ok(());
    }
    let record = SplitRecord::read(&run.split_file())?;
    let (folder, _, mut listing) = data::list(config)?;
    if let Some(list) = &config.data.corrections {
        listing.files = Corrections::read(list)?
            .apply(listing.files, &folder)?
            .files;
    }
    let mut changes = Changes::between(&record, listing.files.iter());
    let known: BTreeSet<&String> = record.names().collect();
    let names = listing.files.iter().map(|file| &file.name);
    changes.new = names
        .filter(|name| !known.contains(name))
        .cloned()
        .collect();
    if changes != Changes::default() {
        terminal.warning(&format!(
            "the pictures in {} are not those of {}, so the figures will differ: {}",
            folder.display(),
            run.folder().display(),
            changes.in_words()
        ));
    }
    Ok(())
}

/// The class that picture `name` had when the run began.
fn label(record: &SplitRecord, rules: &Rules, name: &str) -> Option<String> {
    let recorded = record.pictures.get(name).map(|picture| &picture.class);
    let recorded = recorded.or_else(|| record.labels.get(name)).cloned();
    recorded.or_else(|| rules.label_in_name(name).map(str::to_owned))
}

fn unknown_class(name: &str) -> String {
    format!("this run is too old to say of which class {name} was: start a new one")
}

/// Names of the pictures below `folder` that are none of `files`.
fn others(folder: &Path, files: &[LabelledFile]) -> Result<Vec<String>> {
    let known: BTreeSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let found = match find_pictures(folder) {
        Ok(found) => found.pictures,
        Err(FolderError::Empty { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let new = found
        .into_iter()
        .filter(|(name, _)| !known.contains(folder.join(name).as_path()));
    Ok(new.map(|(name, _)| name).collect())
}

impl Changes {
    /// What is gone and what has changed, of the pictures that `listed` has by now.
    fn between<'a>(record: &SplitRecord, listed: impl Iterator<Item = &'a LabelledFile>) -> Self {
        let mut listed: BTreeMap<&str, &LabelledFile> =
            listed.map(|file| (file.name.as_str(), file)).collect();
        let mut changes = Self::default();
        for name in record.names() {
            match (listed.remove(name.as_str()), record.pictures.get(name)) {
                (None, _) => changes.gone.push(name.clone()),
                (Some(file), Some(before))
                    if PictureRecord::of(&file.label, &file.path) != *before =>
                {
                    changes.changed.push(name.clone());
                }
                _ => {}
            }
        }
        changes.gone.sort_unstable();
        changes.changed.sort_unstable();
        changes
    }

    /// Takes those of the test part out of the pictures that are gone, and says so: training never opens them.
    fn leave_test_pictures(&mut self, record: &SplitRecord, terminal: &Terminal) {
        let is_test = |name: &String| record.test.contains(name);
        let (test, gone) = std::mem::take(&mut self.gone)
            .into_iter()
            .partition(is_test);
        self.gone = gone;
        let test: Vec<String> = test;
        if !test.is_empty() {
            terminal.warning(&format!(
                "{} gone: {}; training goes on, it does not need them",
                are(&test, "kept for a last test"),
                first_three(&test)
            ));
        }
    }

    /// Warns of what is no reason to stop.
    fn tell(&self, folder: &Path, terminal: &Terminal) {
        if !self.new.is_empty() {
            terminal.warning(&format!(
                "{} not of this run and left out of it: {}",
                are(&self.new, &format!("in {}", folder.display())),
                first_three(&self.new)
            ));
        }
        if !self.changed.is_empty() {
            terminal.warning(&format!(
                "{} not what it was when the run began, in class or content ({}), and used as it is now: {FIGURES}",
                are(&self.changed, "of this run"),
                first_three(&self.changed)
            ));
        }
    }

    /// Says what going on without the pictures that are gone means, or why the run does not.
    fn permit(
        &self,
        config: &Config,
        folder: &Path,
        run: &Run,
        record: &SplitRecord,
        labels: &BTreeMap<String, String>,
        terminal: &Terminal,
    ) -> Result<()> {
        if self.gone.is_empty() {
            return Ok(());
        }
        let gone = format!(
            "{} gone from {} ({})",
            are(&self.gone, "of this run"),
            folder.display(),
            first_three(&self.gone)
        );
        let is_left = |name: &&String| self.gone.binary_search(name).is_err();
        for (part, purpose) in [
            (&record.train, "train on"),
            (&record.valid, "validate with"),
        ] {
            ensure!(
                part.iter().any(|name| is_left(&name)),
                "{gone}, and none is left to {purpose}: bring them back"
            );
        }
        let trained: BTreeSet<&String> = record
            .train
            .iter()
            .filter(is_left)
            .filter_map(|name| labels.get(name))
            .collect();
        let lost: Vec<&String> = record
            .classes
            .iter()
            .filter(|class| !trained.contains(class))
            .collect();
        ensure!(
            lost.is_empty(),
            "{gone}, and none is left to train {} on: bring them back, or start a new run without that class",
            first_three(&lost)
        );
        if config.data.on_bad_image == OnBadImage::Error {
            bail!(
                "{gone}: bring them back, or go on without them with `train --resume {} --skip-bad-images`",
                quoted(&run.folder().display().to_string())
            );
        }
        terminal.warning(&format!("{gone}: going on without them, so {FIGURES}"));
        Ok(())
    }

    fn in_words(&self) -> String {
        let kinds = [
            (&self.gone, "gone"),
            (&self.changed, "changed"),
            (&self.new, "new"),
        ];
        let told = kinds
            .iter()
            .filter(|(names, _)| !names.is_empty())
            .map(|(names, kind)| format!("{} {kind} ({})", names.len(), first_three(*names)));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// `1 picture of this run is`, `2 pictures of this run are`.
fn are(names: &[String], of: &str) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {of} {verb}", counted(names.len(), "picture"))
}

fn split_of(record: &SplitRecord, files: &[LabelledFile]) -> Split {
    let places: BTreeMap<&str, usize> = files
        .iter()
        .enumerate()
        .map(|(index, file)| (file.name.as_str(), index))
        .collect();
    let indices = |names: &[String]| names.iter().map(|name| places[name.as_str()]).collect();
    Split {
        train: indices(&record.train),
        valid: indices(&record.valid),
        test: indices(&record.test),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_or_of_another_class_is_told_apart() {
        let file = |name: &str, label: &str| LabelledFile {
            name: name.to_owned(),
            path: Path::new("nowhere").join(name),
            label: label.to_owned(),
            part: None,
        };
        let before = |name: &str| {
            let record = PictureRecord::of("cat", &Path::new("nowhere").join(name));
            (name.to_owned(), record)
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let record = SplitRecord {
            folder: "nowhere".into(),
            annotations: "nowhere".into(),
            classes: names(&["cat", "dog"]),
            train: names(&["d", "a"]),
            valid: names(&["c", "b"]),
            test: Vec::new(),
            labels: BTreeMap::new(),
            pictures: ["a", "b", "c", "d"].map(before).into(),
        };
        let listed = [file("a", "cat"), file("b", "dog"), file("e", "cat")];
        let changes = Changes {
            gone: names(&["c", "d"]),
            changed: names(&["b"]),
            new: Vec::new(),
        };
        assert_eq!(Changes::between(&record, listed.iter()), changes);
        // A run of the time before pictures were recorded knows the names alone.
        let older = SplitRecord {
            pictures: BTreeMap::new(),
            ..record
        };
        assert!(Changes::between(&older, listed.iter()).changed.is_empty());
    }
}
