//! The pictures of an experiment: fetched or drawn when missing, listed, split.

use crate::{
    config::{Config, DataConfig, DataSource},
    interrupt::Interrupt,
    parts,
    transfer::{DOWNLOAD_KEPT, Transfer},
};
use anyhow::{Context, Error, Result, anyhow, bail};
use checkpoint::{PictureRecord, Run, SplitRecord};
use pictures::{
    fetch::{self, ArchiveSource, FetchState},
    folder::{
        Corrections, FolderError, FolderLayout, LabelPattern, LabelledFile, Listing, Photographs,
        Rules, classes, is_hidden, list_pictures,
    },
    loader::DecodedCache,
};
use split::{Split, SplitError, SplitMethod};
use std::{
    collections::BTreeMap,
    fs, mem,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread,
};
use terminal::Terminal;
use words::{counted, first_three};

/// Copy of `data.corrections` in a run.
pub const CORRECTIONS_FILE: &str = "corrections.csv";

/// Bytes of a MiB.
const MEBIBYTE: usize = 1 << 20;

/// Listed and split pictures.
#[derive(Debug, Clone)]
pub struct Data {
    /// Folder that the names of pictures are below: chosen once, since a folder may come to lie beside it.
    pub folder: PathBuf,
    /// All pictures, by name in byte order.
    pub files: Vec<LabelledFile>,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// Rules by which they were listed.
    pub rules: Rules,
    /// Indices into `files`.
    pub split: Split,
    /// Class folders without a picture.
    pub empty_classes: Vec<String>,
    /// The training pictures.
    pub train: Arc<DecodedCache>,
    /// The validation pictures, kept under the same limit of memory.
    pub valid: Arc<DecodedCache>,
    /// Lines that were said about the listing.
    pub remarks: Vec<String>,
    /// The csv file that corrected it, for a new run to keep.
    corrections: Option<Corrections>,
    /// Length and digest of each picture, once they have been asked for.
    records: OnceLock<BTreeMap<String, PictureRecord>>,
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
    /// Folder of the pictures: `images/` in `folder` where that is promised, the folder of the list if there is one, else
    /// `folder` itself.
    pub fn pictures(&self) -> PathBuf {
        if self.layout == FolderLayout::Csv {
            let list = self.list();
            return list.parent().unwrap_or(&self.folder).to_path_buf();
        }
        if self.source != DataSource::Folder || self.is_like_the_pets() {
            self.folder.join("images")
        } else {
            self.folder.clone()
        }
    }

    /// True if a folder of one's own is laid out like the pets, with the pictures in `images/`. Where folders are classes,
    /// `images` is one too, unless nothing but `annotations/` is beside it.
    fn is_like_the_pets(&self) -> bool {
        let has = |name: &str| self.folder.join(name).is_dir();
        match self.layout {
            FolderLayout::Csv => false,
            FolderLayout::FileNames | FolderLayout::List => has("images"),
            FolderLayout::Folders => {
                has("images") && has("annotations") && self.count_folders() == 2
            }
        }
    }

    fn count_folders(&self) -> usize {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .filter(|entry| !is_hidden(&entry.file_name()) && entry.path().is_dir())
            .count()
    }

    /// The csv file of the layout that reads one.
    fn list(&self) -> PathBuf {
        let name = self.csv.as_deref().unwrap_or(Path::new("labels.csv"));
        let list = self.folder.join(name);
        // As Windows writes it, unless a file is called so.
        let slashed = self.folder.join(name.to_string_lossy().replace('\\', "/"));
        if !list.exists() && slashed.is_file() {
            slashed
        } else {
            list
        }
    }

