//! The verbs of the program, one file each.

mod chosen;
mod evaluate;
mod explain;
mod opened;
mod output;
mod outside;
mod predict;
mod score;

use crate::{
    cli::{Cli, Verb},
    together::Together,
};
use anyhow::{Context, Result};
use processes::{Processes, threads};
use std::{process::ExitCode, thread};

/// Stack of a thread that stands for a process, as large as that of a program.
const STACK: usize = 8 << 20;

/// Does what was typed, as one of `processes`.
pub fn run(cli: &Cli, processes: Processes) -> Result<ExitCode> {
    match cli.processes_in_one {
        None => run_one(cli, processes),
        Some(count) => run_threads(cli, count.into()),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// As many threads as that instead of processes; the first is this one.
fn run_threads(cli: &Cli, count: usize) -> Result<()> {
    let mut all = threads(count).into_iter();
    let first = all.next().context("no process")?;
    thread::scope(|scope| {
        for other in all {
            let thread = thread::Builder::new().stack_size(STACK);
            // Its error, if it is one of its own, comes to the first too.
            thread.spawn_scoped(scope, || run_one(cli, other).is_ok())?;
        }
        run_one(cli, first)
    })
}

fn run_one(cli: &Cli, processes: Processes) -> Result<()> {
    let together = Together::new(processes, cli.volume.into());
    match &cli.verb {
        Some(Verb::Predict(arguments)) => predict::predict(arguments, &together),
        Some(Verb::Evaluate(arguments)) => evaluate::evaluate(arguments, &together),
        Some(Verb::Score(arguments)) => score::score(arguments, &together),
        // Its pictures are few; the others have nothing to do.
        None if !together.is_first() => Ok(()),
        None => explain::explain(&cli.explain, together.terminal()),
    }
}
