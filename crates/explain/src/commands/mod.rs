//! What each verb does.

mod explain;
mod score;
mod source;

use crate::cli::{Cli, Verb};
use anyhow::Result;
use std::process::ExitCode;
use terminal::Terminal;

/// Does what was typed.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let terminal = Terminal::new(cli.volume());
    match cli.verb {
        None => explain::explain(&cli.explain, &terminal),
        Some(Verb::Score(arguments)) => score::score(&arguments, &terminal),
    }?;
    Ok(ExitCode::SUCCESS)
}
