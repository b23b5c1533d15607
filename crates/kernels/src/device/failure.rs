//! How the failure of a GPU is told. burn says it with a panic wherever it reads a result: memory that does not suffice, a
//! kernel that cannot be compiled, a card that is gone.

use std::{
    any::Any,
    panic::{self, PanicHookInfo},
    process,
};

/// Most letters of what a driver says: the reason often stands in its third line, a trace of calls below.
const SAID: usize = 300;
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
        process::exit(1);
    }));
}

/// What a panic says, in one line.
pub(super) fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    shortened(text.unwrap_or_default())
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

fn shortened(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "its driver gave up".to_owned();
    }
    line.chars().take(SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_is_one_short_line() {
        assert_eq!(
            shortened("read failed\n\nCaused by:\n  no memory"),
            "read failed Caused by: no memory"
        );
        assert_eq!(shortened(&"x".repeat(1000)).len(), SAID);
        assert_eq!(shortened("\n"), "its driver gave up");
    }
}
