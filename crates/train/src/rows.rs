//! Rows of the csv files of a run, written and read.

use crate::schedule::Rates;
use network::Group;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use std::{fmt::Display, io, path::Path};

/// A row of a csv file. Numbers are written in the fewest digits that read back as the same number.
pub trait Row: Serialize + DeserializeOwned {
    /// Name of the file.
    const FILE: &'static str;

    /// Names of the columns that every run has.
    const COLUMNS: &'static [&'static str];

    /// Names of all columns; each of `groups` may have its own.
    fn header(_groups: &[Group]) -> Vec<String> {
        Self::COLUMNS.iter().copied().map(str::to_owned).collect()
    }
}

/// One training step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "StepCells", try_from = "StepCells")]
pub struct StepRow {
    /// Number of the stage, from 1.
    pub stage: usize,
    /// Number of the epoch in the stage, from 1.
    pub epoch: usize,
    /// Number of the step in the stage, from 1.
    pub iteration: usize,
    /// Loss before the step.
    pub loss: f32,
    /// Smoothed loss over the stage so far.
    pub smoothed_loss: f32,
    /// Rates of this step.
    pub rates: Rates,
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Number of the stage, from 1.
    pub stage: usize,
    /// Number of the epoch in the stage, from 1.
    pub epoch: usize,
    /// Side of the pictures in pixels.
    pub size: usize,
    /// Smoothed training loss.
    #[serde(serialize_with = "shortest")]
    pub train_loss: f32,
    /// Loss over the validation pictures.
    #[serde(serialize_with = "shortest")]
    pub valid_loss: f64,
    /// Error rate over the validation pictures.
    #[serde(serialize_with = "shortest")]
    pub error_rate: f64,
}

/// Time of one epoch, or of what was left of it when the run was continued.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimingRow {
    /// Number of the stage, from 1.
    pub stage: usize,
    /// Number of the epoch in the stage, from 1.
    pub epoch: usize,
    /// Seconds of training and validation.
    #[serde(serialize_with = "three_decimals")]
    pub seconds: f64,
    /// Pictures per second of training.
    #[serde(serialize_with = "two_decimals")]
    pub training_pictures_per_second: f64,
}

/// What was said of one validation picture after an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerRow {
    /// Its name, below the data folder.
    pub path: String,
    /// Its class.
    pub true_class: String,
    /// The most probable class.
    pub said_class: String,
    /// Probability of the true class.
    #[serde(serialize_with = "shortest")]
    pub probability_of_true: f64,
    /// Probability of the class that was said.
    #[serde(serialize_with = "shortest")]
    pub probability_of_said: f64,
    /// Cross entropy.
    #[serde(serialize_with = "shortest")]
    pub loss: f64,
    /// Place of the true class among all, the most probable first: 1 if it was said.
    pub place_of_true: usize,
}

impl Row for StepRow {
    const FILE: &'static str = "iterations.csv";
    const COLUMNS: &'static [&'static str] =
        &["stage", "epoch", "iteration", "loss", "smoothed_loss"];

    fn header(groups: &[Group]) -> Vec<String> {
        let rates = groups
            .iter()
            .map(|group| format!("learning_rate_{}", group.name));
        let before = Self::COLUMNS.iter().copied().map(str::to_owned);
        before.chain(rates).chain(["beta1".to_owned()]).collect()
    }
}

impl Row for EpochRow {
    const FILE: &'static str = "epochs.csv";
    const COLUMNS: &'static [&'static str] = &[
        "stage",
        "epoch",
        "size",
        "train_loss",
        "valid_loss",
        "error_rate",
    ];
}

impl Row for TimingRow {
    const FILE: &'static str = "timings.csv";
    const COLUMNS: &'static [&'static str] =
        &["stage", "epoch", "seconds", "training_pictures_per_second"];
}

impl Row for AnswerRow {
    const FILE: &'static str = "validation.csv";
    const COLUMNS: &'static [&'static str] = &[
        "path",
        "true_class",
        "said_class",
        "probability_of_true",
        "probability_of_said",
        "loss",
        "place_of_true",
    ];
}

/// All rows of the file `T::FILE` in `folder`.
///
/// # Errors
/// The file cannot be read, or a row is not one of its kind.
pub fn read<T: Row>(folder: &Path) -> io::Result<Vec<T>> {
    let path = folder.join(T::FILE);
    let refuse = |error: csv::Error| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("cannot read {}: {error}", path.display()),
        )
    };
    let mut reader = csv::Reader::from_path(&path).map_err(refuse)?;
    reader
        .records()
        // By position: the columns of learning rates have names of their own in each architecture.
        .map(|record| record?.deserialize(None))
        .collect::<Result<_, _>>()
        .map_err(refuse)
}

/// A line of the file, with its end.
///
/// # Errors
/// None that a row can cause.
pub fn line(row: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    writer.serialize(row)?;
    writer.into_inner().map_err(|error| error.into_error())
}

