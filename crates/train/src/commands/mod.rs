//! What each verb does.

mod check;
mod export;
mod preview;
mod rerun;
mod resume;
mod runs;
mod start;
mod summary;

use crate::{
    cli::{Cli, ConfigArgs, Verb},
    config::{Config, Source},
    data,
};
use anyhow::Result;
use checkpoint::RUNS_FOLDER;
use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use terminal::{Terminal, usage};

/// Does what was typed.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let terminal = Terminal::new(cli.volume());
    let train = cli.train;
    match cli.verb {
        None => match train.resume {
            Some(run) => resume::resume(&run, train.device, &terminal),
            None if train.check => check::check(&train.config, train.device, &terminal),
            None => start::start(&train.config, train.device, &terminal),
        },
        Some(Verb::Fetch(config)) => fetch(config, &terminal),
        Some(Verb::Summary {
            config,
            size,
            batch_size,
        }) => summary::summary(&config, size, batch_size, &terminal),
        Some(Verb::Preview { config, out }) => preview::preview(&config, &out, &terminal),
        Some(Verb::Runs) => runs::runs(Path::new(RUNS_FOLDER), &terminal),
        Some(Verb::Rerun { run, device }) => rerun::rerun(&run, device, &terminal),
        Some(Verb::Export {
            run,
            to,
            layout,
            checkpoint,
        }) => export::export(&run, &to, layout, checkpoint.as_deref(), &terminal),
    }
}

/// After Ctrl-C, as shells say it.
const INTERRUPTED: u8 = 130;

fn resolve(args: &ConfigArgs) -> Result<(Source, Config)> {
    let source = Source::open(args.config.as_deref()).map_err(usage)?;
    let config = source.resolve(&args.set).map_err(usage)?;
    Ok((source, config))
}

fn fetch(mut args: ConfigArgs, terminal: &Terminal) -> Result<ExitCode> {
    args.config.get_or_insert_with(|| "pets-resnet34".into());
    let (source, config) = resolve(&args)?;
    match config.data.source {
        crate::config::DataSource::OxfordIiitPet => data::fetch_pets(&config.data, terminal)?,
        _ => data::prepare(&config.data, terminal)?,
    }
    terminal.result(&format!("data: {}", config.data.folder.display()));
    terminal.result(&format!("next: cargo run -p train -- {}", source.name));
    Ok(ExitCode::SUCCESS)
}

/// A flag that the first Ctrl-C sets; the second one ends the program at once.
fn on_ctrl_c(terminal: &Terminal) -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, terminal) = (flag.clone(), terminal.clone());
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        terminal.message("interrupted: finishing the step and saving (again: leave at once)");
    })?;
    Ok(flag)
}
