//! The program `train`.

use clap::Parser;
use std::process::ExitCode;
use train::{cli::Cli, commands};

fn main() -> ExitCode {
    kernels::use_this_thread();
    match commands::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes in one line: what was tried, then why it failed.
            eprintln!("error: {error:#}");
            ExitCode::from(commands::exit_code(&error))
        }
    }
}
