//! An evaluation as csv and JSON.

use super::{
    answered::Answered,
    figures::Figures,
    suspects::{Place, Suspects, part_name},
};
use crate::record::Origin;
use evaluation::{Proportion, Temperature};
use serde::Serialize;

/// A table on its way to a file.
type Rows = Vec<Vec<String>>;

/// `evaluation.json`: the figures that one number says.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// The network.
    pub origin: Origin,
    /// The part of the run's pictures; `None` if pictures were named.
    pub part: Option<String>,
    /// How the network was asked: `plain` or `tta`.
    pub asked: &'static str,
    /// Number of pictures.
    pub pictures: usize,
    /// Number of them of which another class was said.
    pub wrong: usize,
    /// Their share, and the ends of Wilson's 95 % interval.
    pub error_rate: [f64; 3],
    /// Share whose class is among the five most probable ones.
    pub top_five_accuracy: Option<f64>,
    /// Means over classes.
    pub macro_precision: f64,
    /// See `macro_precision`.
    pub macro_recall: f64,
    /// See `macro_precision`.
    pub macro_f1: f64,
    /// Mean cross entropy.
    pub mean_loss: f64,
    /// Brier score.
    pub brier: f64,
    /// Expected calibration error over this many bins of equal width.
    pub expected_calibration_error: f64,
    /// Number of bins.
    pub calibration_bins: usize,
    /// The temperature that minimises the mean loss; `None` if no finite one does.
    pub temperature: Option<f64>,
    /// The pictures on which it was found: `valid`, or `same` as were evaluated.
    pub temperature_found_on: &'static str,
    /// Mean loss and expected calibration error with it.
    pub with_temperature: Option<[f64; 2]>,
    /// Names of the classes, in the order of the logits.
    pub classes: &'a [String],
}

impl<'a> Summary<'a> {
    /// The figures of the pictures `answered`.
    pub fn new(
        origin: Origin,
        asked: &'static str,
        answered: &Answered,
        figures: &Figures,
        classes: &'a [String],
    ) -> Self {
        let Proportion {
            count,
            of,
            value,
            low,
            high,
        } = figures.error_rate;
        let temperature = &figures.temperature;
        let calibrated = temperature.calibration.as_ref();
        Self {
            origin,
            part: answered.part.map(|part| part.to_string()),
            asked,
            pictures: of,
            wrong: count,
            error_rate: [value, low, high],
            top_five_accuracy: figures.top_five.map(|share| share.value),
            macro_precision: figures.macro_means.precision,
            macro_recall: figures.macro_means.recall,
            macro_f1: figures.macro_means.f1,
            mean_loss: figures.calibration.mean_loss,
            brier: figures.calibration.brier,
            expected_calibration_error: figures.calibration.expected_error,
            calibration_bins: figures.calibration.bins.len(),
            temperature: match temperature.temperature {
                Temperature::Minimum(value) => Some(value),
                _ => None,
            },
            temperature_found_on: if temperature.is_from_others {
                "valid"
            } else {
                "same"
            },
            with_temperature: calibrated.map(|with| [with.mean_loss, with.expected_error]),
            classes,
        }
    }
}

/// `predictions.csv`: every picture, its class, what was said, how probable both are, its loss.
pub fn predictions(answered: &Answered, classes: &[String]) -> Result<Vec<u8>, csv::Error> {
    let predictions = &answered.predictions;
    let row = |(picture, truth): (usize, &usize)| {
        let (said, probabilities) = (
            predictions.said(picture),
            predictions.probabilities(picture),
        );
        vec![
            answered.files[picture].name.clone(),
            classes[*truth].clone(),
            classes[said].clone(),
            probabilities[*truth].to_string(),
            probabilities[said].to_string(),
            predictions.loss(picture).to_string(),
        ]
    };
    let heading = [
        "path",
        "true_class",
        "said_class",
        "probability_of_true",
        "probability_of_said",
        "loss",
    ];
    csv(&heading, predictions.truth().iter().enumerate().map(row))
}

/// `classes.csv`: each class by itself. A figure that would divide nothing by nothing is empty.
pub fn classes(figures: &Figures, classes: &[String]) -> Result<Vec<u8>, csv::Error> {
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let rows = classes.iter().zip(&figures.classes).map(|(name, class)| {
        vec![
            name.clone(),
            class.pictures.to_string(),
            class.said.to_string(),
            class.right.to_string(),
            figure(class.precision()),
            figure(class.recall()),
            figure(class.f1()),
        ]
    });
    csv(
        &[
            "class",
            "pictures",
            "said",
            "right",
            "precision",
            "recall",
            "f1",
        ],
        rows,
    )
}

/// `confusion.csv`: a row for each true class, a column for each class that was said.
pub fn confusion(figures: &Figures, classes: &[String]) -> Result<Vec<u8>, csv::Error> {
    let heading: Vec<&str> = ["true class"]
        .into_iter()
        .chain(classes.iter().map(String::as_str))
        .collect();
    let rows = classes
        .iter()
        .zip(figures.matrix.rows())
        .map(|(name, row)| {
            let counts = row.iter().map(usize::to_string);
            [name.clone()].into_iter().chain(counts).collect()
        });
    csv(&heading, rows)
}

/// `calibration.csv`: the bins of the reliability diagram.
pub fn calibration(figures: &Figures) -> Result<Vec<u8>, csv::Error> {
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let rows = figures.calibration.bins.iter().map(|bin| {
        vec![
            bin.above.to_string(),
            bin.up_to.to_string(),
            bin.pictures.to_string(),
            bin.right.to_string(),
            figure(bin.confidence),
            figure(bin.accuracy()),
        ]
    });
    csv(
        &[
            "above",
            "up_to",
            "pictures",
            "right",
            "mean_confidence",
            "accuracy",
        ],
        rows,
    )
}

/// `suspects.csv`: a line for each picture that should be looked at. The column `action` is for a person to fill: `keep`,
/// `delete`, or the name of a class.
pub fn suspects(
    suspects: &Suspects,
    parts: &[&Answered],
    classes: &[String],
) -> Result<Vec<u8>, csv::Error> {
    let name = |place: Place| parts[place.part].files[place.picture].name.clone();
    let rows = suspects.rows().into_iter().map(|row| {
        let part = parts[row.place.part];
        let label = part.predictions.truth()[row.place.picture];
        let probabilities = part.predictions.probabilities(row.place.picture);
        let said = part.predictions.said(row.place.picture);
        let reason = match (row.issue, row.like) {
            (Some(_), Some(_)) => "label and near-duplicate",
            (Some(_), None) => "label",
            _ => "near-duplicate",
        };
        vec![
            name(row.place),
            String::new(),
            reason.to_owned(),
            part_name(part.part),
            classes[label].clone(),
            probabilities[label].to_string(),
            classes[said].clone(),
            probabilities[said].to_string(),
            row.like.map_or_else(String::new, |(place, _)| name(place)),
            row.like
                .map_or_else(String::new, |(_, similarity)| similarity.to_string()),
        ]
    });
    let heading = [
        "path",
        "action",
        "reason",
        "part",
        "label",
        "probability_of_label",
        "said_class",
        "probability_of_said",
        "similar_to",
        "similarity",
    ];
    csv(&heading, rows.collect::<Rows>())
}

fn csv(
    heading: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
