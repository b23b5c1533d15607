//! Writing into the folder of a run.

use crate::{
    averaging::Average, feed::Feed, optimizer::Adam, position::Position, record::Recorder, store,
};
use anyhow::{Context, Result};
use checkpoint::{Manifest, Run, RunLock, save};
use network::{Group, Network, Precision};
use std::{collections::BTreeMap, fs, path::Path};

/// Prefix of checkpoints that make place for newer ones.
const PERIODIC: &str = "iteration-";
/// Number of periodic checkpoints to keep: the newest, and the one before in case the newest is damaged.
const PERIODIC_KEPT: usize = 2;

/// The folder of a run, held by this process alone.
#[derive(Debug)]
pub struct RunWriter {
    run: Run,
    /// Keeps other processes out of the run.
    _lock: RunLock,
    /// Manifest of every checkpoint, but for what a checkpoint changes.
    manifest: Manifest,
    groups: &'static [Group],
}

/// State that a checkpoint is made from.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    /// Network between two steps.
    pub network: &'a Network,
    /// Optimizer of an unfinished stage.
    pub optimizer: Option<&'a Adam>,
    /// Averaged weights, if the config asks for them.
    pub average: Option<&'a Average>,
    /// Place in the run.
    pub position: &'a Position,
    /// Side in pixels of the pictures that the network has just learned from.
    pub size: usize,
}

impl RunWriter {
    /// Writer of `run`, which trains with `feed`, whose config is called `config_name`, which is validated in `precision` and
    /// was trained by `before` processes one after another. The split is saved in a new run.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(
        run: Run,
        lock: RunLock,
        config_name: &str,
        feed: &Feed,
        precision: Precision,
        before: &[usize],
    ) -> Result<Self> {
        let (config, data) = (&feed.config, &feed.data);
        data.keep_split(&config.data, &run)?;
        let manifest = Manifest {
            format: Manifest::FORMAT,
            network: config.network_spec(data.classes.len()),
            classes: data.classes.clone(),
            normalisation: config.normalisation,
            size: 0,
            padding: config.augmentation.padding,
            orientation: config.data.orientation,
            kernels: config.model.kernels,
            precision,
            config: config_name.to_owned(),
            iterations: 0,
            error_rate: None,
            answering_weights: config
                .ema
                .filter(|ema| ema.validate)
                .map(|_| store::AVERAGE_FILE.to_owned()),
            best: false,
            processes: with_last(before, feed.processes().count()),
            files: BTreeMap::new(),
        };
        Ok(Self {
            run,
            _lock: lock,
            manifest,
            groups: config.model.architecture.groups(),
        })
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Files of figures, without what was written after `position`.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn recorder(&self, position: &Position) -> Result<Recorder> {
        Recorder::open(&self.run, position, self.groups)
            .with_context(|| format!("cannot write in {}", self.run.folder().display()))
    }

    /// Saves a checkpoint that makes place for newer ones.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save_periodic(&self, snapshot: Snapshot<'_>) -> Result<()> {
        let iterations = snapshot.position.total_iterations;
        let name = format!("{PERIODIC}{iterations:08}");
        self.save(&name, snapshot, false)?;
        self.remove_periodic(PERIODIC_KEPT);
        Ok(())
    }

    /// Saves the checkpoint `name` at the end of a stage, which is kept for good and makes the periodic ones needless.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save_stage(&self, name: &str, snapshot: Snapshot<'_>) -> Result<()> {
        self.save(name, snapshot, false)?;
        self.remove_periodic(0);
        Ok(())
    }

    /// Saves the best checkpoint so far, in the place of the one that was the best before.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn save_best(&self, snapshot: Snapshot<'_>) -> Result<()> {
        self.save(Run::BEST, snapshot, true)
    }

    fn save(&self, name: &str, snapshot: Snapshot<'_>, best: bool) -> Result<()> {
        let Snapshot {
            network,
            optimizer,
            average,
            position,
            size,
        } = snapshot;
        let manifest = Manifest {
            size,
            iterations: position.total_iterations,
            error_rate: position.error_rate,
            best,
            ..self.manifest.clone()
        };
        let (weights, optimizer) = (network.state(), optimizer.map(Adam::state));
        let average = average.map(|average| average.network().state());
        let others = [
            (store::OPTIMIZER_FILE, optimizer.as_ref()),
            (store::AVERAGE_FILE, average.as_ref()),
        ];
        let contents = store::contents(&weights, others, position)?;
        save(&self.run.checkpoints_folder(), name, manifest, &contents)?;
        Ok(())
    }

    /// Removes all periodic checkpoints but the newest `kept`. Failing to remove one is harmless.
    fn remove_periodic(&self, kept: usize) {
        let mut periodic = periodic(&self.run.checkpoints_folder());
        periodic.sort();
        let old = periodic.len().saturating_sub(kept);
        for path in &periodic[..old] {
            let _ = files::remove_folder(path);
        }
    }
}

/// Numbers of processes that a manifest keeps: none as long as there was one.
fn with_last(before: &[usize], count: usize) -> Vec<usize> {
    let mut all = before.to_vec();
    if all.last() != Some(&count) {
        all.push(count);
    }
    if all == [1] { Vec::new() } else { all }
}

fn periodic(checkpoints: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(checkpoints).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(PERIODIC))
        })
        .collect()
}
