//! The program `train`.

use std::process::ExitCode;
use train::{cli::Cli, commands};

fn main() -> ExitCode {
    kernels::use_this_thread();
    terminal::exit_code(commands::run(terminal::command_line::<Cli>()))
}
