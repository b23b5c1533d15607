//! What the program says: results on stdout, progress and messages on stderr, both in the run's log.

use download::{Phase, Progress};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pets::fetch::FetchEvent;
use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Where everything is said. Clones speak to the same terminal and log.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    log: Arc<Mutex<Option<File>>>,
}

impl Screen {
    /// Keeps a copy of every line in `path` from now on.
    pub fn log_to(&self, path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        if let Ok(mut log) = self.log.lock() {
            *log = Some(file);
        }
        Ok(())
    }

    /// A result.
    pub fn result(&self, line: &str) {
        // A closed pipe (`train | head`) is no reason to stop training.
        let _ = writeln!(io::stdout(), "{line}");
        self.keep(line);
    }

    /// Something worth knowing.
    pub fn message(&self, line: &str) {
        let _ = writeln!(io::stderr(), "{line}");
        self.keep(line);
    }

    /// A bar over the batches of an epoch, with pictures per second and the time left.
    pub fn epoch(&self, title: &str, pictures: usize) -> Bar {
        self.bar(
            pictures as u64,
            &format!(
                "{title} {{bar:32}} {{pos}}/{{len}} pictures  {{per_sec}}  {{eta}} left  {{msg}}"
            ),
        )
    }

    /// A bar over pictures of which the number is known later.
    pub fn count(&self, title: &str) -> Bar {
        self.bar(0, &format!("{title} {{bar:32}} {{pos}}/{{len}}"))
    }

    /// A bar over bytes.
    pub fn transfer(&self) -> Transfer {
        Transfer {
            bar: self.bar(
                0,
                "{msg} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            ),
            screen: self.clone(),
            said: String::new(),
        }
    }

    fn bar(&self, length: u64, template: &str) -> Bar {
        let terminal = io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr_with_hz(8)
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key(
                "per_sec",
                |state: &indicatif::ProgressState, w: &mut dyn std::fmt::Write| {
                    let _ = write!(w, "{:.1} images/s", state.per_sec());
                },
            );
        let bar = ProgressBar::with_draw_target(Some(length), target).with_style(style);
        if terminal {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Bar { bar }
    }

    fn keep(&self, line: &str) {
        if let Ok(mut log) = self.log.lock()
            && let Some(file) = log.as_mut()
        {
            // The log is a copy; a full disk is told by what must not be lost.
            let _ = writeln!(file, "{line}");
        }
    }
}

/// A progress bar that goes away when dropped; invisible when stderr is no terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// `count` more are done.
    pub fn advance(&self, count: usize) {
        self.bar.inc(count as u64);
    }

    /// `done` of `all` are done.
    pub fn set(&self, done: usize, all: usize) {
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
    }

    /// Text at the end of the bar.
    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Progress of a download.
#[derive(Debug)]
pub struct Transfer {
    bar: Bar,
    screen: Screen,
    /// The last plain line, so that none comes twice.
    said: String,
}

impl Transfer {
    /// Shows how far the download of `name` is.
    pub fn progress(&mut self, name: &str, progress: &Progress) {
        let Progress {
            received, total, ..
        } = *progress;
        self.bar.bar.set_length(total.unwrap_or(received));
        self.bar.bar.set_position(received);
        self.bar.say(name.to_owned());
        match &progress.phase {
            Phase::WaitingForOtherProcess => {
                self.line(format!("another process downloads {name}: waiting for it"));
            }
            Phase::Retrying { cause, pause } => self.line(format!(
                "{name}: {cause}; trying again in {} s",
                pause.as_secs()
            )),
            Phase::Verifying => self.line(format!("verifying {name}")),
            // Without a terminal there is no bar: a line at the start of each file must do.
            Phase::Receiving => {
                let size =
                    total.map_or_else(String::new, |total| format!(" ({})", HumanBytes(total)));
                self.line(format!("downloading {name}{size}"));
            }
        }
    }

    /// Shows one event of `pets::fetch`.
    pub fn fetch_event(&mut self, event: &FetchEvent) {
        match event {
            FetchEvent::WaitingForOtherProcess => {
                self.line("another process fetches the same data: waiting for it".to_owned());
            }
            FetchEvent::Downloading { archive, progress } => {
                self.progress(archive, progress);
            }
            FetchEvent::Verifying { archive } => self.line(format!("verifying {archive}")),
            FetchEvent::Unpacking { archive, files } => {
                self.bar.say(format!("unpacking {archive}: {files} files"));
                self.line(format!("unpacking {archive}"));
            }
            FetchEvent::Done {
                archive,
                files,
                was_complete,
            } => {
                let state = if *was_complete {
                    "already complete"
                } else {
                    "complete"
                };
                self.line(format!("{archive}: {state}, {files} files"));
            }
        }
    }

    fn line(&mut self, line: String) {
        if line != self.said {
            self.bar.bar.suspend(|| self.screen.message(&line));
            self.said = line;
        }
    }
}

/// fastai's epoch table, one line at a time.
pub mod table {
    use std::time::Duration;

    /// Column names.
    pub fn header() -> String {
        "epoch  train_loss  valid_loss  error_rate  time".to_owned()
    }

    /// One epoch; `epoch` from 1.
    pub fn row(
        epoch: usize,
        train_loss: f32,
        valid_loss: f64,
        error_rate: f64,
        time: Duration,
    ) -> String {
        let seconds = time.as_secs();
        let time = format!("{:02}:{:02}", seconds / 60, seconds % 60);
        format!("{epoch:<5}  {train_loss:<10.6}  {valid_loss:<10.6}  {error_rate:<10.6}  {time}")
    }
}
