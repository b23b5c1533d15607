//! A run's checkpoints as training writes and reads them.

use crate::{
    config::Config,
    optimizer::Adam,
    position::Position,
    session::{Session, Start},
};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Contents, Manifest, save as save_checkpoint};
use network::{NetworkSpec, ResNet, weights::StateDict};
use std::{collections::BTreeMap, fs, path::Path};

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const POSITION_FILE: &str = "position.json";
/// Prefix of checkpoints that make place for newer ones.
const PERIODIC: &str = "iteration-";
/// So many are kept: the newest, and the one before in case the newest is damaged.
const PERIODIC_KEPT: usize = 2;

/// Name of a checkpoint within a stage.
pub fn periodic_name(total_iterations: u64) -> String {
    format!("{PERIODIC}{total_iterations:08}")
}

/// Saves the network, the optimizer of an unfinished stage, and the position.
pub fn save(
    session: &Session,
    name: &str,
    weights: &StateDict,
    optimizer: Option<&Adam>,
    position: &Position,
) -> Result<()> {
    let optimizer = optimizer.map(Adam::state);
    let tensors = optimizer
        .iter()
        .map(|state| (OPTIMIZER_FILE.to_owned(), state))
        .collect();
    let position_bytes = serde_json::to_vec_pretty(position)?;
    let contents = Contents {
        weights,
        tensors,
        files: BTreeMap::from([(POSITION_FILE.to_owned(), position_bytes)]),
    };
    let folder = session.run.checkpoints_folder();
    save_checkpoint(&folder, name, manifest(session, position), &contents)?;
    remove_old(&folder, name);
    Ok(())
}

/// The network, the optimizer and the position of `checkpoint`.
pub fn restore(checkpoint: &Checkpoint, config: &Config, device: &Device) -> Result<Start> {
    let position = checkpoint.file(POSITION_FILE)?;
    let position: Position = serde_json::from_slice(&position).with_context(|| {
        format!(
            "{} has no position of this program",
            checkpoint.folder.display()
        )
    })?;
    let network = network(checkpoint, config, device)?;
    let optimizer = match checkpoint.manifest.files.contains_key(OPTIMIZER_FILE) {
        false => None,
        true => {
            let path = checkpoint.folder.join(OPTIMIZER_FILE);
            let state = StateDict::from_safetensors(&checkpoint.file(OPTIMIZER_FILE)?, &path)?;
            Some(Adam::resume(
                config.optimizer,
                position.smoothed_loss.batches(),
                &state,
                device,
            ))
        }
    };
    Ok(Start {
        network,
        optimizer,
        position,
    })
}

/// The network of `checkpoint` on the plain device.
pub fn network(checkpoint: &Checkpoint, config: &Config, device: &Device) -> Result<ResNet> {
    let blank = checkpoint
        .manifest
        .network
        .blank(config.model.kernels, device);
    let weights = checkpoint.weights()?;
    weights.check(&blank.shapes(), |_| false)?;
    Ok(blank.with_state(weights))
}

impl Config {
    /// The network for `classes` classes.
    pub fn network_spec(&self, classes: usize) -> NetworkSpec {
        NetworkSpec {
            architecture: self.model.architecture,
            base_width: self.model.base_width,
            classes,
            head: self.model.head,
            dropout: self.model.dropout,
        }
    }
}

fn manifest(session: &Session, position: &Position) -> Manifest {
    let config = &session.config;
    let last_stage = config.stages.len() - 1;
    Manifest {
        format: Manifest::FORMAT,
        network: config.network_spec(session.data.classes.len()),
        classes: session.data.classes.clone(),
        normalisation: config.normalisation,
        size: config.stages[finished_stage(position).min(last_stage)].size,
        padding: config.augmentation.padding,
        kernels: config.model.kernels,
        config: session.config_name.clone(),
        iterations: position.total_iterations,
        error_rate: position.error_rate,
        files: BTreeMap::new(),
    }
}

/// The stage whose pictures the network has just learned from.
fn finished_stage(position: &Position) -> usize {
    if position.iteration == 0 {
        position.stage.saturating_sub(1)
    } else {
        position.stage
    }
}

/// Removes periodic checkpoints that `saved` makes needless: all of them at the end of a stage, else all but the newest.
/// That one cannot be removed does no harm.
fn remove_old(checkpoints: &Path, saved: &str) {
    let Ok(entries) = fs::read_dir(checkpoints) else {
        return;
    };
    let mut periodic: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(PERIODIC))
        })
        .collect();
    periodic.sort();
    let kept = if saved.starts_with(PERIODIC) {
        PERIODIC_KEPT
    } else {
        0
    };
    let old = periodic.len().saturating_sub(kept);
    for path in &periodic[..old] {
        let _ = files::remove_folder(path);
    }
}
