//! Ctrl-C, heard everywhere.

use anyhow::Result;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terminal::Terminal;

/// Exit code after Ctrl-C, as shells say it.
pub const INTERRUPTED: u8 = 130;

/// Sentence about work before a run.
const NOTHING: &str = "no run has been begun";

/// Effect of the first Ctrl-C; the second one ends the program at once, unless it is [`Heard::Repeatedly`]. Clones hear the
/// same Ctrl-C.
#[derive(Debug, Clone)]
pub struct Interrupt(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    /// Ends the program and says what is left of its work.
    Leaves(&'static str),
    /// Asks whoever works to save and to stop.
    Asks,
    /// Ctrl-C has come.
    Asked,
}

/// What comes when somebody wants the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// One signal each time.
    Once,
    /// As many as a launcher of processes happens to send (Slurm: two within a second), which ends them by itself if they do
    /// not end in time.
    Repeatedly,
}

impl Interrupt {
    /// Hears Ctrl-C from now on. It ends the program at once until something must be saved first.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(terminal: &Terminal) -> Result<Self> {
        Self::listen_to(Heard::Once, terminal)
    }

    /// The same for what comes in this way.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen_to(way: Heard, terminal: &Terminal) -> Result<Self> {
        let again = match way {
            Heard::Once => " (again: leave at once)",
            Heard::Repeatedly => "",
        };
        let heard = Self(Arc::new(Mutex::new(State::Leaves(NOTHING))));
        let (interrupt, terminal) = (heard.clone(), terminal.clone());
        ctrlc::set_handler(move || {
            let mut state = interrupt.lock();
            match *state {
                State::Leaves(kept) => {
                    terminal.message(&format!("interrupted: {kept}"));
                    leave();
                }
                State::Asks => {
                    *state = State::Asked;
                    terminal.message(&format!("interrupted: stopping and saving{again}"));
                }
                State::Asked if way == Heard::Repeatedly => {}
                State::Asked => leave(),
            }
        })?;
        Ok(heard)
    }

    /// Hears nothing; for tests.
    #[cfg(test)]
    pub fn deaf() -> Self {
        Self(Arc::new(Mutex::new(State::Asks)))
    }

    /// Ctrl-C; for tests.
    #[cfg(test)]
    pub fn come(&self) {
        *self.lock() = State::Asked;
    }

    /// Does `work`, during which Ctrl-C ends the program at once; `kept` says what is left of the work.
    pub fn leaving<T>(&self, kept: &'static str, work: impl FnOnce() -> T) -> T {
        *self.lock() = State::Leaves(kept);
        let done = work();
        *self.lock() = State::Leaves(NOTHING);
        done
    }

    /// Lets Ctrl-C ask from now on: the work is not left before it is saved.
    pub fn ask(&self) {
        *self.lock() = State::Asks;
    }

    /// True if Ctrl-C has asked to save and to stop.
    pub fn is_asked(&self) -> bool {
        matches!(*self.lock(), State::Asked)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn leave() -> ! {
    std::process::exit(i32::from(INTERRUPTED))
}
