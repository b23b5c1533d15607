//! The figures of an evaluation.

use evaluation::{
    BINS, Calibration, ClassFigures, Confused, ConfusionMatrix, MacroMeans, Predictions,
    Proportion, Temperature, error_rate, most_confused, top_k_accuracy,
};

/// Classes among which the true one is looked for, beside the one that was said.
const TOP: usize = 5;

/// What the answers to pictures of known class come to.
#[derive(Debug)]
pub struct Figures {
    /// Share of pictures of which another class was said.
    pub error_rate: Proportion,
    /// Share of pictures whose class is among the five most probable ones; `None` of five classes or fewer, where it says
    /// nothing.
    pub top_five: Option<Proportion>,
    /// Each class, in the order of the classes.
    pub classes: Vec<ClassFigures>,
    /// Means over the classes that have pictures.
    pub macro_means: MacroMeans,
    /// Rows true, columns said.
    pub matrix: ConfusionMatrix,
    /// Pairs of classes that were taken for each other, the most pictures first.
    pub confused: Vec<Confused>,
    /// How far probabilities are what they claim.
    pub calibration: Calibration,
    /// The temperature that minimises the mean loss, and what the calibration would be with it.
    pub temperature: FittedTemperature,
}

/// A temperature and what comes of it.
#[derive(Debug)]
pub struct FittedTemperature {
    /// The temperature.
    pub temperature: Temperature,
    /// Calibration of the evaluated pictures with it; `None` if there is no best one.
    pub calibration: Option<Calibration>,
    /// True if it was found on other pictures than it was tried on.
    pub is_from_others: bool,
}

impl Figures {
    /// The figures of `predictions`. The temperature is fitted on `others`, or on the same pictures if there are none.
    pub fn new(predictions: &Predictions, others: Option<&Predictions>) -> Self {
        let matrix = ConfusionMatrix::new(predictions);
        let classes = ClassFigures::of(&matrix);
        let means = MacroMeans::of(&classes);
        Self {
            error_rate: error_rate(predictions),
            top_five: (predictions.classes() > TOP).then(|| top_k_accuracy(predictions, TOP)),
            macro_means: means.expect("there is a picture, which is of some class"),
            classes,
            confused: most_confused(predictions, 1),
            calibration: Calibration::new(predictions, BINS),
            temperature: FittedTemperature::new(predictions, others),
            matrix,
        }
    }
}

impl FittedTemperature {
    fn new(predictions: &Predictions, others: Option<&Predictions>) -> Self {
        let temperature = Temperature::of(others.unwrap_or(predictions));
        let calibration = match temperature {
            Temperature::Minimum(value) => cooled(predictions, value),
            _ => None,
        };
        Self {
            temperature,
            calibration,
            is_from_others: others.is_some(),
        }
    }
}

/// The calibration of `logits / temperature`; `None` if those are too large for a number.
fn cooled(predictions: &Predictions, temperature: f64) -> Option<Calibration> {
    let pictures = 0..predictions.pictures();
    let logits = pictures.flat_map(|picture| predictions.logits(picture));
    let logits = logits
        .map(|logit| (f64::from(*logit) / temperature) as f32)
        .collect();
    let truth = predictions.truth().to_vec();
    let cooled = Predictions::new(predictions.classes(), logits, truth).ok()?;
    Some(Calibration::new(&cooled, BINS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_fitted_on_other_pictures_is_tried_on_these_and_five_classes_have_no_top_five()
    {
        let row = |sure: f32| [sure, 0.0, 0.0];
        // Sure of itself and right two times of three: at its best temperature it is as sure as it is right.
        let logits = [row(9.0), row(9.0), row(9.0)].concat();
        let predictions = Predictions::new(3, logits, vec![0, 0, 1]).unwrap();
        let figures = Figures::new(&predictions, Some(&predictions));
        assert!(figures.temperature.is_from_others && figures.top_five.is_none());
        let calibrated = figures.temperature.calibration.unwrap();
        assert!(figures.calibration.expected_error > 0.3);
        assert!(calibrated.expected_error < 1e-6, "{calibrated:?}");
    }
}
