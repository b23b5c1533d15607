use super::shared::{
    check_precision, check_together, checkpoint_of, config_as_it_is_now, config_name, digest,
    farewell, lock, log_to, open_run, tell_precision, tell_processes,
};
use crate::{
    cli::DeviceArgs,
    feed::Feed,
    interrupt::Interrupt,
    record::missing_rows,
    resumed,
    run_writer::RunWriter,
    session::Session,
    store::State,
    together::{agree, first, first_then_others, same},
};
use anyhow::Result;
use checkpoint::Manifest;
use pictures::loader::OnBadImage;
use processes::Processes;
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
    (processes, interrupt): (Processes, Interrupt),
) -> Result<ExitCode> {
    let run = agree(&processes, open_run(run))?;
    let lock = first(&processes, || {
        let lock = lock(&run, terminal)?;
        log_to(&run, terminal)?;
        run.clean()?;
        Ok(lock)
    })?;
    let found = agree(&processes, run.latest_whole().map_err(Into::into))?;
    let checkpoint = checkpoint_of(found, terminal);
    let (mut config, folder) = first_then_others(&processes, || {
        config_as_it_is_now(&run, data, terminal, &interrupt)
    })?;
    if skip_bad_images {
        config.data.on_bad_image = OnBadImage::Skip;
    }
    let (device, sentence) = agree(&processes, device.open().map_err(|e| usage(e).into()))?;
    agree(&processes, check_precision(config.precision, &device))?;
    terminal.message(&sentence);
    let state = agree(&processes, State::restore(&checkpoint, &config, &device))?;
    for (file, rows) in missing_rows(&run, &state.position) {
        terminal.warning(&format!(
            "{file} lacks {} of before: charts and report begin later; training goes on as it would",
            counted(rows, "row")
        ));
    }
    same(&processes, "the weights of the checkpoint", || {
        format!("{:?} {}", state.position, digest(&state.network))
    })?;
    let data = agree(&processes, resumed::open(&config, folder, &run, terminal))?;
    let feed = Feed::of(config, data, terminal).among(processes.clone());
    check_together(&feed, &device)?;
    tell_processes(&feed, terminal);
    tell_precision(&feed.config, &device, terminal);
    tell_other_number(&checkpoint.manifest, &processes, terminal);
    let writer = first(&processes, || {
        let name = config_name(&run);
        let before = processes_of(&checkpoint.manifest);
        let lock = lock.expect("rank 0 has it");
        let precision = feed.config.precision.of_convolutions(&device);
        let writer = RunWriter::new(run, lock, &name, &feed, precision, &before)?;
        terminal.message(&format!(
            "continuing {} after {}",
            writer.run().folder().display(),
            counted(state.position.total_iterations as usize, "iteration")
        ));
        Ok(writer)
    })?;
    interrupt.ask();
    let session = Session::new(feed, writer, device, terminal.clone(), interrupt);
    let outcome = session.train(state)?;
    Ok(farewell(&session, outcome, terminal))
}

/// Numbers of processes that trained the checkpoint of `manifest`, one after another.
fn processes_of(manifest: &Manifest) -> Vec<usize> {
    match manifest.processes.is_empty() {
        true => vec![1],
        false => manifest.processes.clone(),
    }
}

/// Says that the run goes on with another number of processes, if it does.
fn tell_other_number(manifest: &Manifest, processes: &Processes, terminal: &Terminal) {
    let before = processes_of(manifest);
    let (last, now) = (before[before.len() - 1], processes.count());
    if last != now {
        terminal.warning(&format!(
            "{} trained this run so far, and {now} go on with it: the figures are no longer those of the run without \
             interruption",
            match last {
                1 => "1 process".to_owned(),
                count => format!("{count} processes"),
            }
        ));
    }
}
