use super::shared::{
    LOG_FILE, check_precision, check_together, digest, farewell, first_network, lock, log_to,
    resolve, tell_precision, tell_processes,
};
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
    together::{agree, first, first_then_others, same},
};
use anyhow::Result;
use burn::tensor::Device;
use checkpoint::{RUNS_FOLDER, Run};
use processes::Processes;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Trains a config from its beginning.
pub fn start(
    args: &ConfigArgs,
    device: DeviceArgs,
    terminal: &Terminal,
    (processes, interrupt): (Processes, Interrupt),
) -> Result<ExitCode> {
    let (source, config) = agree(&processes, resolve(args))?;
    let device = agree(&processes, device.open().map_err(|e| usage(e).into()))?;
    agree(&processes, check_precision(config.precision, &device.0))?;
    first_then_others(&processes, || {
        data::prepare(&config.data, terminal, &interrupt)
    })?;
    let among = (processes, interrupt);
    let (session, outcome) = new_run(&source.name, config, device, terminal, among)?;
    Ok(farewell(&session, outcome, terminal))
}

/// Makes a new run of `config`, whose pictures are on the disk, and trains it on `device`, which the sentence describes.
pub fn new_run(
    name: &str,
    config: Config,
    (device, sentence): (Device, String),
    terminal: &Terminal,
    (processes, interrupt): (Processes, Interrupt),
) -> Result<(Session, Outcome)> {
    let feed = agree(&processes, Feed::open(config, terminal))?.among(processes.clone());
    check_together(&feed, &device)?;
    let network = first_then_others(&processes, || {
        first_network(&feed, &device, terminal, &interrupt)
    })?;
    same(&processes, "the first weights", || digest(&network))?;
    let state = State::new(network, &feed.config);
    // From here on there is a run, which Ctrl-C must not leave without a checkpoint.
    interrupt.ask();
    let writer = first(&processes, || {
        begin(name, &feed, &state, (&device, &sentence), terminal)
    })?;
    let session = Session::new(feed, writer, device, terminal.clone(), interrupt);
    let outcome = session.train(state)?;
    Ok((session, outcome))
}

/// Makes the folder of a new run, with a first checkpoint.
fn begin(
    name: &str,
    feed: &Feed,
    state: &State,
    (device, sentence): (&Device, &str),
    terminal: &Terminal,
) -> Result<RunWriter> {
    let run = Run::create(Path::new(RUNS_FOLDER), name, &feed.config.to_toml()?)?;
    let lock = lock(&run, terminal)?;
    log_to(&run, terminal)?;
    for line in &feed.data.remarks {
        terminal.note(line);
    }
    terminal.message(sentence);
    tell_processes(feed, terminal);
    tell_precision(&feed.config, device, terminal);
    let precision = feed.config.precision.of_convolutions(device);
    let writer = RunWriter::new(run, lock, name, feed, precision, &[])?;
    announce(feed, &writer, terminal);
    // Proves before the first step that there is room for a checkpoint, and is what a run killed early resumes from.
    writer.save_periodic(Snapshot {
        network: &state.network,
        optimizer: None,
        average: state.average.as_ref(),
        position: &state.position,
        size: feed.config.stages[0].size,
    })?;
    Ok(writer)
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
