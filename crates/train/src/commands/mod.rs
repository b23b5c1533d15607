//! Verbs, a file each.

mod check;
mod devices;
mod export;
mod fetch;
mod preview;
mod rerun;
mod resume;
mod runs;
mod shared;
mod start;
mod summary;

use crate::cli::{Cli, Verb};
use anyhow::Result;
use std::process::ExitCode;
use terminal::Terminal;

/// Does what was typed.
///
/// # Errors
/// What was typed is wrong, or could not be done.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let terminal = Terminal::new(cli.volume.into());
    let train = cli.train;
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
