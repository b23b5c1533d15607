//! How the failure of a GPU is told. burn says it with a panic wherever it reads a result: memory that does not suffice, a
//! kernel that cannot be compiled, a card that is gone.

use std::{
    any::Any,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// Most letters of what a driver says: the reason often stands in its third line.
const SAID: usize = 300;
/// What burn and wgpu write between a failure and its cause.
const CAUSE: &str = "Caused by:";
/// How a line of burn begins from which on a text is a trace of calls.
const TRACE: [&str; 3] = ["Backtrace", "No backtrace available", "Asked at:"];
/// What wgpu writes before the reason why a device is lost.
const UNKNOWN: &str = "Unknown: ";
/// What drivers call a device that is gone.
const LOST: [&str; 2] = ["device is lost", "device was lost"];
/// Crates from which such panics come.
const DRIVERS: [&str; 5] = ["burn", "cubecl", "cubek", "wgpu", "naga"];

/// The device that computes, as typed.
static DEVICE: OnceLock<String> = OnceLock::new();
/// What a person is told after a failure.
static ADVICE: Mutex<Option<Advice>> = Mutex::new(None);
/// Held by the thread that tells of a failure, to the end of the program.
static TELLING: Mutex<()> = Mutex::new(());

/// What a person can do when the device has failed.
#[derive(Debug, Clone)]
pub struct Advice {
    /// What is saved, and how to go on from there.
    pub saved: String,
    /// What takes less memory.
    pub memory: String,
}

/// The device that computes failed: a sentence with its name, what its driver says, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeviceFailed(String);

impl DeviceFailed {
    /// Its driver says `error`.
    pub fn said(error: &impl ToString) -> Self {
        let device = DEVICE.get().map_or("the device", String::as_str);
        Self(sentence(device, &in_one_line(&error.to_string())))
    }
}

/// From now on a failure of the device is told with `advice`.
pub fn advise(advice: Advice) {
    *lock(&ADVICE) = Some(advice);
}

/// From now on a panic of burn or a driver is one sentence about the device `typed`, and the end of the program with exit
/// code 1. What is saved is whole whenever that happens. Other panics are mistakes of this program and told as ever.
pub(super) fn tell_in_one_sentence(typed: &str) {
    let _ = DEVICE.set(typed.to_owned());
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_of_a_driver(info) {
            return before(info);
        }
        // Several threads wait for a device; one of them tells.
        let _telling = lock(&TELLING);
        eprintln!("error: {}", DeviceFailed::said(&text(info.payload())));
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

fn sentence(device: &str, reason: &str) -> String {
    let advice = lock(&ADVICE).clone().unwrap_or_default();
    let Advice { saved, memory } = advice;
    let small = reason.to_lowercase();
    if LOST.iter().any(|lost| small.contains(lost)) {
        format!(
            "{device} was lost: it hung, was reset or unplugged (its driver says: {reason}); {saved}"
        )
    } else {
        format!("{device} failed: {reason}; {saved}. {memory}")
    }
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            saved: "what was saved before is whole, and --device cpu works everywhere".to_owned(),
            memory: "If its memory is too small, a smaller batch_size takes less".to_owned(),
        }
    }
}

/// What a panic says, in one line.
pub(super) fn said(payload: &(dyn Any + Send)) -> String {
    in_one_line(text(payload))
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or_default()
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
fn in_one_line(text: &str) -> String {
    let text = unescaped(text);
    let cause = text.rsplit(CAUSE).find(|cause| !reason(cause).is_empty());
    let reason = cause.map(reason).unwrap_or_default();
    if reason.is_empty() {
        return "its driver gave up".to_owned();
    }
    let reason = reason.strip_prefix(UNKNOWN).unwrap_or(&reason);
    reason.chars().take(SAID).collect()
}

/// Lines of their own again in an error that was printed as Rust's debug text.
fn unescaped(text: &str) -> String {
    if text.contains('\n') {
        text.to_owned()
    } else {
        text.replace("\\n", "\n")
    }
}

fn reason(cause: &str) -> String {
    let lines = cause.lines().map(str::trim);
    let lines = lines.take_while(|line| !TRACE.iter().any(|trace| line.starts_with(trace)));
    let lines = lines.filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn an_error_in_debug_text_is_read_like_any_other_and_a_trace_of_calls_is_left_out() {
        let text = r#"bytes: host access failed: Read("The device is poisoned\nCaused by:\n  Unknown: Device is lost\nBacktrace:\nNo backtrace available")"#;
        assert_eq!(in_one_line(text), "Device is lost");
        let traced = "stopped\nCaused by:\n  it is gone\nBacktrace:\n   0: main\n   1: start";
        assert_eq!(in_one_line(traced), "it is gone");
    }

    #[test]
    fn a_loss_is_told_from_other_failures() {
        let lost = sentence("wgpu:0", "Device is lost");
        assert!(lost.starts_with("wgpu:0 was lost: "), "{lost}");
        assert!(!lost.contains("batch_size"), "{lost}");
        let small = sentence("wgpu:0", "can't allocate 100 bytes");
        assert!(small.starts_with("wgpu:0 failed: can't allocate 100 bytes; "));
        assert!(small.contains("batch_size"), "{small}");
    }
}
