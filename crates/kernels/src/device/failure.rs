//! How the failure of a GPU is told. burn says it with a panic wherever it reads a result: memory that does not suffice, a
//! kernel that cannot be compiled, a card that is gone.

use std::{
    any::Any,
    io::{self, Write},
    panic::{self, PanicHookInfo},
};

/// Most letters of what a driver says: the reason often stands in its third line.
const SAID: usize = 300;
/// What burn and wgpu write between a failure and its cause.
const CAUSE: &str = "Caused by:";
/// Lines of burn around a trace of calls that is not kept.
const TRACE: [&str; 2] = ["No backtrace available", "Asked at:"];
/// Crates from which such panics come.
const DRIVERS: [&str; 5] = ["burn", "cubecl", "cubek", "wgpu", "naga"];

/// From now on a panic of burn or a driver is one sentence about the device `typed`, and the end of the program with exit
/// code 1. What is saved is whole whenever that happens. Other panics are mistakes of this program and told as ever.
pub(super) fn tell_in_one_sentence(typed: &str) {
    let (before, typed) = (panic::take_hook(), typed.to_owned());
    panic::set_hook(Box::new(move |info| {
        if !is_of_a_driver(info) {
            return before(info);
        }
        eprintln!(
            "error: {typed} failed: {}. What was saved before is whole; a smaller batch_size takes less memory, and --device cpu works everywhere",
            said(info.payload())
        );
        end();
    }));
}

/// Ends the program with exit code 1 and without what a driver does at the end of a program: it may be at work, and this is
/// perhaps the thread that it works in.
fn end() -> ! {
    let _ = io::stdout().flush();
    #[cfg(unix)]
    // SAFETY: ends the process, whatever its state.
    unsafe {
        libc::_exit(1)
    }
    #[cfg(not(unix))]
    std::process::exit(1)
}

/// What a panic says, in one line.
pub(super) fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    in_one_line(text.unwrap_or_default())
}

fn is_of_a_driver(info: &PanicHookInfo<'_>) -> bool {
    let file = info.location().map_or("", |location| location.file());
    // The folder of a crate in Cargo's registry: `burn-tensor-0.22.1`.
    let mut folders = file.split(['/', '\\']);
    folders.any(|folder| {
        DRIVERS
            .iter()
            .any(|driver| folder.starts_with(&format!("{driver}-")))
    })
}

/// What a driver says of a failure, in one line: the last of the causes that it names, without the trace of calls.
pub fn in_one_line(text: &str) -> String {
    let cause = text.rsplit(CAUSE).find(|cause| !reason(cause).is_empty());
    let reason = cause.map(reason).unwrap_or_default();
    if reason.is_empty() {
        return "its driver gave up".to_owned();
    }
    reason.chars().take(SAID).collect()
}

fn reason(cause: &str) -> String {
    let lines = cause.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !TRACE.contains(line));
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_is_the_last_cause_in_one_short_line() {
        let text = "an error happened\nCaused by:\n  an IO error happened\nCaused by:\n  can't allocate\n  100 bytes\n\
                    No backtrace available\nAsked at:\nNo backtrace available";
        assert_eq!(in_one_line(text), "can't allocate 100 bytes");
        assert_eq!(in_one_line("read failed"), "read failed");
        assert_eq!(in_one_line("read failed\nCaused by:\n"), "read failed");
        assert_eq!(in_one_line(&"x".repeat(1000)).len(), SAID);
        assert_eq!(in_one_line("\n"), "its driver gave up");
    }
}
