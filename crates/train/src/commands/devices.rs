use anyhow::Result;
use indicatif::HumanBytes;
use kernels::{ListedDevice, backends_not_built, gpus};
use std::{process::ExitCode, thread};
use terminal::Terminal;

/// Lists the devices that this build and this machine have.
pub fn devices(terminal: &Terminal) -> Result<ExitCode> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    terminal.result(&format!("{:<10} this processor, {threads} threads", "cpu"));
    for listed in gpus() {
        terminal.result(&line(&listed));
    }
    let absent = backends_not_built();
    let elsewhere = match cfg!(target_os = "macos") {
        true => ["cuda", "vulkan"].as_slice(),
        false => ["metal"].as_slice(),
    };
    let next = absent.iter().find(|name| !elsewhere.contains(name));
    if let Some(next) = next {
        terminal.message(&format!(
            "not in this build: {}; `cargo run -p train --features {next} -- devices` has one more (docs/devices.md)",
            absent.join(", ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(listed: &ListedDevice) -> String {
    let ListedDevice {
        typed,
        name,
        memory,
        software,
        ..
    } = listed;
    let memory = memory.map_or_else(String::new, |bytes| format!(", {}", HumanBytes(bytes)));
    let software = if *software {
        ", software on the CPU: slow, and never taken by `auto`"
    } else {
        ""
    };
    format!("{typed:<10} {name}{memory}{software}")
}
