//! The program `explain`.

use clap::Parser;
use explain::{cli::Cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    kernels::use_this_thread();
    match commands::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes in one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(commands::exit_code(&error))
        }
    }
}
