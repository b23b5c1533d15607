//! What the program says: results on stdout, messages and progress on stderr.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// A result.
pub fn result(line: &str) {
    // A closed pipe (`explain | head`) is no reason to stop.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Something worth knowing.
pub fn message(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A bar over so many pictures that goes away when it ends; invisible when stderr is no terminal.
pub fn bar(title: &str, pictures: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(Some(pictures as u64), ProgressDrawTarget::hidden());
    }
    let template = format!("{title} {{bar:32}} {{pos}}/{{len}} pictures  {{eta}} left");
    let style =
        ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(pictures as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
