//! State of training in the files of a checkpoint.

use crate::{averaging::Average, config::Config, optimizer::Adam, position::Position};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Contents};
use network::{Network, Parameter, weights::StateDict};
use std::collections::BTreeMap;

/// Optimizer of an unfinished stage.
pub const OPTIMIZER_FILE: &str = "optimizer.safetensors";
/// Averaged weights, under the names of the weights.
pub const AVERAGE_FILE: &str = "average.safetensors";
const POSITION_FILE: &str = "position.json";

/// State of training between two steps: with the config, all that the rest of a run depends on.
#[derive(Debug)]
pub struct State {
    /// Network on the plain device.
    pub network: Network,
    /// Optimizer of an unfinished stage.
    pub optimizer: Option<Adam>,
    /// Averaged weights, if the config asks for them.
    pub average: Option<Average>,
    /// Place in the run.
    pub position: Position,
}

impl State {
    /// State before the first step of a new run of `config`.
    pub fn new(network: Network, config: &Config) -> Self {
        Self {
            average: config.ema.map(|ema| Average::new(ema, network.clone())),
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
        let network = network(checkpoint, checkpoint.training_weights()?, config, device)?;
        let optimizer = match checkpoint.manifest.files.contains_key(OPTIMIZER_FILE) {
            false => None,
            true => {
                let path = checkpoint.folder.join(OPTIMIZER_FILE);
                let state = checkpoint.tensors(OPTIMIZER_FILE)?;
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
            average: average(checkpoint, &network, config, device)?,
            network,
            optimizer,
            position,
        })
    }
}

/// Content of a checkpoint: `weights` of the network, `others` that are there by the names of their files, the position.
///
/// # Errors
/// The position cannot be written.
pub fn contents<'a>(
    weights: &'a StateDict,
    others: [(&str, Option<&'a StateDict>); 2],
    position: &Position,
) -> Result<Contents<'a>> {
    let position = serde_json::to_vec_pretty(position)?;
    Ok(Contents {
        weights,
        tensors: others
            .into_iter()
            .filter_map(|(file, state)| Some((file.to_owned(), state?)))
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

/// The averaged weights of `checkpoint` if `config` asks for them. They begin with `network` where there are none yet.
fn average(
    checkpoint: &Checkpoint,
    network: &Network,
    config: &Config,
    device: &Device,
) -> Result<Option<Average>> {
    let Some(ema) = config.ema else {
        return Ok(None);
    };
    if !checkpoint.manifest.files.contains_key(AVERAGE_FILE) {
        return Ok(Some(Average::new(ema, network.clone())));
    }
    let weights = checkpoint.tensors(AVERAGE_FILE)?;
    let averaged = self::network(checkpoint, weights, config, device)?;
    Ok(Some(Average::new(ema, averaged)))
}

/// The network that `checkpoint` describes, with `weights`.
fn network(
    checkpoint: &Checkpoint,
    weights: StateDict,
    config: &Config,
    device: &Device,
) -> Result<Network> {
    let spec = &checkpoint.manifest.network;
    Ok(spec.load(weights, config.model.kernels, device)?)
}
