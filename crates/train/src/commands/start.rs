use super::{INTERRUPTED, RUNS_FOLDER, on_ctrl_c, resolve};
use crate::{
    cli::ConfigArgs,
    config::Config,
    data::{self, Data},
    position::Position,
    pretrained,
    session::{Outcome, Session, Start},
    store,
};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::Run;
use kernels::DeviceChoice;
use network::Network;
use std::{
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, atomic::AtomicBool},
};
use terminal::{Terminal, usage};

/// Trains a config from its beginning.
pub fn start(args: &ConfigArgs, device: DeviceChoice, terminal: &Terminal) -> Result<ExitCode> {
    let (source, config) = resolve(args)?;
    let interrupted = on_ctrl_c(terminal)?;
    let (session, outcome) = new_run(&source.name, config, device, terminal, interrupted)?;
    Ok(farewell(&session, outcome))
}

/// Makes a new run of `config` and trains it.
pub fn new_run(
    name: &str,
    config: Config,
    device: DeviceChoice,
    terminal: &Terminal,
    interrupted: Arc<AtomicBool>,
) -> Result<(Session, Outcome)> {
    let (device, sentence) = device.open().map_err(usage)?;
    data::prepare(&config.data, terminal)?;
    let data = Data::open(&config)?;
    let network = first_network(&config, data.classes.len(), &device, terminal)?;
    let run = Run::create(Path::new(RUNS_FOLDER), name, &config.to_toml()?)?;
    let lock = run.lock()?;
    data.keep_split(&config.data, &run)?;
    terminal
        .log_to(&run.file("log.txt"))
        .with_context(|| format!("cannot write in {}", run.folder().display()))?;
    terminal.message(&sentence);
    let session = Session {
        config,
        config_name: name.to_owned(),
        data,
        run,
        device,
        terminal: terminal.clone(),
        interrupted,
        skipped: Mutex::default(),
        lock,
    };
    announce(&session);
    // Proves before the first step that there is room for a checkpoint, and is what a run killed early resumes from.
    let position = Position::default();
    store::save(
        &session,
        &store::periodic_name(0),
        &network.state(),
        None,
        &position,
    )?;
    let outcome = session.train(Start {
        network,
        optimizer: None,
        position,
    })?;
    Ok((session, outcome))
}

/// The network of `config` with its first weights, on the plain device.
pub fn first_network(
    config: &Config,
    classes: usize,
    device: &Device,
    terminal: &Terminal,
) -> Result<Network> {
    let spec = config.network_spec(classes);
    let network = spec.init(config.model.kernels, config.seed, device);
    match &config.model.weights {
        Some(name) => pretrained::load(network, name, terminal),
        None => Ok(network),
    }
}

/// Where the results are and what to type next.
pub fn farewell(session: &Session, outcome: Outcome) -> ExitCode {
    let (terminal, folder) = (&session.terminal, session.run.folder().display());
    match outcome {
        Outcome::Interrupted => {
            terminal.result(&format!("\nsaved: {folder}"));
            terminal.result(&format!("next: cargo run -p train -- --resume {folder}"));
            ExitCode::from(INTERRUPTED)
        }
        Outcome::Done(error_rate) => {
            terminal.result(&format!(
                "\nrun: {folder} ({:.2} % wrong)",
                100.0 * error_rate
            ));
            terminal.result(&format!("curves: {folder}/{}", crate::curves::CURVES_FILE));
            terminal.result(&format!(
                "next: cargo run -p explain -- --run {folder}  (where did it look?)"
            ));
            terminal.result(&format!(
                "      cargo run -p train -- rerun {folder}  (the same numbers again?)"
            ));
            terminal.result(&format!(
                "      cargo run -p train -- export {folder} --to model.safetensors"
            ));
            ExitCode::SUCCESS
        }
    }
}

fn announce(session: &Session) {
    let (data, terminal) = (&session.data, &session.terminal);
    terminal.message(&format!(
        "data: {} ({} to train on, {} to validate with, {} classes)",
        session.config.data.pictures().display(),
        data.split.train.len(),
        data.split.valid.len(),
        data.classes.len()
    ));
    terminal.message(&format!("run: {}", session.run.folder().display()));
}
