//! The pictures of an experiment: fetched or drawn when missing, listed, split.

use crate::{
    config::{Config, DataConfig, DataSource},
    interrupt::Interrupt,
    transfer::{DOWNLOAD_KEPT, Transfer},
};
use anyhow::Result;
use checkpoint::{Run, SplitRecord};
use pictures::{
    fetch::{self, ArchiveSource, FetchState},
    folder::{
        FolderLayout, LabelledFile, Photographs, classes, is_hidden, list_pictures, ready_made,
        with_parts,
    },
    loader::DecodedCache,
    split::{Split, SplitMethod, groups},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use terminal::Terminal;

/// Bytes of a MiB.
const MEBIBYTE: usize = 1 << 20;

/// Listed and split pictures.
#[derive(Debug, Clone)]
pub struct Data {
    /// All pictures, by name in byte order.
    pub files: Vec<LabelledFile>,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// Indices into `files`.
    pub split: Split,
    /// Class folders without a picture.
    pub empty_classes: Vec<String>,
    /// What listing and splitting did that may be a mistake, a line each.
    pub remarks: Vec<String>,
    /// The training pictures.
    pub train: Arc<DecodedCache>,
    /// The validation pictures, kept under the same limit of memory.
    pub valid: Arc<DecodedCache>,
}

/// Returns true if pictures must be brought to the disk before training.
pub fn is_missing(config: &DataConfig) -> bool {
    match config.source {
        DataSource::Folder => false,
        DataSource::Sample => !sample::is_complete(&config.folder, &config.sample),
        DataSource::OxfordIiitPet => matches!(
            fetch::state(&config.folder),
            FetchState::Absent | FetchState::Partial
        ),
    }
}

/// Brings the pictures to the disk if they are not there and the config says where from.
///
/// # Errors
/// They cannot be brought.
pub fn prepare(config: &DataConfig, terminal: &Terminal, interrupt: &Interrupt) -> Result<()> {
    if !is_missing(config) {
        return Ok(());
    }
    match config.source {
        DataSource::Folder => Ok(()),
        DataSource::Sample => draw_sample(config, terminal, interrupt),
        DataSource::OxfordIiitPet => fetch_pets(config, terminal, interrupt),
    }
}

/// Downloads what is missing of the Oxford-IIIT Pets.
///
/// # Errors
/// They cannot be downloaded or unpacked.
pub fn fetch_pets(config: &DataConfig, terminal: &Terminal, interrupt: &Interrupt) -> Result<()> {
    let source = ArchiveSource {
        address: config.url.clone(),
        ..ArchiveSource::default()
    };
    let mut bar = Transfer::new(terminal);
    interrupt.leaving(DOWNLOAD_KEPT, || {
        fetch::fetch(&source, &config.folder, &mut |event| {
            bar.fetch_event(&event)
        })
    })?;
    Ok(())
}

fn draw_sample(config: &DataConfig, terminal: &Terminal, interrupt: &Interrupt) -> Result<()> {
    terminal.message(&format!(
        "drawing the sample into {}",
        config.folder.display()
    ));
    let bar = terminal.count("drawing the sample");
    let unfinished = "the sample is not finished, the same command draws it again";
    interrupt.leaving(unfinished, || {
        sample::draw_sample(&config.folder, &config.sample, &mut |done, all| {
            bar.set(done as u64, all as u64)
        })
    })?;
    Ok(())
}

impl DataConfig {
    /// Folder of the pictures: `images/` in `folder` if there is one, else `folder` itself.
    pub fn pictures(&self) -> PathBuf {
        let images = self.folder.join("images");
        if images.is_dir() || self.source != DataSource::Folder {
            images
        } else {
            self.folder.clone()
        }
    }

    /// Bytes that decoded pictures may take.
    pub fn cache_bytes(&self) -> usize {
        self.cache_mebibytes.saturating_mul(MEBIBYTE)
    }

    /// Folder of lists, trimaps and head boxes.
    pub fn annotations(&self) -> PathBuf {
        self.folder.join("annotations")
    }
}

impl Data {
    /// Lists and splits the pictures of `config`.
    pub fn open(config: &Config) -> Result<Self> {
        let annotations = config.data.annotations();
        let listed = Listed::new(config)?;
        refuse_parts_as_classes(&listed.unused_parts, config)?;
        let remarks = remarks(&listed, config);
        let Listed {
            files,
            empty_classes,
            ..
        } = listed;
        let split = config.split.split(&files, &annotations)?;
        let labels = |part: &[usize]| -> Vec<String> {
            part.iter()
                .map(|index| files[*index].label.clone())
                .collect()
        };
        let train_labels = labels(&split.train);
        let classes = classes(train_labels.iter().map(String::as_str));
        let photographs = |part: &[usize]| Photographs::new(&files, part, &classes).map(Arc::new);
        let train = DecodedCache::new(photographs(&split.train)?, config.data.cache_bytes());
        let valid = train.beside(photographs(&split.valid)?);
        Ok(Self {
            train: Arc::new(train),
            valid: Arc::new(valid),
            classes,
            split,
            empty_classes,
            remarks,
            files,
        })
    }

    /// The sizes of the parts, in words.
    pub fn counts(&self) -> String {
        let Split { train, valid, test } = &self.split;
        let kept = match test.len() {
            0 => String::new(),
            count => format!(", {count} kept for a last test"),
        };
        format!(
            "{} to train on, {} to validate with{kept}, {} classes",
            train.len(),
            valid.len(),
            self.classes.len()
        )
    }

    /// The split by names.
    pub fn record(&self, config: &DataConfig) -> SplitRecord {
        let names = |part: &[usize]| -> Vec<String> {
            part.iter()
                .map(|index| self.files[*index].name.clone())
                .collect()
        };
        SplitRecord {
            folder: config.pictures(),
            annotations: config.annotations(),
            classes: self.classes.clone(),
            train: names(&self.split.train),
            valid: names(&self.split.valid),
            test: names(&self.split.test),
        }
    }

    /// Writes the split into a new run, or makes sure that a run which continues still has the same pictures.
    pub fn keep_split(&self, config: &DataConfig, run: &Run) -> Result<()> {
        let path = run.split_file();
        let record = self.record(config);
        if !path.exists() {
            return Ok(record.write(&path)?);
        }
        let before = SplitRecord::read(&path)?;
        let same = before.classes == record.classes
            && before.train == record.train
            && before.valid == record.valid
            && before.test == record.test;
        anyhow::ensure!(
            same,
            "the pictures in {} are not the ones this run began with ({}): bring them back, or start a new run",
            record.folder.display(),
            path.display()
        );
        Ok(())
    }
}

/// What a listing has to say beside the pictures.
#[derive(Debug, Default)]
struct Listed {
    /// The pictures, with parts if the split takes them from folders.
    files: Vec<LabelledFile>,
    /// Class folders without a picture.
    empty_classes: Vec<String>,
    /// Folders of a ready-made split that is not taken.
    unused_parts: Vec<String>,
}

impl Listed {
    fn new(config: &Config) -> Result<Self> {
        let (root, layout) = (config.data.pictures(), config.data.layout);
        let files = list_pictures(&root, layout, &config.data.annotations())?;
        if matches!(config.split, SplitMethod::Folders {}) {
            return Ok(Self {
                files: with_parts(files, layout, &root)?,
                ..Self::default()
            });
        }
        let empty_classes = match layout {
            FolderLayout::Folders => empty_classes(&root, &files)?,
            _ => Vec::new(),
        };
        Ok(Self {
            unused_parts: ready_made(&files, layout),
            empty_classes,
            files,
        })
    }
}

/// Refuses to take the folders `parts` of a ready-made split for classes.
fn refuse_parts_as_classes(parts: &[String], config: &Config) -> Result<()> {
    anyhow::ensure!(
        parts.is_empty() || config.data.layout != FolderLayout::Folders,
        "the folders {} in {} look like the parts of a ready-made split, not like classes: to train on it as it is, write \
         split.kind = \"folders\" in the config, or type `--set split.kind=folders`; for another split of all these \
         pictures, move the class folders of the parts together",
        parts.join(", "),
        config.data.pictures().display()
    );
    Ok(())
}

/// What the split did that may be a mistake, a line each.
fn remarks(listed: &Listed, config: &Config) -> Vec<String> {
    let kind = config.split.kind();
    let mut remarks = Vec::new();
    if !listed.unused_parts.is_empty() {
        remarks.push(format!(
            "the folders {} in {} look like the parts of a ready-made split, which split.kind = \"{kind}\" does not go by: \
             `--set split.kind=folders` takes them",
            listed.unused_parts.join(", "),
            config.data.pictures().display()
        ));
    }
    let goes_by_parts = matches!(config.split, SplitMethod::Csv {} | SplitMethod::Folders {});
    if !goes_by_parts && listed.files.iter().any(|file| file.part.is_some()) {
        remarks.push(format!(
            "the column `split` of the csv file is not used, since split.kind is \"{kind}\": `--set split.kind=csv` takes it"
        ));
    }
    if let SplitMethod::Grouped { pattern, .. } = &config.split
        && groups(&listed.files, pattern).is_ok_and(|groups| groups.len() == listed.files.len())
    {
        remarks.push(format!(
            "split.pattern '{pattern}' puts each picture into a group of its own: nothing is kept together"
        ));
    }
    remarks
}

/// Names of the folders in `root` that have none of the pictures `files`, in byte order.
fn empty_classes(root: &Path, files: &[LabelledFile]) -> Result<Vec<String>> {
    let mut empty = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_class = files.iter().any(|file| file.label == name);
        if entry.path().is_dir() && !is_hidden(&entry.file_name()) && !is_class {
            empty.push(name);
        }
    }
    empty.sort();
    Ok(empty)
}
