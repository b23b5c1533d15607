//! Files of a run: figures that a rerun must repeat byte for byte, and, apart from them, times.

use crate::{
    position::Position,
    rows::{AnswerRow, EpochRow, Row, StepRow, TimingRow, line},
};
use checkpoint::Run;
use files::write_atomically;
use network::Group;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The open files of a run.
#[derive(Debug)]
pub struct Recorder {
    /// Absent on a process that writes nothing.
    files: Option<Files>,
}

#[derive(Debug)]
struct Files {
    epochs: File,
    iterations: File,
    timings: File,
    answers: PathBuf,
}

impl Recorder {
    /// Opens the files of `run`, without the lines that were written after `position`: they will come again. Each of
    /// `groups` has a column of learning rates.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(run: &Run, position: &Position, groups: &[Group]) -> io::Result<Self> {
        let files = Files {
            epochs: open_at::<EpochRow>(run, groups, position.total_epochs as usize)?,
            iterations: open_at::<StepRow>(run, groups, position.total_iterations as usize)?,
            timings: open_at::<TimingRow>(run, groups, usize::MAX)?,
            answers: run.file(AnswerRow::FILE),
        };
        Ok(Self { files: Some(files) })
    }

    /// That of a process which writes nothing.
    pub fn none() -> Self {
        Self { files: None }
    }

    /// Appends a step.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn step(&mut self, row: &StepRow) -> io::Result<()> {
        match &mut self.files {
            Some(files) => files.iterations.write_all(&line(row)?),
            None => Ok(()),
        }
    }

    /// Appends an epoch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn epoch(&mut self, row: &EpochRow) -> io::Result<()> {
        match &mut self.files {
            Some(files) => files.epochs.write_all(&line(row)?),
            None => Ok(()),
        }
    }

    /// Appends the time of an epoch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn timing(&mut self, row: &TimingRow) -> io::Result<()> {
        match &mut self.files {
            Some(files) => files.timings.write_all(&line(row)?),
            None => Ok(()),
        }
    }

    /// Writes what was said of each validation picture, in the place of what was said after the epoch before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn answers(&mut self, rows: &[AnswerRow]) -> io::Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        let mut text = (AnswerRow::header(&[]).join(",") + "\n").into_bytes();
        for row in rows {
            text.extend(line(row)?);
        }
        write_atomically(&files.answers, &text)
    }

    /// Brings the figures to the disk: a checkpoint must not be ahead of them.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        files.epochs.sync_data()?;
        files.iterations.sync_data()
    }
}

/// The files of `run` that have fewer rows of figures than there should be at `position`, with the numbers of rows that are
/// missing: somebody has removed them.
pub fn missing_rows(run: &Run, position: &Position) -> Vec<(&'static str, usize)> {
    let wanted = [
        (EpochRow::FILE, position.total_epochs as usize),
        (StepRow::FILE, position.total_iterations as usize),
    ];
    let missing = wanted.map(|(file, wanted)| {
        let text = fs::read_to_string(run.file(file)).unwrap_or_default();
        let rows = text.matches('\n').count().saturating_sub(1);
        (file, wanted.saturating_sub(rows))
    });
    missing.into_iter().filter(|(_, rows)| *rows > 0).collect()
}

/// Opens the file of `T` for appending, with its header and its first `lines` rows.
fn open_at<T: Row>(run: &Run, groups: &[Group], lines: usize) -> io::Result<File> {
    let path = run.file(T::FILE);
    let header = T::header(groups).join(",") + "\n";
    keep_lines(&path, &header, lines)?;
    OpenOptions::new().append(true).open(path)
}

/// Makes the file at `path` consist of `header` and its first `lines` whole lines.
fn keep_lines(path: &Path, header: &str, lines: usize) -> io::Result<()> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let kept: String = text
        .split_inclusive('\n')
        .skip(1)
        .filter(|line| line.ends_with('\n'))
        .take(lines)
        .collect();
    let wanted = format!("{header}{kept}");
    if wanted != text {
        write_atomically(path, wanted.as_bytes())?;
    }
    Ok(())
}
