use super::shared::{blank_network, check_precision, resolve, tell_precision};
use crate::{
    advice::lower_rate,
    batch::LabelledBatch,
    class_table::ClassTable,
    cli::{ConfigArgs, DeviceArgs},
    config::{Config, DataSource, StageConfig},
    data,
    feed::Feed,
    fit::{Fit, StepError},
    inspection::Inspection,
    interrupt::Interrupt,
    learner::Learner,
    optimizer::Adam,
    position::Position,
    pretrained::{is_published, load_file},
};
use anyhow::{Result, anyhow, ensure};
use burn::tensor::Device;
use indicatif::HumanBytes;
use kernels::is_cpu;
use network::{Network, NetworkSpec, Summary};
use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};
use terminal::{Terminal, usage};
use words::counted;

/// Pictures of the measured step: enough to keep every core busy.
const MEASURED_BATCH: usize = 8;
/// A picture that only predicts costs about a third of one that trains.
const VALIDATION_SHARE: f64 = 1.0 / 3.0;

/// Prints what training `args` would do, and writes nothing.
pub fn check(args: &ConfigArgs, device: DeviceArgs, terminal: &Terminal) -> Result<ExitCode> {
    let (source, config) = resolve(args)?;
    let (device, sentence) = device.open().map_err(usage)?;
    check_precision(config.precision, &device)?;
    tell_precision(&config, &device, terminal);
    terminal.result(&format!("# {} as resolved\n", source.name));
    terminal.result(&config.to_toml()?);
    terminal.result(&format!("# plan ({sentence})\n"));
    if data::is_missing(&config.data) {
        let verb = if config.data.source == DataSource::Sample {
            "drawn"
        } else {
            "fetched"
        };
        terminal.result(&format!(
            "the pictures are not in {} yet: they would be {verb} first; `cargo run -p train -- fetch {}` does it, then check again",
            config.data.folder.display(),
            args.typed(&source.name)
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::listen(terminal)?;
    let feed = Feed::open(config, terminal)?;
    let inspection = interrupt.leaving("`--check` has written nothing", || {
        Inspection::of(&feed, terminal)
    });
    inspection.tell(&feed, terminal);
    plan(&feed, &device, terminal)?;
    // The reason why training would stop comes last, where it is seen.
    inspection.verdict(&feed)?;
    Ok(ExitCode::SUCCESS)
}

fn plan(feed: &Feed, device: &Device, terminal: &Terminal) -> Result<()> {
    let (config, data) = (&feed.config, &feed.data);
    let (train, valid) = (data.split.train.len(), data.split.valid.len());
    terminal.result(&data.counts());
    let table = ClassTable::new(data);
    terminal.result(&format!("\n{}", table.short()));
    if table.is_long() {
        terminal.result("(every class is in the log of a run)");
    }
    for warning in table.warnings() {
        terminal.warning(&warning);
    }
    if let Some(name) = &config.model.weights {
        terminal.result(&format!("first weights: {name}"));
    }
    let spec = config.network_spec(data.classes.len());
    let mut network = first_network(feed, device, terminal)?;
    for (index, stage) in config.stages.iter().enumerate() {
        describe(index, feed, &spec, terminal);
        let (per_picture, after) = measure(network, index, feed, device)?;
        network = after;
        let pictures = stage.epochs as f64 * (train as f64 + VALIDATION_SHARE * valid as f64);
        let total = Duration::from_secs_f64(per_picture.as_secs_f64() * pictures);
        terminal.result(&format!(
            "  expected time {}, memory {}",
            humantime::format_duration(Duration::from_secs(total.as_secs())),
            HumanBytes(expected_memory(&spec, config, stage))
        ));
    }
    if config.data.cache_bytes() > 0 {
        terminal.result(&format!(
            "\ndecoded pictures may take {} more",
            HumanBytes(config.data.cache_bytes() as u64)
        ));
    }
    Ok(())
}

/// The network of the measured step. Nothing is downloaded for it; a file of weights on the disk is read, so that what is
/// wrong with it is found.
fn first_network(feed: &Feed, device: &Device, terminal: &Terminal) -> Result<Network> {
    let network = blank_network(feed, device);
    match &feed.config.model.weights {
        Some(name) if !is_published(name) => load_file(network, Path::new(name), terminal),
        _ => Ok(network),
    }
}

fn describe(index: usize, feed: &Feed, spec: &NetworkSpec, terminal: &Terminal) {
    let stage = &feed.config.stages[index];
    let StageConfig {
        size,
        batch_size,
        epochs,
        ..
    } = stage;
    let per_epoch = feed.steps_per_epoch(index);
    let schedule = feed.schedule(index);
    let summary = Summary::new(spec, *size, *batch_size);
    terminal.result(&format!(
        "\nstage {}: {size} px, {}, {} of {}",
        index + 1,
        stage.batches_in_words(),
        counted(*epochs, "epoch"),
        counted(per_epoch, "iteration")
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
        "  learning rate rises for {} and falls for {}",
        counted(schedule.rising, "iteration"),
        schedule.falling
    ));
}

/// Time of one training step per picture, after one that warms up. The network comes back changed.
fn measure(
    network: Network,
    index: usize,
    feed: &Feed,
    device: &Device,
) -> Result<(Duration, Network)> {
    let (config, stage) = (&feed.config, &feed.config.stages[index]);
    let optimizer = Adam::new(config.optimizer);
    let learner =
        Learner::new(network, stage.train, optimizer, device).with_precision(config.precision);
    let start = Position {
        stage: index,
        ..Position::default()
    };
    let mut fit = Fit::new(learner, feed.schedule(index), config.seed, start);
    // A GPU is measured as it will be used: smaller batches would leave most of it idle.
    let count = if is_cpu(device) {
        MEASURED_BATCH.min(stage.batch_size)
    } else {
        stage.batch_size
    };
    let batch = LabelledBatch::grey(count, feed.data.classes.len(), stage.size);
    let diverges = |sign: String| {
        anyhow!(
            "{sign} in stage {}: training would diverge; take a lower learning rate, for example {}, and check \
             normalisation",
            index + 1,
            lower_rate(index, stage)
        )
    };
    let step = |fit: &mut Fit<_>| -> Result<()> {
        let results = [fit.step(batch.clone()).1, fit.finish_steps().1];
        match results.into_iter().collect() {
            Ok(()) => Ok(fit.learner().wait()?),
            Err(StepError::Device(error)) => Err(error.into()),
            Err(error) => Err(diverges(error.to_string())),
        }
    };
    step(&mut fit)?;
    let started = Instant::now();
    step(&mut fit)?;
    let per_picture = started.elapsed() / count as u32;
    let learner = fit.into_learner();
    let loss = learner.loss(batch.clone())?;
    ensure!(
        loss.is_finite(),
        diverges(format!("the loss is {loss} after measured step 2"))
    );
    Ok((per_picture, learner.into_network()))
}

/// Weights, gradients and Adam's two averages, and what the backward pass keeps: the output of every layer that has
/// parameters. Where they are asked for, also averaged weights, and the sums of accumulated gradients.
fn expected_memory(spec: &NetworkSpec, config: &Config, stage: &StageConfig) -> u64 {
    let summary = Summary::new(spec, stage.size, stage.batch_size);
    let kept = summary.rows.iter().filter(|row| row.parameters > 0);
    let outputs: usize = kept.map(|row| row.shape.iter().product::<usize>()).sum();
    let trained = summary.trainable(stage.train);
    let networks = if config.ema.is_some() { 2 } else { 1 };
    let sums = if stage.accumulate > 1 { trained } else { 0 };
    4 * (networks * summary.total() + 3 * trained + sums + outputs) as u64
}
