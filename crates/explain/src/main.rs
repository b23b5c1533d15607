//! The program `explain`.

use clap::Parser;
use explain::{cli::Cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    kernels::use_this_thread();
    terminal::exit_code(commands::run(Cli::parse()))
}
