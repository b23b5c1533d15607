use super::shared::{checkpoint_of, config_name, farewell, lock, log_to, open_run, saved_config};
use crate::{
    data, feed::Feed, interrupt::Interrupt, resumed, run_writer::RunWriter, session::Session,
    store::State,
};
use anyhow::Result;
use kernels::DeviceChoice;
use pictures::loader::OnBadImage;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};
use words::counted;

/// Continues `run` from its newest whole checkpoint; with `skip_bad_images` without pictures that are gone or cannot be
/// decoded.
pub fn resume(
    run: &Path,
    skip_bad_images: bool,
    device: DeviceChoice,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let interrupt = Interrupt::listen(terminal)?;
    let run = open_run(run)?;
    let lock = lock(&run, terminal)?;
    let mut config = saved_config(&run)?;
    if skip_bad_images {
        config.data.on_bad_image = OnBadImage::Skip;
    }
    let (device, sentence) = device.open().map_err(usage)?;
    log_to(&run, terminal)?;
    terminal.message(&sentence);
    run.clean()?;
    let checkpoint = checkpoint_of(run.latest_whole()?, terminal);
    let state = State::restore(&checkpoint, &config, &device)?;
    data::prepare(&config.data, terminal, &interrupt)?;
    let data = resumed::open(&config, &run, terminal)?;
    let feed = Feed::of(config, data, terminal);
    let name = config_name(&run);
    let writer = RunWriter::new(run, lock, &name, &feed)?;
    terminal.message(&format!(
        "continuing {} after {}",
        writer.run().folder().display(),
        counted(state.position.total_iterations as usize, "iteration")
    ));
    interrupt.ask();
    let session = Session::new(feed, writer, device, terminal.clone(), interrupt);
    let outcome = session.train(state)?;
    Ok(farewell(&session, outcome, terminal))
}
