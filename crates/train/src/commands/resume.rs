use super::shared::{
    checkpoint_of, config_as_it_is_now, config_name, farewell, lock, log_to, open_run,
};
use crate::{
    cli::DeviceArgs, feed::Feed, interrupt::Interrupt, run_writer::RunWriter, session::Session,
    store::State,
};
use anyhow::Result;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Continues `run` from its newest whole checkpoint. Its pictures are in the data folder `data`, or where they are found;
/// they are never downloaded again.
pub fn resume(
    run: &Path,
    data: Option<&Path>,
    device: DeviceArgs,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let interrupt = Interrupt::listen(terminal)?;
    let run = open_run(run)?;
    let lock = lock(&run, terminal)?;
    let config = config_as_it_is_now(&run, data, terminal, &interrupt)?;
    let (device, sentence) = device.open().map_err(usage)?;
    log_to(&run, terminal)?;
    terminal.message(&sentence);
    run.clean()?;
    let checkpoint = checkpoint_of(run.latest_whole()?, terminal);
    let state = State::restore(&checkpoint, &config, &device)?;
    let feed = Feed::open(config, terminal)?;
    let name = config_name(&run);
    let writer = RunWriter::new(run, lock, &name, &feed)?;
    terminal.message(&format!(
        "continuing {} after {} iterations",
        writer.run().folder().display(),
        state.position.total_iterations
    ));
    interrupt.ask();
    let session = Session::new(feed, writer, device, terminal.clone(), interrupt);
    let outcome = session.train(state)?;
    Ok(farewell(&session, outcome, terminal))
}
