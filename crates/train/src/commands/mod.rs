//! Verbs, a file each.

mod check;
mod devices;
mod export;
mod fetch;
mod lr_find;
mod preview;
mod rerun;
mod resume;
mod runs;
mod shared;
mod start;
mod summary;

use crate::{
    cli::{Cli, TrainArgs, Verb},
    shell,
};
use anyhow::{Result, anyhow};
use std::process::ExitCode;
use terminal::{Terminal, usage};

/// Does what was typed.
///
/// # Errors
/// What was typed is wrong, or could not be done.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let terminal = Terminal::new(cli.volume.into());
    let train = cli.train;
    only_with_resume(&train)?;
    match cli.verb {
        None => match train.resume {
            Some(run) => {
                let data = train.data.as_deref();
                resume::resume(&run, data, train.skip_bad_images, train.device, &terminal)
            }
            None if train.check => check::check(&train.config, train.device, &terminal),
            None => start::start(&train.config, train.device, &terminal),
        },
        Some(Verb::Fetch(config)) => fetch::fetch(config, &terminal),
        Some(Verb::Summary {
            config,
            size,
            batch_size,
        }) => summary::summary(&config, size, batch_size, &terminal),
        Some(Verb::Preview { config, out }) => preview::preview(&config, &out, &terminal),
        Some(Verb::LrFind(args)) => lr_find::lr_find(&args, &terminal),
        Some(Verb::Runs) => runs::runs(&terminal),
        Some(Verb::Devices) => devices::devices(&terminal),
        Some(Verb::Rerun { run, data, device }) => {
            rerun::rerun(&run, data.as_deref(), device, &terminal)
        }
        Some(Verb::Export {
            run,
            to,
            layout,
            checkpoint,
        }) => export::export(&run, &to, layout, checkpoint.as_deref(), &terminal),
    }
}

/// Refuses what a new run would ignore. (clap does not ask for `--resume` beside a config, which excludes it.)
fn only_with_resume(train: &TrainArgs) -> Result<()> {
    if train.resume.is_some() {
        return Ok(());
    }
    if let Some(folder) = &train.data {
        let typed = shell::word(&folder.display().to_string());
        return Err(usage(anyhow!(
            "--data is for --resume: where the pictures of a new run are says the config, or `--set data.folder={typed}`"
        ))
        .into());
    }
    if train.skip_bad_images {
        return Err(usage(anyhow!(
            "--skip-bad-images is for --resume: for a new run type `--set data.on_bad_image=skip`"
        ))
        .into());
    }
    Ok(())
}
