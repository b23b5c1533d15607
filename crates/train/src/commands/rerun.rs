use super::{
    shared::{check_precision, config_as_it_is_now, config_name, open_run, saved_config},
    start::new_run,
};
use crate::{
    cli::DeviceArgs,
    interrupt::{INTERRUPTED, Interrupt},
    resumed,
    rows::{EpochRow, Row, StepRow, line, read},
    session::Outcome,
    store::AVERAGE_FILE,
};
use anyhow::{Result, ensure};
use checkpoint::{Run, WEIGHTS_FILE};
use network::Group;
use processes::Processes;
use std::{path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Repeats `run` from its own config and compares every figure and the last weights. Its pictures are in the data folder
/// `data`, or where they are found.
pub fn rerun(
    run: &Path,
    data: Option<&Path>,
    device: DeviceArgs,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let before = open_run(run)?;
    let interrupt = Interrupt::listen(terminal)?;
    let (config, _) = config_as_it_is_now(&before, data, terminal, &interrupt)?;
    let (manifest, _) = before.newest_manifest()?;
    let last = &config.stages[config.stages.len() - 1];
    let last_name = last.checkpoint_name(config.stages.len());
    ensure!(
        before.checkpoint(&last_name).is_ok(),
        "{} is not finished (it has {}): continue it with `train --resume {}`",
        before.folder().display(),
        words::counted(manifest.iterations as usize, "iteration"),
        words::quoted(&before.folder().display().to_string())
    );
    let name = config_name(&before);
    resumed::warn_before_rerun(&config, &before, terminal)?;
    let device = device.open().map_err(usage)?;
    check_precision(config.precision, &device.0)?;
    if !manifest.processes.is_empty() {
        terminal.warning(&format!(
            "{} was trained by several processes, and is repeated by one: the figures will differ in rounding at least",
            before.folder().display()
        ));
    }
    let among = (Processes::alone(), interrupt);
    let (session, outcome) = new_run(&name, config, device, terminal, among)?;
    if outcome == Outcome::Interrupted {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let after = session.writer().expect("a process alone writes").run();
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
    let groups = saved_config(before)?.model.architecture.groups();
    let figures = first_differing_figure::<StepRow>(before.folder(), after.folder(), groups)?;
    if figures.is_some() {
        return Ok(figures);
    }
    let figures = first_differing_figure::<EpochRow>(before.folder(), after.folder(), groups)?;
    if figures.is_some() {
        return Ok(figures);
    }
    let digests = |run: &Run| -> Result<_> {
        let checkpoint = checkpoint::Checkpoint::load(&run.checkpoint(last)?)?;
        Ok([WEIGHTS_FILE, AVERAGE_FILE].map(|file| {
            let digest = checkpoint.manifest.files.get(file).cloned();
            (file, digest)
        }))
    };
    let (old, new) = (digests(before)?, digests(after)?);
    let differing = old.iter().zip(&new).find(|(old, new)| old != new);
    Ok(differing.map(|((file, _), _)| {
        format!("every figure is the same, but not {file} of checkpoint {last}")
    }))
}

/// File, row, column and both values of the first difference of the rows in two folders.
fn first_differing_figure<T: Row>(
    before: &Path,
    after: &Path,
    groups: &[Group],
) -> Result<Option<String>> {
    let (old, new): (Vec<T>, Vec<T>) = (read(before)?, read(after)?);
    let header = T::header(groups);
    for (row, (old, new)) in old.iter().zip(&new).enumerate() {
        let (old, new) = (cells(old)?, cells(new)?);
        let mut cells = header.iter().zip(old.iter().zip(&new));
        if let Some((name, (old, new))) = cells.find(|(_, (old, new))| old != new) {
            let (file, row) = (T::FILE, row + 1);
            return Ok(Some(format!(
                "{file}, row {row}: {name} was {old}, is {new}"
            )));
        }
    }
    let (old, new) = (old.len(), new.len());
    Ok((old != new).then(|| format!("{}, {old} rows before, {new} now", T::FILE)))
}

/// The numbers of a row as its file has them, of which no two are written alike.
fn cells(row: &impl Row) -> Result<Vec<String>> {
    let line = String::from_utf8(line(row)?)?;
    Ok(line.trim_end().split(',').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const ROWS: &str = "1,1,64,0.5,0.25,0.5\n1,2,64,0.25,NaN,0.5\n";

    fn difference(before: &str, after: &str) -> Option<String> {
        let folders = [before, after].map(|rows| {
            let folder = tempfile::tempdir().unwrap();
            let text = format!("{}\n{rows}", EpochRow::header(&[]).join(","));
            fs::write(folder.path().join(EpochRow::FILE), text).unwrap();
            folder
        });
        let [before, after] = folders.each_ref().map(|folder| folder.path());
        first_differing_figure::<EpochRow>(before, after, &[]).unwrap()
    }

    #[test]
    fn the_first_differing_figure_is_named_with_both_values() {
        assert_eq!(difference(ROWS, ROWS), None);
        let after = ROWS.replace("64,0.25", "64,0.26");
        assert_eq!(
            difference(ROWS, &after).unwrap(),
            "epochs.csv, row 2: train_loss was 0.25, is 0.26"
        );
    }

    #[test]
    fn a_missing_row_is_a_difference() {
        let after = ROWS.lines().next().unwrap();
        assert_eq!(
            difference(ROWS, after).unwrap(),
            "epochs.csv, 2 rows before, 1 now"
        );
    }
}
