use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::{fmt::Write, time::Duration};

/// How often a bar is redrawn while nothing advances.
const TICK: Duration = Duration::from_millis(250);

/// A progress bar that goes away when dropped; invisible when stderr is no terminal or the program is quiet.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar of `length` steps drawn by `template` (indicatif's syntax; `{rate}` is pictures per second).
    pub(crate) fn new(bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
                let _ = write!(text, "{:.1} images/s", state.per_sec());
            });
        bar.set_style(style);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self { bar }
    }

    /// Advances by `count` steps.
    pub fn advance(&self, count: usize) {
        self.bar.inc(count as u64);
    }

    /// Sets the position to `done` of `all`, in steps or bytes.
    pub fn set(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
    }

    /// Shows `text` where the template has `{msg}`.
    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
