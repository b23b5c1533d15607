//! Display of a download or a fetch of the data set.

use download::{Phase, Progress};
use indicatif::HumanBytes;
use pictures::fetch::FetchEvent;
use terminal::{Bar, Terminal};

/// Sentence about what Ctrl-C leaves of a download.
pub const DOWNLOAD_KEPT: &str =
    "what has been downloaded is kept, the same command continues from there";

/// Progress of a download.
#[derive(Debug)]
pub struct Transfer {
    bar: Bar,
    terminal: Terminal,
    /// The last plain line, so that none comes twice.
    said: String,
}

impl Transfer {
    /// A bar over bytes on `terminal`.
    pub fn new(terminal: &Terminal) -> Self {
        Self {
            bar: terminal.bytes(),
            terminal: terminal.clone(),
            said: String::new(),
        }
    }

    /// Shows how far the download of `name` is.
    pub fn progress(&mut self, name: &str, progress: &Progress) {
        let Progress {
            received, total, ..
        } = *progress;
        self.bar.set(received, total.unwrap_or(received));
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

    /// Shows one event of `pictures::fetch`.
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
            self.terminal.message(&line);
            self.said = line;
        }
    }
}
