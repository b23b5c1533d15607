//! The program `explain`.

use explain::{cli::Cli, commands};
use processes::Processes;
use std::process::ExitCode;

fn main() -> ExitCode {
    kernels::use_this_thread();
    let speaks = processes::is_first();
    let cli = terminal::command_line::<Cli>(speaks);
    // Kept to the end: when it is dropped, the other processes learn that this one ends.
    let processes = Processes::from_environment();
    let result = match &processes {
        Ok(processes) => commands::run(&cli, processes.clone()),
        Err(error) => Err(error.clone().into()),
    };
    let code = terminal::exit_code(speaks, result);
    kernels::finish_work();
    code
}
