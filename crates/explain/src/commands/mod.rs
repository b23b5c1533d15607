//! The verbs of the program, one file each.

mod chosen;
mod evaluate;
mod explain;
mod opened;
mod output;
mod predict;
mod score;

use crate::cli::{Cli, Verb};
use anyhow::Result;
use std::process::ExitCode;
use terminal::Terminal;

/// Does what was typed.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let terminal = Terminal::new(cli.volume.into());
    match cli.verb {
        None => explain::explain(&cli.explain, &terminal),
        Some(Verb::Predict(arguments)) => predict::predict(&arguments, &terminal),
        Some(Verb::Evaluate(arguments)) => evaluate::evaluate(&arguments, &terminal),
        Some(Verb::Score(arguments)) => score::score(&arguments, &terminal),
    }?;
    Ok(ExitCode::SUCCESS)
}
