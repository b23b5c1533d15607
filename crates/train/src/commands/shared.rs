//! Pieces that several verbs need.

use crate::{
    cli::ConfigArgs,
    config::{BatchNormKind, Config, ConfigSource, DataSource, Precision},
    data,
    feed::Feed,
    interrupt::{INTERRUPTED, Interrupt},
    pretrained,
    report::REPORT_FILE,
    run_curves::CURVES_FILE,
    session::{Outcome, Session},
    together::{agree, same},
};
use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Found, PlaceError, RUNS_FOLDER, Run, RunLock};
use files::{Protection, sha256_hex};
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

/// Makes sure that all processes of `feed` train the same with the same pictures.
///
/// # Errors
/// One has another config or other pictures, or batch norms cannot be synchronised on `device`.
pub fn check_together(feed: &Feed, device: &Device) -> Result<()> {
    let processes = feed.processes();
    let synchronised = feed.config.model.batch_norm == BatchNormKind::Synchronised;
    let is_f16 = feed.config.precision == Precision::F16;
    let fault = if processes.is_alone() {
        None
    } else if synchronised && !is_cpu(device) {
        Some(
            "model.batch_norm = \"synchronised\" is for several processes on the CPU: take --device cpu, or \"local\"",
        )
    } else if is_f16 {
        Some(
            "precision = \"f16\" is for one process, which alone scales its loss: take \"bf16\" or \"f32\"",
        )
    } else {
        None
    };
    let result = fault.map_or(Ok(()), |fault| Err(usage(anyhow!(fault)).into()));
    agree(processes, result)?;
    same(processes, "the settings", || settings(&feed.config))?;
    let record = || feed.data.record_in_lines(&feed.config.data);
    same(processes, "the pictures", record)
}

/// The settings that figures depend on, a line each.
fn settings(config: &Config) -> String {
    let mut config = config.clone();
    // Each machine may have its own.
    config.data.folder = PathBuf::new();
    config.data.corrections = None;
    config.data.workers = 0;
    config.data.cache_mebibytes = 0;
    if let Some(weights) = &mut config.model.weights
        && !pretrained::is_published(weights)
    {
        weights.clear();
    }
    config.to_toml().unwrap_or_default()
}

/// Digest of the weights of `network`.
pub fn digest(network: &Network) -> String {
    let state = network.state();
    let bytes = state.iter().flat_map(|(_, tensor)| {
        let values = tensor.as_floats().unwrap_or_default();
        values.iter().flat_map(|value| value.to_le_bytes())
    });
    sha256_hex(&bytes.collect::<Vec<u8>>())
}

/// Says how many processes train, if there are several.
pub fn tell_processes(feed: &Feed, terminal: &Terminal) {
    let count = feed.processes().count();
    if count > 1 {
        let over = match feed.config.model.batch_norm {
            BatchNormKind::Local => "over the pictures of its own",
            BatchNormKind::Synchronised => "over the whole batch",
        };
        terminal.message(&format!(
            "{count} processes divide every batch; batch norms of each are {over}"
        ));
    }
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
        return match precision {
            Precision::F16 => Err(usage(
                "precision is f16, in which only GPUs train, and the device is the CPU: take --set precision=bf16 or \
                 precision=f32, or name a GPU with --device (`train devices` lists them)",
            )
            .into()),
            _ => Ok(()),
        };
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
    let Some(writer) = session.writer() else {
        return match outcome {
            Outcome::Interrupted => ExitCode::from(INTERRUPTED),
            Outcome::Done(_) => ExitCode::SUCCESS,
        };
    };
    let folder = &writer.run().folder().display().to_string();
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
            tell_best(writer.run(), terminal);
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

/// Says that the precision of a config is a slow one on this processor, or one whose bits not every processor gives.
pub fn tell_precision(config: &Config, device: &Device, terminal: &Terminal) {
    let precision = config.precision.of_convolutions(device);
    if precision.adds_in_blocks(config.model.kernels) {
        terminal.message(
            "precision: bf16 with AMX, whose last bits a processor without it does not give: model.kernels = \"exact\" has those of \
             every processor, slower",
        );
    }
    if !precision.is_fast() {
        terminal.message(
            "precision: bf16, which this processor can only imitate: the same numbers as with AVX512-BF16, later than in f32",
        );
    }
}