/// [`StepRow`] as csv has it: what has a varying number of columns comes last.
#[derive(Serialize, Deserialize)]
struct StepCells {
    stage: usize,
    epoch: usize,
    iteration: usize,
    #[serde(serialize_with = "shortest")]
    loss: f32,
    #[serde(serialize_with = "shortest")]
    smoothed_loss: f32,
    /// Learning rate of each group, then beta1.
    #[serde(serialize_with = "each_shortest")]
    rates: Vec<f64>,
}

impl From<StepRow> for StepCells {
    fn from(row: StepRow) -> Self {
        let mut rates = row.rates.learning_rates;
        rates.push(row.rates.beta1);
        Self {
            stage: row.stage,
            epoch: row.epoch,
            iteration: row.iteration,
            loss: row.loss,
            smoothed_loss: row.smoothed_loss,
            rates,
        }
    }
}

impl TryFrom<StepCells> for StepRow {
    type Error = &'static str;

    fn try_from(cells: StepCells) -> Result<Self, Self::Error> {
        let mut learning_rates = cells.rates;
        let beta1 = learning_rates.pop().ok_or("beta1 is missing")?;
        Ok(Self {
            stage: cells.stage,
            epoch: cells.epoch,
            iteration: cells.iteration,
            loss: cells.loss,
            smoothed_loss: cells.smoothed_loss,
            rates: Rates {
                learning_rates,
                beta1,
            },
        })
    }
}

/// Fewest digits, without an exponent.
fn shortest<S: Serializer>(number: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn each_shortest<S: Serializer>(numbers: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(f64::to_string))
}

fn three_decimals<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:.3}"))
}

fn two_decimals<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use network::Architecture;
    use std::fs;

    fn groups() -> &'static [Group] {
        Architecture::ResNet34.groups()
    }

    fn written_and_read<T: Row>(row: &T) -> (String, Vec<T>) {
        let folder = tempfile::tempdir().unwrap();
        let line = String::from_utf8(line(row).unwrap()).unwrap();
        let text = format!("{}\n{line}", T::header(groups()).join(","));
        fs::write(folder.path().join(T::FILE), &text).unwrap();
        (text, read(folder.path()).unwrap())
    }

    #[test]
    fn a_step_has_a_column_for_each_group_and_reads_back() {
        let row = StepRow {
            stage: 1,
            epoch: 2,
            iteration: 3,
            loss: 2.227041,
            smoothed_loss: 1.0,
            rates: Rates {
                learning_rates: vec![1e-7, 0.1 + 0.2, 4e9],
                beta1: 0.95,
            },
        };
        let (text, rows) = written_and_read(&row);
        assert_eq!(
            text,
            "stage,epoch,iteration,loss,smoothed_loss,learning_rate_early_body,learning_rate_late_body,learning_rate_head,beta1\n\
             1,2,3,2.227041,1,0.0000001,0.30000000000000004,4000000000,0.95\n"
        );
        assert_eq!(rows, [row]);
    }

    #[test]
    fn an_epoch_reads_back_and_a_loss_that_is_no_number_too() {
        let row = EpochRow {
            stage: 1,
            epoch: 2,
            size: 64,
            train_loss: 0.1,
            valid_loss: 1.5,
            error_rate: 0.25,
        };
        let (text, rows) = written_and_read(&row);
        assert_eq!(
            text,
            "stage,epoch,size,train_loss,valid_loss,error_rate\n1,2,64,0.1,1.5,0.25\n"
        );
        assert_eq!(rows, [row]);
        let broken = EpochRow {
            valid_loss: f64::NAN,
            ..row
        };
        assert!(written_and_read(&broken).1[0].valid_loss.is_nan());
    }

    #[test]
    fn an_answer_with_a_comma_in_its_class_reads_back() {
        let row = AnswerRow {
            path: "images/pug, asleep.jpg".to_owned(),
            true_class: "pug, or \"mops\"".to_owned(),
            said_class: "beagle".to_owned(),
            probability_of_true: 1e-9,
            probability_of_said: 0.5,
            loss: 20.7,
            place_of_true: 12,
        };
        let (text, rows) = written_and_read(&row);
        assert!(
            text.ends_with(",beagle,0.000000001,0.5,20.7,12\n"),
            "{text}"
        );
        assert_eq!(rows, [row]);
    }

    #[test]
    fn times_are_rounded() {
        let row = TimingRow {
            stage: 1,
            epoch: 2,
            seconds: 1.23456,
            training_pictures_per_second: 100.0,
        };
        let (text, _) = written_and_read(&row);
        assert_eq!(
            text,
            "stage,epoch,seconds,training_pictures_per_second\n1,2,1.235,100.00\n"
        );
    }

    #[test]
    fn a_row_that_is_none_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "{}\n1,2,no size,1,1,1\n",
            EpochRow::header(groups()).join(",")
        );
        fs::write(folder.path().join(EpochRow::FILE), text).unwrap();
        let error = read::<EpochRow>(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("epochs.csv") && error.contains("line: 2"),
            "{error}"
        );
    }
}
