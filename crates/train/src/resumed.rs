//! The pictures of a run that continues: those it began with, whatever has become of their folder.

use crate::{
    config::{Config, DataConfig},
    data::{self, Data, Listed},
};
use anyhow::{Context, Result, bail, ensure};
use checkpoint::{PictureRecord, Run, SplitRecord};
use pictures::{folder::LabelledFile, loader::OnBadImage};
use split::Split;
use std::collections::BTreeMap;
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

/// Data of `run` as it began, by its own split. Pictures that are gone are there by name, and cannot be decoded.
///
/// # Errors
/// A picture is gone and `on_bad_image` does not allow to go on without it, or no picture of a part is left.
pub fn open(config: &Config, run: &Run, terminal: &Terminal) -> Result<Data> {
    let path = run.split_file();
    if !path.exists() {
        return Data::open(config, terminal);
    }
    let record = SplitRecord::read(&path)?;
    let listed = Listed::again(config, &record)?;
    let changes = Changes::between(&record, &listed.files);
    changes.tell(&config.data, terminal);
    changes.permit(config, run, &record, terminal)?;
    let files = files_of(&record, listed.files, &config.data)?;
    let split = split_of(&record, &files);
    Data::of(
        &config.data,
        Listed { files, ..listed },
        split,
        record.classes,
    )
}

/// Warns if a run that repeats `run` would have other pictures.
pub fn warn_before_rerun(config: &Config, run: &Run, terminal: &Terminal) -> Result<()> {
    if data::is_missing(&config.data) {
        return Ok(());
    }
    let record = SplitRecord::read(&run.split_file())?;
    let changes = Changes::between(&record, &Listed::again(config, &record)?.files);
    if changes != Changes::default() {
        terminal.warning(&format!(
            "the pictures in {} are not those of {}, so the figures will differ: {}",
            config.data.pictures().display(),
            run.folder().display(),
            changes.in_words()
        ));
    }
    Ok(())
}

impl Changes {
    fn between(record: &SplitRecord, listed: &[LabelledFile]) -> Self {
        let mut listed: BTreeMap<&str, &LabelledFile> = listed
            .iter()
            .map(|file| (file.name.as_str(), file))
            .collect();
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
        changes.new = listed.into_keys().map(str::to_owned).collect();
        changes.gone.sort_unstable();
        changes.changed.sort_unstable();
        changes
    }

    /// Warns of what is no reason to stop.
    fn tell(&self, config: &DataConfig, terminal: &Terminal) {
        let folder = config.pictures();
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
        run: &Run,
        record: &SplitRecord,
        terminal: &Terminal,
    ) -> Result<()> {
        if self.gone.is_empty() {
            return Ok(());
        }
        let folder = config.data.pictures();
        let gone = format!(
            "{} gone from {} ({})",
            are(&self.gone, "of this run"),
            folder.display(),
            first_three(&self.gone)
        );
        for part in [&record.train, &record.valid] {
            let is_left = |name: &String| self.gone.binary_search(name).is_err();
            ensure!(
                part.iter().any(is_left),
                "{gone}, and none is left to {}: bring them back",
                if part == &record.train {
                    "train on"
                } else {
                    "validate with"
                }
            );
        }
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

/// The pictures of `record`, by name in byte order: as listed, or where they would be.
fn files_of(
    record: &SplitRecord,
    listed: Vec<LabelledFile>,
    config: &DataConfig,
) -> Result<Vec<LabelledFile>> {
    let folder = config.pictures();
    let mut listed: BTreeMap<String, LabelledFile> = listed
        .into_iter()
        .map(|file| (file.name.clone(), file))
        .collect();
    let files = record.names().map(|name| {
        if let Some(file) = listed.remove(name) {
            return Ok(file);
        }
        let before = record.pictures.get(name).with_context(|| {
            format!("{name} is gone, and this run is too old to say of which class it was: bring it back")
        })?;
        Ok(LabelledFile {
            name: name.clone(),
            path: folder.join(name),
            label: before.class.clone(),
            part: None,
        })
    });
    let mut files = files.collect::<Result<Vec<_>>>()?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
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
    use std::path::Path;

    #[test]
    fn what_is_gone_new_or_of_another_class_is_told_apart() {
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
            new: names(&["e"]),
        };
        assert_eq!(Changes::between(&record, &listed), changes);
        // A run of the time before pictures were recorded knows the names alone.
        let older = SplitRecord {
            pictures: BTreeMap::new(),
            ..record
        };
        assert!(Changes::between(&older, &listed).changed.is_empty());
    }
}
