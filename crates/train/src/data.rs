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
    folder::{LabelledFile, Photographs, classes, list_pictures},
    loader::DecodedCache,
    split::Split,
};
use std::{path::PathBuf, sync::Arc};
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
        let files = list_pictures(&config.data.pictures(), config.data.layout, &annotations)?;
        let split = config.split.split(&files, &annotations)?;
        let labels = |part: &[usize]| -> Vec<String> {
            part.iter()
                .map(|index| files[*index].label.clone())
                .collect()
        };
        let train_labels = labels(&split.train);
        let classes = classes(train_labels.iter().map(String::as_str));
        let photographs = |part: &[usize]| {
            Photographs::new(&files, part, &classes)
                .map(|pictures| Arc::new(pictures.oriented(config.data.orientation)))
        };
        let train = DecodedCache::new(photographs(&split.train)?, config.data.cache_bytes());
        let valid = train.beside(photographs(&split.valid)?);
        Ok(Self {
            train: Arc::new(train),
            valid: Arc::new(valid),
            classes,
            split,
            files,
        })
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
            && before.valid == record.valid;
        anyhow::ensure!(
            same,
            "the pictures in {} are not the ones this run began with ({}): bring them back, or start a new run",
            record.folder.display(),
            path.display()
        );
        Ok(())
    }
}
