use crate::{Bar, Volume};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Redraws of a bar per second.
const REDRAWS: u8 = 8;

/// The terminal and the log file that a program speaks to. Clones speak to the same ones, and a line never tears a
/// progress bar.
#[derive(Debug, Clone)]
pub struct Terminal {
    volume: Volume,
    bars: MultiProgress,
    log: Arc<Mutex<Option<File>>>,
    /// What was said, if it is only kept, for another process to say.
    kept: Option<Arc<Mutex<Vec<Said>>>>,
}

/// A line that was said, as it is handed from one process to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// By [`Terminal::result`].
    Result(String),
    /// By [`Terminal::message`].
    Message(String),
    /// By [`Terminal::warning`].
    Warning(String),
}

impl Terminal {
    /// A terminal without a log file. Bars are drawn only on a terminal, and only at [`Volume::Normal`].
    pub fn new(volume: Volume) -> Self {
        let draws = volume == Volume::Normal && io::stderr().is_terminal();
        let target = if draws {
            ProgressDrawTarget::stderr_with_hz(REDRAWS)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            volume,
            bars: MultiProgress::with_draw_target(target),
            log: Arc::default(),
            kept: None,
        }
    }

    /// A terminal that prints nothing, for a process beside the one that speaks. It keeps what is said until
    /// [`Terminal::take`].
    pub fn silent() -> Self {
        Self {
            kept: Some(Arc::default()),
            ..Self::new(Volume::Silent)
        }
    }

    /// What a silent terminal has kept since the last time.
    pub fn take(&self) -> Vec<Said> {
        let kept = self.kept.as_ref();
        kept.map_or_else(Vec::new, |kept| {
            std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    /// Says what another process has kept.
    pub fn say(&self, said: &Said) {
        match said {
            Said::Result(line) => self.result(line),
            Said::Message(line) => self.message(line),
            Said::Warning(line) => self.warning(line),
        }
    }

    /// Appends a copy of every later line to the file at `path`, whatever the volume.
    ///
    /// # Errors
    /// The file cannot be opened for appending.
    pub fn log_to(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    /// Prints a result on stdout.
    pub fn result(&self, line: &str) {
        if self.is_only_kept(|| Said::Result(line.to_owned())) {
            return;
        }
        if self.volume != Volume::Silent {
            // A closed pipe (`train | head`) is no reason to stop training.
            self.bars.suspend(|| {
                let _ = writeln!(io::stdout(), "{line}");
            });
        }
        self.keep(line);
    }

    /// Prints something worth knowing on stderr, unless the volume is [`Volume::Quiet`].
    pub fn message(&self, line: &str) {
        if self.is_only_kept(|| Said::Message(line.to_owned())) {
            return;
        }
        if self.volume == Volume::Normal {
            self.print(line);
        }
        self.keep(line);
    }

    /// Prints the `short` form of something worth knowing, as [`Terminal::message`] does, and keeps the `whole` in the log.
    pub fn message_in_short(&self, short: &str, whole: &str) {
        if self.is_only_kept(|| Said::Message(short.to_owned())) {
            return;
        }
        if self.volume == Volume::Normal {
            self.print(short);
        }
        self.keep(whole);
    }

    /// Prints `warning: ` and something that must not be missed on stderr: what was left out, guessed or replaced.
    pub fn warning(&self, line: &str) {
        if self.is_only_kept(|| Said::Warning(line.to_owned())) {
            return;
        }
        let line = format!("warning: {line}");
        if self.volume != Volume::Silent {
            self.print(&line);
        }
        self.keep(&line);
    }

    /// Writes a line into the log alone, where there was none yet when it was said.
    pub fn note(&self, line: &str) {
        self.keep(line);
    }

    /// A bar over `count` pictures with pictures per second, the time left and a text of its own.
    pub fn pictures(&self, title: &str, count: usize) -> Bar {
        self.bar(
            count as u64,
            &format!(
                "{title} {{bar:32}} {{pos}}/{{len}} pictures  {{rate}}  {{eta}} left  {{msg}}"
            ),
        )
    }

    /// A bar over `count` steps with the time left and a text of its own.
    pub fn steps(&self, title: &str, count: usize) -> Bar {
        self.bar(
            count as u64,
            &format!("{title} {{bar:32}} {{pos}}/{{len}} steps  {{eta}} left  {{msg}}"),
        )
    }

    /// A bar over things whose number is set later.
    pub fn count(&self, title: &str) -> Bar {
        self.bar(0, &format!("{title} {{bar:32}} {{pos}}/{{len}}"))
    }

    /// A bar over bytes whose number is set later; its text is its title.
    pub fn bytes(&self) -> Bar {
        self.bar(
            0,
            "{msg} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        )
    }

    fn bar(&self, length: u64, template: &str) -> Bar {
        Bar::new(self.bars.add(ProgressBar::new(length)), template)
    }

    fn is_only_kept(&self, said: impl FnOnce() -> Said) -> bool {
        if let Some(kept) = &self.kept {
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(said());
        }
        self.kept.is_some()
    }

    fn print(&self, line: &str) {
        self.bars.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }

    fn keep(&self, line: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = log.as_mut() {
            // The log is a copy; a full disk is reported by what must not be lost.
            let _ = writeln!(file, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_silent_terminal_keeps_what_is_said_until_it_is_taken() {
        let silent = Terminal::silent();
        silent.warning("left out a.jpg");
        silent.clone().message("network: runs/a");
        let said = [
            Said::Warning("left out a.jpg".to_owned()),
            Said::Message("network: runs/a".to_owned()),
        ];
        assert_eq!(silent.take(), said);
        assert_eq!(silent.take(), []);
        let other = Terminal::silent();
        said.iter().for_each(|said| other.say(said));
        assert_eq!(other.take(), said);
    }

    #[test]
    fn the_log_has_every_line_even_of_a_quiet_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let terminal = Terminal::new(Volume::Quiet);
        terminal.message("before the log");
        terminal.log_to(&path).unwrap();
        terminal.clone().message("loading");
        terminal.warning("left out 1 picture");
        terminal.message_in_short("2 classes", "cat\ndog");
        terminal.note("left out: 2 .mat");
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "loading\nwarning: left out 1 picture\ncat\ndog\nleft out: 2 .mat\n"
        );
    }
}