    /// Threads that decode.
    pub fn threads(&self) -> usize {
        match self.workers {
            0 => thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
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

impl Config {
    /// Rules by which the pictures are listed.
    pub fn rules(&self) -> Result<Rules> {
        let data = &self.data;
        let pattern = data.pattern.as_deref().map(LabelPattern::new);
        Ok(Rules {
            annotations: data.annotations(),
            csv: data.list(),
            pattern: pattern.transpose().map_err(Error::msg)?,
            folders_are_parts: matches!(self.split, SplitMethod::Folders {}),
            ..Rules::of(data.layout)
        })
    }
}

impl Data {
    /// Lists and splits the pictures of `config`; what the listing leaves out or suspects is said on `terminal`.
    pub fn open(config: &Config, terminal: &Terminal) -> Result<Self> {
        let mut listed = Listed::new(config, terminal)?;
        // The split is that of the listing without corrections, so that each picture stays in its part.
        let drawn = config
            .split
            .draw(&listed.files, &config.data.annotations())?;
        let (split, corrections) = listed.correct(drawn, &config.data, terminal)?;
        let files = mem::take(&mut listed.files);
        let examined = config.split.examine(&split, &files);
        examined.map_err(|error| listed.with_empty_classes(error))?;
        let labels = split.train.iter().map(|index| files[*index].label.as_str());
        let classes = classes(labels);
        if let Some(sentence) = config.regularisation.unknown_class(&classes) {
            bail!(sentence);
        }
        Ok(Self {
            corrections,
            ..Self::of(&config.data, Listed { files, ..listed }, split, classes)?
        })
    }

    /// Data of a split that is known already.
    ///
    /// # Errors
    /// A picture has a label that is none of `classes`.
    pub fn of(
        config: &DataConfig,
        listed: Listed,
        split: Split,
        classes: Vec<String>,
    ) -> Result<Self> {
        let Listed {
            folder,
            files,
            rules,
            empty_classes,
            remarks,
        } = listed;
        let photographs = |part: &[usize]| {
            Photographs::new(&files, part, &classes, config.orientation).map(Arc::new)
        };
        let train = DecodedCache::new(photographs(&split.train)?, config.cache_bytes());
        let valid = train.beside(photographs(&split.valid)?);
        Ok(Self {
            train: Arc::new(train),
            valid: Arc::new(valid),
            classes,
            split,
            empty_classes,
            folder,
            files,
            rules,
            remarks,
            corrections: None,
            records: OnceLock::new(),
        })
    }

    /// Class of each training picture, as an index into the classes.
    pub fn training_labels(&self) -> Vec<usize> {
        let label = |index: &usize| self.files[*index].label.as_str();
        let class = |label: &str| {
            self.classes
                .binary_search_by(|class| class.as_str().cmp(label))
        };
        let labels = self.split.train.iter().map(label);
        labels
            .map(|label| class(label).unwrap_or_default())
            .collect()
    }

    /// The sizes of the parts, in words.
    pub fn counts(&self) -> String {
        let Split { train, valid, test } = &self.split;
        let kept = match test.len() {
            0 => String::new(),
            count => format!(", {count} kept for a last test"),
        };
        format!(
            "{} classes, {} pictures to train on, {} to validate with{kept}",
            self.classes.len(),
            train.len(),
            valid.len()
        )
    }

    /// Writes the split into a new run, and the corrections, with which the run can be repeated after their file is gone. A
    /// run that continues has the split already, and its data come from there.
    pub fn keep_split(&self, config: &DataConfig, run: &Run) -> Result<()> {
        let path = run.split_file();
        if path.exists() {
            return Ok(());
        }
        if let Some(corrections) = &self.corrections {
            let copy = run.file(CORRECTIONS_FILE);
            files::write_atomically(&copy, corrections.bytes())
                .with_context(|| format!("cannot write {}", copy.display()))?;
        }
        Ok(self.record(config).write(&path)?)
    }

    /// The split with class, length and digest of each picture, a line each.
    pub fn record_in_lines(&self, config: &DataConfig) -> String {
        let SplitRecord {
            classes,
            train,
            valid,
            test,
            pictures,
            ..
        } = self.record(config);
        let mut lines = vec![format!("classes {}", classes.join(", "))];
        for (part, names) in [("train", &train), ("valid", &valid), ("test", &test)] {
            lines.extend(names.iter().map(|name| match pictures.get(name) {
                Some(PictureRecord { class, bytes, ends }) => {
                    format!("{part}: {name} of class {class}, {bytes} bytes, {ends}")
                }
                None => format!("{part}: {name}"),
            }));
        }
        lines.join("\n")
    }

    /// The split by names.
    fn record(&self, config: &DataConfig) -> SplitRecord {
        let names = |part: &[usize]| -> Vec<String> {
            part.iter()
                .map(|index| self.files[*index].name.clone())
                .collect()
        };
        let says_another = |file: &&LabelledFile| {
            self.rules.label_in_name(&file.name) != Some(file.label.as_str())
        };
        let labels = self.files.iter().filter(says_another);
        SplitRecord {
            labels: labels
                .map(|file| (file.name.clone(), file.label.clone()))
                .collect(),
            folder: self.folder.clone(),
            annotations: config.annotations(),
            classes: self.classes.clone(),
            train: names(&self.split.train),
            valid: names(&self.split.valid),
            test: names(&self.split.test),
            pictures: self.records.get_or_init(|| self.read_records()).clone(),
        }
    }

    fn read_records(&self) -> BTreeMap<String, PictureRecord> {
        let Split { train, valid, test } = &self.split;
        let used = train.iter().chain(valid).chain(test);
        let records = used.map(|index| {
            let file = &self.files[*index];
            let record = PictureRecord::of(&file.label, &file.path);
            (file.name.clone(), record)
        });
        records.collect()
    }
}

/// Labelled pictures, before they are split.
#[derive(Debug)]
pub struct Listed {
    /// Folder that their names are below.
    pub folder: PathBuf,
    /// Pictures, by name in byte order.
    pub files: Vec<LabelledFile>,
    /// Rules by which they were listed.
    pub rules: Rules,
    /// Class folders without a picture.
    pub empty_classes: Vec<String>,
    /// What was said of the listing, for the log.
    pub remarks: Vec<String>,
}

impl Listed {
    /// Lists the pictures of `config`; what the listing leaves out or suspects is said on `terminal`.
    ///
    /// # Errors
    /// They cannot be listed, or are divided already and the config does not say so.
    pub fn new(config: &Config, terminal: &Terminal) -> Result<Self> {
        let (folder, rules, listing) = list(config)?;
        parts::refuse_as_classes(&listing, config)?;
        let mut remarks = listing.remarks();
        let of_parts = parts::remarks(&listing, config);
        remarks.extend(of_parts.into_iter().map(|line| (true, line)));
        if config.data.source == DataSource::Folder && config.data.is_like_the_pets() {
            let shown = folder.display();
            let line = format!("the pictures are those in {shown}, as in the layout of the pets");
            remarks.insert(0, (false, line));
        }
        for (must_not_be_missed, line) in &remarks {
            match must_not_be_missed {
                true => terminal.warning(line),
                false => terminal.message(line),
            }
        }
        Ok(Self {
            folder,
            files: listing.files,
            rules,
            empty_classes: listing.empty_classes,
            remarks: remarks.into_iter().map(in_the_log).collect(),
        })
    }
}

impl Listed {
    /// `error`; if it is that there is one class, with the folders that were to be others.
    fn with_empty_classes(&self, error: SplitError) -> Error {
        match (&error, &self.empty_classes[..]) {
            (SplitError::OneClass { .. }, [_, ..]) => anyhow!(
                "{error}; there is no picture in {}",
                first_three(self.empty_classes.iter().map(|class| format!("{class}/")))
            ),
            _ => error.into(),
        }
    }

    /// Corrects the pictures as `config` asks, and `split`, which was drawn for them as they were, and says so.
    ///
    /// # Errors
    /// The corrections cannot be used.
    fn correct(
        &mut self,
        mut split: Split,
        config: &DataConfig,
        terminal: &Terminal,
    ) -> Result<(Split, Option<Corrections>)> {
        let Some(list) = &config.corrections else {
            return Ok((split, None));
        };
        let corrections = Corrections::read(list)?;
        let corrected = corrections.apply(mem::take(&mut self.files), &self.folder)?;
        for part in [&mut split.train, &mut split.valid, &mut split.test] {
            *part = part
                .iter()
                .filter_map(|index| corrected.places[*index])
                .collect();
        }
        let line = format!(
            "corrections: {} changed, {} left out",
            counted(corrected.changed, "label"),
            counted(corrected.left_out.len(), "picture")
        );
        terminal.message(&line);
        self.remarks.push(line);
        self.files = corrected.files;
        Ok((split, Some(corrections)))
    }
}

/// The folder of the pictures of `config`, the rules by which they are listed, and the listing.
///
/// # Errors
/// They cannot be listed.
pub fn list(config: &Config) -> Result<(PathBuf, Rules, Listing)> {
    let (folder, rules) = (config.data.pictures(), config.rules()?);
    let listing =
        list_pictures(&folder, &rules).map_err(|error| match (config.data.source, &error) {
            (DataSource::OxfordIiitPet, FolderError::Missing(_) | FolderError::Empty { .. }) => {
                anyhow!(
                    "{error}; with another data.folder, `train fetch` downloads the pets into it"
                )
            }
            _ => error.into(),
        })?;
    Ok((folder, rules, listing))
}

/// A line as the log has it.
fn in_the_log((must_not_be_missed, line): (bool, String)) -> String {
    match must_not_be_missed {
        true => format!("warning: {line}"),
        false => line,
    }
}
