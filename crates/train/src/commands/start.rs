use super::shared::{LOG_FILE, check_precision, farewell, first_network, lock, log_to, resolve};
use crate::{
    class_table::ClassTable,
    cli::{ConfigArgs, DeviceArgs},
    config::Config,
    data,
    feed::Feed,
    interrupt::Interrupt,
    run_writer::{RunWriter, Snapshot},
    session::{Outcome, Session},
    store::State,
};
use anyhow::Result;
use burn::tensor::Device;
use checkpoint::{RUNS_FOLDER, Run};
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Trains a config from its beginning.
pub fn start(args: &ConfigArgs, device: DeviceArgs, terminal: &Terminal) -> Result<ExitCode> {
    let (source, config) = resolve(args)?;
    let interrupt = Interrupt::listen(terminal)?;
    let device = device.open().map_err(usage)?;
    check_precision(config.precision, &device.0)?;
    data::prepare(&config.data, terminal, &interrupt)?;
    let (session, outcome) = new_run(&source.name, config, device, terminal, interrupt)?;
    Ok(farewell(&session, outcome, terminal))
}

/// Makes a new run of `config`, whose pictures are on the disk, and trains it on `device`, which the sentence describes.
pub fn new_run(
    name: &str,
    config: Config,
    (device, sentence): (Device, String),
    terminal: &Terminal,
    interrupt: Interrupt,
) -> Result<(Session, Outcome)> {
    let feed = Feed::open(config, terminal)?;
    let network = first_network(&feed, &device, terminal, &interrupt)?;
    let state = State::new(network, &feed.config);
    // From here on there is a run, which Ctrl-C must not leave without a checkpoint.
    interrupt.ask();
    let run = Run::create(Path::new(RUNS_FOLDER), name, &feed.config.to_toml()?)?;
    let lock = lock(&run, terminal)?;
    log_to(&run, terminal)?;
    for line in &feed.data.remarks {
        terminal.note(line);
    }
    terminal.message(&sentence);
    let writer = RunWriter::new(run, lock, name, &feed)?;
    announce(&feed, &writer, terminal);
    // Proves before the first step that there is room for a checkpoint, and is what a run killed early resumes from.
    writer.save_periodic(Snapshot {
        network: &state.network,
        optimizer: None,
        average: state.average.as_ref(),
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
        "data: {} ({})",
        data.folder.display(),
        data.counts()
    ));
    let table = ClassTable::new(data);
    let mut short = table.short();
    if table.is_long() {
        let log = writer.run().file(LOG_FILE);
        short += &format!("\n(every class is in {})", log.display());
    }
    terminal.message_in_short(&short, &table.whole());
    for warning in table.warnings() {
        terminal.warning(&warning);
    }
    terminal.message(&format!("run: {}", writer.run().folder().display()));
}
