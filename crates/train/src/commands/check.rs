use super::{resolve, start::first_network};
use crate::{
    cli::ConfigArgs,
    config::{Config, DataSource, StageConfig},
    data::Data,
    learner::{LabelledBatch, Learner},
    schedule::Schedule,
};
use anyhow::Result;
use burn::tensor::Device;
use indicatif::HumanBytes;
use kernels::DeviceChoice;
use network::{Network, NetworkSpec, Summary};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};
use terminal::{Terminal, usage};

/// Pictures of the measured step: enough to keep every core busy.
const MEASURED_BATCH: usize = 8;
/// A picture that only predicts costs about a third of one that trains.
const VALIDATION_SHARE: f64 = 1.0 / 3.0;

/// Prints what training `args` would do, and writes nothing.
pub fn check(args: &ConfigArgs, device: DeviceChoice, terminal: &Terminal) -> Result<ExitCode> {
    let (source, config) = resolve(args)?;
    let (device, sentence) = device.open().map_err(usage)?;
    terminal.result(&format!("# {} as resolved\n", source.name));
    terminal.result(&config.to_toml()?);
    terminal.result(&format!("# plan ({sentence})\n"));
    let missing = !config.data.pictures().is_dir();
    if missing && config.data.source != DataSource::Folder {
        let verb = if config.data.source == DataSource::Sample {
            "drawn"
        } else {
            "fetched"
        };
        terminal.result(&format!(
            "the pictures are not in {} yet: they would be {verb} first; `train fetch {}` does it, then check again",
            config.data.folder.display(),
            source.name
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let data = Data::open(&config)?;
    let (train, valid) = (data.split.train.len(), data.split.valid.len());
    terminal.result(&format!(
        "{} classes, {train} pictures to train on, {valid} to validate with",
        data.classes.len()
    ));
    if let Some(name) = &config.model.weights {
        terminal.result(&format!("first weights: {name}"));
    }
    let from_scratch = without_weights(&config);
    let spec = config.network_spec(data.classes.len());
    let mut network = first_network(&from_scratch, data.classes.len(), &device, terminal)?;
    for (number, stage) in config.stages.iter().enumerate() {
        describe(number, stage, &config, &spec, train, terminal);
        let (per_picture, after) = measure(network, stage, &config, &data, &device)?;
        network = after;
        let pictures = stage.epochs as f64 * (train as f64 + VALIDATION_SHARE * valid as f64);
        let total = Duration::from_secs_f64(per_picture.as_secs_f64() * pictures);
        terminal.result(&format!(
            "  expected time {}, memory {}",
            humantime::format_duration(Duration::from_secs(total.as_secs())),
            HumanBytes(expected_memory(&spec, stage))
        ));
    }
    if config.data.cache_bytes() > 0 {
        terminal.result(&format!(
            "\ndecoded pictures may take {} more",
            HumanBytes(config.data.cache_bytes() as u64)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(
    number: usize,
    stage: &StageConfig,
    config: &Config,
    spec: &NetworkSpec,
    pictures: usize,
    terminal: &Terminal,
) {
    let StageConfig {
        size,
        batch_size,
        epochs,
        ..
    } = stage;
    let (_, per_epoch) = stage.batches(pictures);
    let schedule = stage.schedule(pictures, config);
    let summary = Summary::new(spec, *size, *batch_size);
    terminal.result(&format!(
        "\nstage {}: {size} px, batches of {batch_size}, {epochs} epochs of {per_epoch} iterations",
        number + 1
    ));
    terminal.result(&format!(
        "  trains {} of {} parameters",
        summary.trainable(stage.train),
        summary.total()
    ));
    let groups = spec.architecture.groups().iter();
    let rates: Vec<String> = groups
        .zip(&schedule.max_learning_rates)
        .map(|(group, rate)| format!("{rate:.3e} {}", group.layers))
        .collect();
    terminal.result(&format!("  highest learning rates: {}", rates.join(", ")));
    terminal.result(&format!(
        "  learning rate rises for {} iterations and falls for {}",
        schedule.rising, schedule.falling
    ));
}

/// Time of one training step per picture, after one that warms up. The network comes back changed.
fn measure(
    network: Network,
    stage: &StageConfig,
    config: &Config,
    data: &Data,
    device: &Device,
) -> Result<(Duration, Network)> {
    let mut learner = Learner::new(network, stage.train, config.optimizer, device);
    let count = MEASURED_BATCH.min(stage.batch_size);
    let batch = LabelledBatch {
        pictures: vec![0.5; count * 3 * stage.size * stage.size],
        labels: (0..count).map(|label| label % data.classes.len()).collect(),
        size: stage.size,
    };
    let rates = stage.schedule(data.split.train.len(), config).at(0);
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    learner.step(batch.clone(), rates.clone(), &mut rng)?;
    let started = Instant::now();
    learner.step(batch, rates, &mut rng)?;
    Ok((started.elapsed() / count as u32, learner.into_network()))
}

/// Weights, gradients and Adam's two averages, and what the backward pass keeps: the output of every layer that has
/// parameters.
fn expected_memory(spec: &NetworkSpec, stage: &StageConfig) -> u64 {
    let summary = Summary::new(spec, stage.size, stage.batch_size);
    let kept = summary.rows.iter().filter(|row| row.parameters > 0);
    let outputs: usize = kept.map(|row| row.shape.iter().product::<usize>()).sum();
    let trained = summary.trainable(stage.train);
    4 * (summary.total() + 3 * trained + outputs) as u64
}

/// The measured step needs no good weights, and `--check` downloads nothing.
fn without_weights(config: &Config) -> Config {
    let mut config = config.clone();
    config.model.weights = None;
    config
}
