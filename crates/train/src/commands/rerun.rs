use super::{
    shared::{config_name, open_run, saved_config},
    start::new_run,
};
use crate::{
    interrupt::{INTERRUPTED, Interrupt},
    record::{EPOCHS_FILE, ITERATIONS_FILE},
    session::Outcome,
};
use anyhow::{Context, Result, ensure};
use checkpoint::{Run, WEIGHTS_FILE};
use kernels::DeviceChoice;
use std::{fs, path::Path, process::ExitCode};
use terminal::Terminal;

/// Repeats `run` from its own config and compares every figure and the last weights.
pub fn rerun(run: &Path, device: DeviceChoice, terminal: &Terminal) -> Result<ExitCode> {
    let before = open_run(run)?;
    let config = saved_config(&before)?;
    let (manifest, _) = before.newest_manifest()?;
    let last = &config.stages[config.stages.len() - 1];
    let last_name = last.checkpoint_name(config.stages.len());
    ensure!(
        before.checkpoint(&last_name).is_ok(),
        "{} is not finished (it has {} iterations): continue it with `train --resume {}`",
        before.folder().display(),
        manifest.iterations,
        before.folder().display()
    );
    let name = config_name(&before);
    let interrupt = Interrupt::listen(terminal)?;
    let (session, outcome) = new_run(&name, config, device, terminal, interrupt)?;
    if outcome == Outcome::Interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let after = session.writer().run();
    let (old, new) = (before.folder().display(), after.folder().display());
    terminal.result(&format!("\nrun: {new}"));
    match first_difference(&before, after, &last_name)? {
        None => {
            terminal.result(&format!(
                "bit-identical to {old}: every loss, rate and error rate, and the weights"
            ));
            Ok(ExitCode::SUCCESS)
        }
        Some(difference) => {
            terminal.result(&format!("not identical to {old}: {difference}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The first figure that differs, in the order in which training made them.
fn first_difference(before: &Run, after: &Run, last: &str) -> Result<Option<String>> {
    for file in [ITERATIONS_FILE, EPOCHS_FILE] {
        let read = |run: &Run| {
            let path = run.file(file);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        if let Some(difference) = first_differing_figure(&read(before)?, &read(after)?) {
            return Ok(Some(format!("{file}, {difference}")));
        }
    }
    let weights = |run: &Run| -> Result<_> {
        let checkpoint = checkpoint::Checkpoint::load(&run.checkpoint(last)?)?;
        Ok(checkpoint.manifest.files[WEIGHTS_FILE].clone())
    };
    let same = weights(before)? == weights(after)?;
    Ok((!same)
        .then(|| format!("every figure is the same, but not {WEIGHTS_FILE} of checkpoint {last}")))
}

/// Row, column and both values of the first difference of two csv files.
fn first_differing_figure(before: &str, after: &str) -> Option<String> {
    let header: Vec<&str> = before.lines().next()?.split(',').collect();
    for (row, (old, new)) in before.lines().zip(after.lines()).enumerate() {
        let mut cells = header.iter().zip(old.split(',').zip(new.split(',')));
        if let Some((name, (old, new))) = cells.find(|(_, (old, new))| old != new) {
            return Some(format!("row {row}: {name} was {old}, is {new}"));
        }
    }
    let (old, new) = (before.lines().count(), after.lines().count());
    (old != new).then(|| format!("{} rows before, {} now", old - 1, new - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_figure_is_named_with_both_values() {
        let before = "epoch,loss\n1,0.5\n2,0.25\n";
        assert_eq!(first_differing_figure(before, before), None);
        let after = "epoch,loss\n1,0.5\n2,0.26\n";
        let difference = first_differing_figure(before, after).unwrap();
        assert_eq!(difference, "row 2: loss was 0.25, is 0.26");
    }

    #[test]
    fn a_missing_row_is_a_difference() {
        let difference = first_differing_figure("epoch\n1\n2\n", "epoch\n1\n").unwrap();
        assert_eq!(difference, "2 rows before, 1 now");
    }
}
