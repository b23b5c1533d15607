use super::{RUNS_FOLDER, on_ctrl_c, start::farewell};
use crate::{
    config::{Config, Source},
    data::{self, Data},
    session::Session,
    store,
};
use anyhow::{Context, Result};
use checkpoint::Run;
use kernels::DeviceChoice;
use std::{path::Path, process::ExitCode, sync::Mutex};
use terminal::{Terminal, usage};

/// Continues `run` from its newest whole checkpoint.
pub fn resume(run: &Path, device: DeviceChoice, terminal: &Terminal) -> Result<ExitCode> {
    let run = Run::open(Path::new(RUNS_FOLDER), run)?;
    let lock = run.lock()?;
    let config = saved_config(&run)?;
    let (device, sentence) = device.open().map_err(usage)?;
    terminal
        .log_to(&run.file("log.txt"))
        .with_context(|| format!("cannot write in {}", run.folder().display()))?;
    terminal.message(&sentence);
    run.clean()?;
    let found = run.latest_whole()?;
    for reason in &found.passed_over {
        terminal.message(&format!("warning: passed over a checkpoint: {reason}"));
    }
    let start = store::restore(&found.checkpoint, &config, &device)?;
    data::prepare(&config.data, terminal)?;
    let data = Data::open(&config)?;
    data.keep_split(&config.data, &run)?;
    let session = Session {
        config_name: config_name(&run),
        config,
        data,
        run,
        device,
        terminal: terminal.clone(),
        interrupted: on_ctrl_c(terminal)?,
        skipped: Mutex::default(),
        lock,
    };
    let iterations = start.position.total_iterations;
    terminal.message(&format!(
        "continuing {} after {iterations} iterations",
        session.run.folder().display()
    ));
    let outcome = session.train(start)?;
    Ok(farewell(&session, outcome))
}

/// The resolved config of `run`.
pub fn saved_config(run: &Run) -> Result<Config> {
    Ok(Source::open(Some(&run.config_file()))?.resolve(&[])?)
}

/// The config's part of a run's name: `sample` of `sample-3`.
pub fn config_name(run: &Run) -> String {
    let name = run.name();
    name.rsplit_once('-')
        .map_or(name.clone(), |(config, _)| config.to_owned())
}
