//! State of training in the files of a checkpoint.

use crate::{config::Config, optimizer::Adam, position::Position};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Contents};
use network::{Network, Parameter, weights::StateDict};
use std::collections::BTreeMap;

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const POSITION_FILE: &str = "position.json";

/// State of training between two steps: with the config, all that the rest of a run depends on.
#[derive(Debug)]
pub struct State {
    /// Network on the plain device.
    pub network: Network,
    /// Optimizer of an unfinished stage.
    pub optimizer: Option<Adam>,
    /// Place in the run.
    pub position: Position,
}

impl State {
    /// State before the first step of a new run.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            optimizer: None,
            position: Position::default(),
        }
    }

    /// State that `checkpoint` holds.
    ///
    /// # Errors
    /// A file is missing or is not what this program writes.
    pub fn restore(checkpoint: &Checkpoint, config: &Config, device: &Device) -> Result<Self> {
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
                let trained = trained(&network, config, &position)?;
                // Before a state held its own number of steps, the loss meter's was used.
                let steps_before = position.smoothed_loss.batches();
                Some(
                    Adam::resume(config.optimizer, state, steps_before, &trained, device)
                        .with_context(|| path.display().to_string())?,
                )
            }
        };
        Ok(Self {
            network,
            optimizer,
            position,
        })
    }
}

/// Content of a checkpoint: `weights` of the network, `optimizer` state of an unfinished stage, the position.
///
/// # Errors
/// The position cannot be written.
pub fn contents<'a>(
    weights: &'a StateDict,
    optimizer: Option<&'a StateDict>,
    position: &Position,
) -> Result<Contents<'a>> {
    let position = serde_json::to_vec_pretty(position)?;
    Ok(Contents {
        weights,
        tensors: optimizer
            .map(|state| (OPTIMIZER_FILE.to_owned(), state))
            .into_iter()
            .collect(),
        files: BTreeMap::from([(POSITION_FILE.to_owned(), position)]),
    })
}

/// Parameters that the stage of `position` trains.
fn trained(network: &Network, config: &Config, position: &Position) -> Result<Vec<Parameter>> {
    let stage = config
        .stages
        .get(position.stage)
        .with_context(|| format!("the config has no stage {}", position.stage))?;
    let mut parameters = network.parameters();
    parameters.retain(|parameter| stage.train.includes(parameter));
    Ok(parameters)
}

fn network(checkpoint: &Checkpoint, config: &Config, device: &Device) -> Result<Network> {
    let blank = checkpoint
        .manifest
        .network
        .blank(config.model.kernels, device);
    let weights = checkpoint.weights()?;
    weights.check(&blank.shapes(), |_| false)?;
    Ok(blank.with_state(weights))
}
