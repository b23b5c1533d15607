use super::shared::{
    check_precision, checkpoint_of, config_as_it_is_now, config_name, farewell, lock, log_to,
    open_run,
};
use crate::{
    cli::DeviceArgs, feed::Feed, interrupt::Interrupt, record::missing_rows, resumed,
    run_writer::RunWriter, session::Session, store::State,
};
use anyhow::Result;
use pictures::loader::OnBadImage;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};
use words::counted;

/// Continues `run` from its newest whole checkpoint; with `skip_bad_images` without pictures that are gone or cannot be
/// decoded. Its pictures are in the data folder `data`, or where they are found; they are never downloaded again.
pub fn resume(
    run: &Path,
    data: Option<&Path>,
    skip_bad_images: bool,
    device: DeviceArgs,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let interrupt = Interrupt::listen(terminal)?;
    let run = open_run(run)?;
    let lock = lock(&run, terminal)?;
    log_to(&run, terminal)?;
    run.clean()?;
    let checkpoint = checkpoint_of(run.latest_whole()?, terminal);
    let (mut config, folder) = config_as_it_is_now(&run, data, terminal, &interrupt)?;
    if skip_bad_images {
        config.data.on_bad_image = OnBadImage::Skip;
    }
    let (device, sentence) = device.open().map_err(usage)?;
    check_precision(config.precision, &device)?;
    terminal.message(&sentence);
    let state = State::restore(&checkpoint, &config, &device)?;
    for (file, rows) in missing_rows(&run, &state.position) {
        terminal.warning(&format!(
            "{file} lacks {} of before: charts and report begin later; training goes on as it would",
            counted(rows, "row")
        ));
    }
    let data = resumed::open(&config, folder, &run, terminal)?;
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
