//! What a run writes down: figures that a rerun must repeat byte for byte, and, apart from them, times.

use crate::{position::Position, schedule::Rates};
use checkpoint::Run;
use files::write_atomically;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// One line per epoch.
pub const EPOCHS_FILE: &str = "epochs.csv";
/// One line per training batch.
pub const ITERATIONS_FILE: &str = "iterations.csv";
/// One line per epoch and start; not the same on a rerun.
pub const TIMINGS_FILE: &str = "timings.csv";

const EPOCHS_HEADER: &str = "stage,epoch,size,train_loss,valid_loss,error_rate\n";
const ITERATIONS_HEADER: &str = "stage,epoch,iteration,loss,smoothed_loss,learning_rate_early_body,learning_rate_late_body,learning_rate_head,beta1\n";
const TIMINGS_HEADER: &str = "stage,epoch,seconds,training_pictures_per_second\n";

/// One training step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepRecord {
    /// From 1.
    pub stage: usize,
    /// From 1.
    pub epoch: usize,
    /// From 1, within the stage.
    pub iteration: usize,
    /// Before the step.
    pub loss: f32,
    /// Over the stage so far.
    pub smoothed_loss: f32,
    /// Of this step.
    pub rates: Rates,
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochRecord {
    /// From 1.
    pub stage: usize,
    /// From 1.
    pub epoch: usize,
    /// Side of the pictures in pixels.
    pub size: usize,
    /// Smoothed.
    pub train_loss: f32,
    /// Over the validation pictures.
    pub valid_loss: f64,
    /// Over the validation pictures.
    pub error_rate: f64,
}

/// The open files of a run.
#[derive(Debug)]
pub struct Recorder {
    epochs: File,
    iterations: File,
    timings: File,
}

impl Recorder {
    /// Opens the files of `run`, without the lines that were written after `position`: they will come again.
    pub fn open(run: &Run, position: &Position) -> io::Result<Self> {
        let open = |name, header: &str, lines| open_at(&run.file(name), header, lines);
        Ok(Self {
            epochs: open(EPOCHS_FILE, EPOCHS_HEADER, position.total_epochs as usize)?,
            iterations: open(
                ITERATIONS_FILE,
                ITERATIONS_HEADER,
                position.total_iterations as usize,
            )?,
            timings: open(TIMINGS_FILE, TIMINGS_HEADER, usize::MAX)?,
        })
    }

    /// Appends a step.
    pub fn step(&mut self, record: &StepRecord) -> io::Result<()> {
        let StepRecord {
            stage,
            epoch,
            iteration,
            loss,
            smoothed_loss,
            rates,
        } = record;
        let [early, late, head] = rates.learning_rates;
        let beta1 = rates.beta1;
        let line = format!(
            "{stage},{epoch},{iteration},{loss},{smoothed_loss},{early},{late},{head},{beta1}\n"
        );
        self.iterations.write_all(line.as_bytes())
    }

    /// Appends an epoch, and its time to the other file.
    pub fn epoch(&mut self, record: &EpochRecord, seconds: f64, rate: f64) -> io::Result<()> {
        let EpochRecord {
            stage,
            epoch,
            size,
            train_loss,
            valid_loss,
            error_rate,
        } = record;
        let line = format!("{stage},{epoch},{size},{train_loss},{valid_loss},{error_rate}\n");
        self.epochs.write_all(line.as_bytes())?;
        let line = format!("{stage},{epoch},{seconds:.3},{rate:.2}\n");
        self.timings.write_all(line.as_bytes())
    }

    /// Brings everything to the disk: a checkpoint must not be ahead of the figures.
    pub fn sync(&self) -> io::Result<()> {
        self.epochs.sync_data()?;
        self.iterations.sync_data()
    }
}

/// Opens `path` for appending with its header and its first `lines` lines.
fn open_at(path: &Path, header: &str, lines: usize) -> io::Result<File> {
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
    OpenOptions::new().append(true).open(path)
}
