use anyhow::Result;
use checkpoint::{RUNS_FOLDER, Run};
use humantime::format_rfc3339_seconds;
use std::{path::Path, process::ExitCode};
use terminal::Terminal;

/// Lists the runs, the newest first.
pub fn runs(terminal: &Terminal) -> Result<ExitCode> {
    let root = Path::new(RUNS_FOLDER);
    let runs = Run::all(root);
    if runs.is_empty() {
        terminal.result(&format!(
            "no runs in {}: type `train` to make one",
            root.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let width = runs
        .iter()
        .map(|run| run.name().len())
        .max()
        .unwrap_or(0)
        .max(4);
    terminal.result(&format!(
        "{:<width$}  {:<16}  {:>10}  {:<10}  {:<7}  saved at (UTC)",
        "run", "config", "iterations", "error rate", "best"
    ));
    for run in runs {
        terminal.result(&line(&run, width));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(run: &Run, width: usize) -> String {
    let name = run.name();
    match run.newest_manifest() {
        Ok((manifest, saved)) => {
            let error_rate = per_cent(manifest.error_rate);
            let best = per_cent(run.best_manifest().and_then(|best| best.error_rate));
            format!(
                "{name:<width$}  {:<16}  {:>10}  {error_rate:<10}  {best:<7}  {}",
                manifest.config,
                manifest.iterations,
                format_rfc3339_seconds(saved)
            )
        }
        Err(error) => format!("{name:<width$}  {error}"),
    }
}

fn per_cent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |rate| format!("{:.2} %", 100.0 * rate))
}
