//! Programs that `mpirun` starts, all processes on this machine.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// As root in a container, with fewer processors than processes, each of which may use all of them.
pub const OPTIONS: [&str; 4] = [
    "--allow-run-as-root",
    "--oversubscribe",
    "--bind-to",
    "none",
];

/// `count` processes of `program`, in `folder`.
pub fn mpirun(count: usize, folder: &Path, program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args(OPTIONS)
        .args(["-n", &count.to_string()])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Lets `command` say everything into a file, and returns the path of that.
pub fn say_into(command: &mut Command, folder: &Path) -> PathBuf {
    let path = folder.join("said.txt");
    let file = File::create(&path).unwrap();
    command.stdout(file.try_clone().unwrap()).stderr(file);
    path
}

/// The process of this rank among those that the `mpirun` of this id started; `None` if it is not there yet, or gone.
pub fn process_of_rank(mpirun: u32, rank: usize) -> Option<u32> {
    let variable = format!("OMPI_COMM_WORLD_RANK={rank}");
    let is_it = |process: &u32| {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|found| found == variable.as_bytes())
    };
    children(mpirun).into_iter().find(is_it)
}

/// Sends `name` (`KILL`, `STOP`) to a process.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent_of = |process: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // `PID (NAME) STATE PARENT …`, and the name may hold anything.
        let after_name = stat.rsplit_once(')')?.1;
        after_name.split_whitespace().nth(1)?.parse().ok()
    };
    processes
        .filter(|process| parent_of(process) == Some(parent))
        .collect()
}
