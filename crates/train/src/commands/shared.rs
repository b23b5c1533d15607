//! Pieces that several verbs need.

use crate::{
    cli::ConfigArgs,
    config::{Config, ConfigSource, DataSource, Precision},
    data,
    feed::Feed,
    interrupt::{INTERRUPTED, Interrupt},
    pretrained,
    report::REPORT_FILE,
    run_curves::CURVES_FILE,
    session::{Outcome, Session},
};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Found, PlaceError, RUNS_FOLDER, Run, RunLock};
use files::Protection;
use kernels::is_cpu;
use network::Network;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use terminal::{Terminal, usage};
use words::{counted, quoted, slashes};

/// Copy of what a run says, in its folder.
pub const LOG_FILE: &str = "log.txt";

/// Keeps other processes out of `run`, or warns that the file system cannot.
pub fn lock(run: &Run, terminal: &Terminal) -> Result<RunLock> {
    let lock = run.lock()?;
    if lock.protection() == Protection::Unsupported {
        terminal.warning(&format!(
            "the file system of {} has no locks: do not train this run in two processes",
            run.folder().display()
        ));
    }
    Ok(lock)
}

/// The config that was typed, and where it came from.
pub fn resolve(args: &ConfigArgs) -> Result<(ConfigSource, Config)> {
    let source = ConfigSource::open(args.config.as_deref()).map_err(usage)?;
    let config = source.resolve(&args.set).map_err(usage)?;
    Ok((source, config))
}

/// The run that was typed: a folder, or a name in [`RUNS_FOLDER`].
pub fn open_run(typed: &Path) -> Result<Run> {
    Ok(Run::open(Path::new(RUNS_FOLDER), typed).map_err(usage)?)
}

/// The checkpoint that was found; warns of each that was passed over.
pub fn checkpoint_of(found: Found, terminal: &Terminal) -> Checkpoint {
    for reason in &found.passed_over {
        terminal.warning(&format!("passed over a checkpoint: {reason}"));
    }
    found.checkpoint
}

/// The resolved config of `run`.
pub fn saved_config(run: &Run) -> Result<Config> {
    Ok(ConfigSource::open(Some(&run.config_file()))?.resolve_saved()?)
}

/// The resolved config of `run` with its paths as they are now, and the folder of its pictures: the pictures in the data folder `typed`, or where they are
/// found (see [`Run::find_pictures`]), the file of the first weights, and the run's own copy of the corrections. A drawn sample that is missing is drawn again; nothing
/// is ever downloaded again.
///
/// # Errors
/// The pictures are not found.
pub fn config_as_it_is_now(
    run: &Run,
    typed: Option<&Path>,
    terminal: &Terminal,
    interrupt: &Interrupt,
) -> Result<(Config, PathBuf)> {
    let mut config = saved_config(run)?;
    let mut pictures = None;
    match run.find_pictures(typed) {
        Ok(found) => {
            found.warnings().for_each(|line| terminal.warning(&line));
            config.data.folder = found.data;
            pictures = Some(found.pictures);
        }
        Err(PlaceError::Missing { places, .. }) if config.data.source == DataSource::Sample => {
            // The same pictures again, where they were if the run was not moved.
            config.data.folder = places[0].clone();
        }
        Err(error @ PlaceError::NotInTyped { .. }) => return Err(usage(error).into()),
        Err(error) => return Err(error.into()),
    }
    if typed.is_none() && config.data.source == DataSource::Sample {
        data::prepare(&config.data, terminal, interrupt)?;
    }
    if let Some(weights) = &mut config.model.weights
        && !pretrained::is_published(weights)
    {
        let places = run.places(Path::new(weights));
        if let Some(found) = places.iter().find(|place| place.is_file()) {
            *weights = slashes(found);
        }
    }
    if let Some(list) = &mut config.data.corrections {
        let copy = run.file(data::CORRECTIONS_FILE);
        if copy.is_file() {
            *list = copy;
        }
    }
    let pictures = pictures.unwrap_or_else(|| config.data.pictures());
    Ok((config, pictures))
}

