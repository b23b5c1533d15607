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
    config::{Config, ConfigError, Source},
    data,
    screen::Screen,
};
use anyhow::Result;
use kernels::DeviceError;
use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Where runs are kept.
pub const RUNS_FOLDER: &str = "runs";

/// Does what was typed.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let screen = Screen::default();
    let train = cli.train;
    match cli.verb {
        None => match train.resume {
            Some(run) => resume::resume(&run, train.device, &screen),
            None if train.check => check::check(&train.config, train.device, &screen),
            None => start::start(&train.config, train.device, &screen),
        },
        Some(Verb::Fetch(config)) => fetch(config, &screen),
        Some(Verb::Summary {
            config,
            size,
            batch_size,
        }) => summary::summary(&config, size, batch_size, &screen),
        Some(Verb::Preview { config, out }) => preview::preview(&config, &out, &screen),
        Some(Verb::Runs) => runs::runs(Path::new(RUNS_FOLDER), &screen),
        Some(Verb::Rerun { run, device }) => rerun::rerun(&run, device, &screen),
        Some(Verb::Export {
            run,
            to,
            layout,
            checkpoint,
        }) => export::export(&run, &to, layout, checkpoint.as_deref(), &screen),
    }
}

/// 2 for what was typed wrongly, 1 for everything else.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let usage = error.is::<ConfigError>() || error.is::<DeviceError>();
    if usage { 2 } else { 1 }
}

/// After Ctrl-C, as shells say it.
const INTERRUPTED: u8 = 130;

fn resolve(args: &ConfigArgs) -> Result<(Source, Config)> {
    let source = Source::open(args.config.as_deref())?;
    let config = source.resolve(&args.set)?;
    Ok((source, config))
}

fn fetch(mut args: ConfigArgs, screen: &Screen) -> Result<ExitCode> {
    args.config.get_or_insert_with(|| "pets-resnet34".into());
    let (source, config) = resolve(&args)?;
    match config.data.source {
        crate::config::DataSource::OxfordIiitPet => data::fetch_pets(&config.data, screen)?,
        _ => data::prepare(&config.data, screen)?,
    }
    screen.result(&format!("data: {}", config.data.folder.display()));
    screen.result(&format!("next: cargo run -p train -- {}", source.name));
    Ok(ExitCode::SUCCESS)
}

/// A flag that the first Ctrl-C sets; the second one ends the program at once.
fn on_ctrl_c(screen: &Screen) -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let (set, screen) = (flag.clone(), screen.clone());
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        screen.message("interrupted: finishing the step and saving (again: leave at once)");
    })?;
    Ok(flag)
}
