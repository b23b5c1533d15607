use super::shared::{farewell, first_network, lock, log_to, resolve};
use crate::{
    cli::ConfigArgs,
    config::Config,
    data,
    feed::Feed,
    interrupt::Interrupt,
    run_writer::{RunWriter, Snapshot},
    session::{Outcome, Session},
    store::State,
};
use anyhow::Result;
use checkpoint::{RUNS_FOLDER, Run};
use kernels::DeviceChoice;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};
use words::counted;

/// Trains a config from its beginning.
pub fn start(args: &ConfigArgs, device: DeviceChoice, terminal: &Terminal) -> Result<ExitCode> {
    let (source, config) = resolve(args)?;
    let interrupt = Interrupt::listen(terminal)?;
    let (session, outcome) = new_run(&source.name, config, device, terminal, interrupt)?;
    Ok(farewell(&session, outcome, terminal))
}

/// Makes a new run of `config` and trains it.
pub fn new_run(
    name: &str,
    config: Config,
    device: DeviceChoice,
    terminal: &Terminal,
    interrupt: Interrupt,
) -> Result<(Session, Outcome)> {
    let (device, sentence) = device.open().map_err(usage)?;
    data::prepare(&config.data, terminal, &interrupt)?;
    let feed = Feed::open(config, terminal)?;
    let state = State::new(first_network(&feed, &device, terminal, &interrupt)?);
    // From here on there is a run, which Ctrl-C must not leave without a checkpoint.
    interrupt.ask();
    let run = Run::create(Path::new(RUNS_FOLDER), name, &feed.config.to_toml()?)?;
    let lock = lock(&run, terminal)?;
    log_to(&run, terminal)?;
    terminal.message(&sentence);
    let writer = RunWriter::new(run, lock, name, &feed)?;
    announce(&feed, &writer, terminal);
    // Proves before the first step that there is room for a checkpoint, and is what a run killed early resumes from.
    writer.save_periodic(Snapshot {
        network: &state.network,
        optimizer: None,
        position: &state.position,
        size: feed.config.stages[0].size,
    })?;
    let session = Session::new(feed, writer, device, terminal.clone(), interrupt);
    let outcome = session.train(state)?;
    Ok((session, outcome))
}

fn announce(feed: &Feed, writer: &RunWriter, terminal: &Terminal) {
    let data = &feed.data;
    terminal.message(&format!(
        "data: {} ({} to train on, {} to validate with, {})",
        feed.config.data.pictures().display(),
        data.split.train.len(),
        data.split.valid.len(),
        counted(data.classes.len(), "class")
    ));
    terminal.message(&format!("run: {}", writer.run().folder().display()));
}
