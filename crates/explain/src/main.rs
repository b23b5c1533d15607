//! The program `explain`.

use explain::{cli::Cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    kernels::use_this_thread();
    terminal::exit_code(commands::run(terminal::command_line::<Cli>()))
}