/// The config's part of a run's name: `sample` of `sample-3`.
pub fn config_name(run: &Run) -> String {
    let name = run.name();
    name.rsplit_once('-')
        .map_or(name.clone(), |(config, _)| config.to_owned())
}

/// Refuses a device that has no numbers of the `precision` of a config.
///
/// # Errors
/// It has none.
pub fn check_precision(precision: Precision, device: &Device) -> Result<()> {
    let name = precision.name();
    if precision == Precision::F32 {
        return Ok(());
    }
    if is_cpu(device) {
        return Err(usage(format!(
            "precision is {name}, in which only GPUs train, and the device is the CPU: name a GPU with --device (`train devices` \
             lists them), or begin a run with --set precision=f32"
        ))
        .into());
    }
    if !device.supports_dtype(precision.float_dtype()) {
        return Err(usage(format!(
            "precision is {name}, and this device cannot compute in {name}: name another --device, or begin a run with \
             --set precision=f32"
        ))
        .into());
    }
    Ok(())
}

/// The network of `feed` with its first weights, on the plain device.
pub fn first_network(
    feed: &Feed,
    device: &Device,
    terminal: &Terminal,
    interrupt: &Interrupt,
) -> Result<Network> {
    let network = blank_network(feed, device);
    match &feed.config.model.weights {
        Some(name) => pretrained::load(network, name, terminal, interrupt),
        None => Ok(network),
    }
}

/// The network of `feed` with random weights, on the plain device.
pub fn blank_network(feed: &Feed, device: &Device) -> Network {
    let spec = feed.config.network_spec(feed.data.classes.len());
    spec.init(feed.config.model.kernels, feed.config.seed, device)
}

/// Copies what is said from now on into the run.
pub fn log_to(run: &Run, terminal: &Terminal) -> Result<()> {
    terminal
        .log_to(&run.file(LOG_FILE))
        .with_context(|| format!("cannot write in {}", run.folder().display()))
}

/// Says where the results are and what to type next.
pub fn farewell(session: &Session, outcome: Outcome, terminal: &Terminal) -> ExitCode {
    let folder = &session.writer().run().folder().display().to_string();
    let typed = quoted(folder);
    match outcome {
        Outcome::Interrupted => {
            terminal.result(&format!("\nsaved: {folder}"));
            terminal.result(&format!("next: cargo run -p train -- --resume {typed}"));
            ExitCode::from(INTERRUPTED)
        }
        Outcome::Done(error_rate) => {
            terminal.result(&format!(
                "\nrun: {folder} ({:.2} % wrong)",
                100.0 * error_rate
            ));
            tell_best(session.writer().run(), terminal);
            terminal.result(&format!("curves: {folder}/{}", CURVES_FILE));
            terminal.result(&format!(
                "report: {folder}/{REPORT_FILE}  (all of it on a page)"
            ));
            terminal.result(&format!(
                "next: cargo run -p explain -- --run {typed}  (where did it look?)"
            ));
            terminal.result(&format!(
                "      cargo run -p explain -- evaluate --run {typed}  (what does it get wrong?)"
            ));
            terminal.result(&format!(
                "      cargo run -p train -- rerun {typed}  (the same numbers again?)"
            ));
            terminal.result(&format!(
                "      cargo run -p train -- export {typed} --to model.safetensors"
            ));
            ExitCode::SUCCESS
        }
    }
}

/// Says which checkpoint is the best of `run`, if it keeps one.
fn tell_best(run: &Run, terminal: &Terminal) {
    if let Some(best) = run.best_manifest() {
        terminal.result(&format!(
            "best: {} ({:.2} % wrong, after {})",
            run.checkpoints_folder().join(Run::BEST).display(),
            100.0 * best.error_rate.unwrap_or(f64::NAN),
            counted(best.iterations as usize, "iteration")
        ));
    }
}
