/// What a network said of pictures whose class is known: a row of logits for each.
///
/// Which class was *said*: the one with the largest logit; of equal ones the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    classes: usize,
    logits: Vec<f32>,
    truth: Vec<usize>,
}

/// Why logits and classes are no predictions that figures can be computed of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PredictionError {
    /// Nothing to choose among.
    #[error("{0} classes are too few: figures need two or more")]
    TooFewClasses(usize),
    /// Nothing to count.
    #[error("there are no pictures to evaluate")]
    NoPictures,
    /// Not a row of logits for each picture.
    #[error("{logits} logits are not a row of {classes} for each of {pictures} pictures")]
    WrongShape {
        /// Number of logits.
        logits: usize,
        /// Number of classes.
        classes: usize,
        /// Number of true classes.
        pictures: usize,
    },
    /// A true class that the network does not know.
    #[error("picture {picture} has class {class}, where classes are numbered from 0 to {last}")]
    UnknownClass {
        /// The picture's index.
        picture: usize,
        /// Its class.
        class: usize,
        /// The last class.
        last: usize,
    },
    /// A logit that is infinite or not a number.
    #[error("the logit of picture {picture} for class {class} is not a finite number")]
    NotFinite {
        /// The picture's index.
        picture: usize,
        /// The logit's class.
        class: usize,
    },
}

impl Predictions {
    /// Logits of one picture after the other, `truth.len()` rows of `classes`; `truth` is each picture's class.
    ///
    /// # Errors
    /// Fewer than two classes, no picture, numbers of logits and pictures that do not fit, an unknown class, a logit that is
    /// not finite.
    pub fn new(
        classes: usize,
        logits: Vec<f32>,
        truth: Vec<usize>,
    ) -> Result<Self, PredictionError> {
        if classes < 2 {
            return Err(PredictionError::TooFewClasses(classes));
        }
        if truth.is_empty() {
            return Err(PredictionError::NoPictures);
        }
        if truth.len().checked_mul(classes) != Some(logits.len()) {
            let (logits, pictures) = (logits.len(), truth.len());
            return Err(PredictionError::WrongShape {
                logits,
                classes,
                pictures,
            });
        }
        if let Some(picture) = truth.iter().position(|class| *class >= classes) {
            return Err(PredictionError::UnknownClass {
                picture,
                class: truth[picture],
                last: classes - 1,
            });
        }
        if let Some(index) = logits.iter().position(|logit| !logit.is_finite()) {
            let (picture, class) = (index / classes, index % classes);
            return Err(PredictionError::NotFinite { picture, class });
        }
        Ok(Self {
            classes,
            logits,
            truth,
        })
    }

    /// Number of pictures; at least one.
    pub fn pictures(&self) -> usize {
        self.truth.len()
    }

    /// Number of classes; at least two.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Each picture's true class.
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// A picture's logits, one per class.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn logits(&self, picture: usize) -> &[f32] {
        &self.logits[picture * self.classes..][..self.classes]
    }

    /// A picture's probabilities, one per class: the softmax of its logits, in f64.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn probabilities(&self, picture: usize) -> Vec<f64> {
        softmax(self.logits(picture), 1.0)
    }

    /// The class that was said of a picture.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn said(&self, picture: usize) -> usize {
        argmax(self.logits(picture))
    }

    /// Whether what was said of a picture is true.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn is_right(&self, picture: usize) -> bool {
        self.said(picture) == self.truth[picture]
    }

    /// A class's place among a picture's classes, largest logit first: 0 for what was said. Of equal logits the first class
    /// comes first.
    ///
    /// # Panics
    /// If there is no such picture or class.
    pub fn rank(&self, picture: usize, class: usize) -> usize {
        let logits = self.logits(picture);
        let is_before = |other: usize| {
            logits[other] > logits[class] || (logits[other] == logits[class] && other < class)
        };
        (0..self.classes).filter(|other| is_before(*other)).count()
    }

    /// A picture's loss: the cross entropy `ln Σ_k exp(z_k) − z_true`, natural logarithm. It is finite and not negative.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn loss(&self, picture: usize) -> f64 {
        cross_entropy(self.logits(picture), self.truth[picture], 1.0)
    }
}

/// `exp(f z_k) / Σ exp(f z)` for logits z and a factor f ≥ 0: finite, however large the logits are.
pub(crate) fn softmax(logits: &[f32], factor: f64) -> Vec<f64> {
    let largest = f64::from(logits[argmax(logits)]);
    let powers: Vec<f64> = logits
        .iter()
        .map(|logit| ((f64::from(*logit) - largest) * factor).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// `ln Σ exp(f z_k) − f z_class` for logits z and a factor f ≥ 0.
pub(crate) fn cross_entropy(logits: &[f32], class: usize, factor: f64) -> f64 {
    let said = argmax(logits);
    let largest = f64::from(logits[said]);
    let others: f64 = (0..logits.len())
        .filter(|other| *other != said)
        .map(|other| ((f64::from(logits[other]) - largest) * factor).exp())
        .sum();
    // The largest logit's own power is 1: ln(1 + x) keeps what a sure picture's loss of 1e-20 would lose in 1 + x.
    (largest - f64::from(logits[class])) * factor + others.ln_1p()
}

/// `z_k − ln Σ exp(z)` for each logit z_k.
pub(crate) fn log_softmax(logits: &[f32]) -> Vec<f64> {
    (0..logits.len())
        .map(|class| -cross_entropy(logits, class, 1.0))
        .collect()
}

/// Index of the first of the largest values.
pub(crate) fn argmax(values: &[f32]) -> usize {
    (0..values.len()).fold(0, |best, index| {
        if values[index] > values[best] {
            index
        } else {
            best
        }
    })
}

/// Pictures in the order of `key`, largest first; of equal ones the first comes first.
pub(crate) fn largest_first(pictures: &mut [usize], key: impl Fn(usize) -> f64) {
    pictures.sort_by(|a, b| key(*b).total_cmp(&key(*a)).then(a.cmp(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let error = |classes, logits: &[f32], truth: &[usize]| {
            Predictions::new(classes, logits.to_vec(), truth.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(1, &[0.0], &[0]),
            "1 classes are too few: figures need two or more"
        );
        assert_eq!(error(2, &[], &[]), "there are no pictures to evaluate");
        assert_eq!(
            error(2, &[0.0; 3], &[0]),
            "3 logits are not a row of 2 for each of 1 pictures"
        );
        assert_eq!(
            error(2, &[0.0; 4], &[0, 2]),
            "picture 1 has class 2, where classes are numbered from 0 to 1"
        );
        assert_eq!(
            error(2, &[0.0, 1.0, 2.0, f32::NAN], &[0, 1]),
            "the logit of picture 1 for class 1 is not a finite number"
        );
    }

    #[test]
    fn of_equal_logits_the_first_class_is_said_and_ranks_first() {
        let ties = Predictions::new(4, vec![1.0, 3.0, 3.0, 2.0], vec![2]).unwrap();
        assert_eq!(ties.said(0), 1);
        let ranks: Vec<usize> = (0..4).map(|class| ties.rank(0, class)).collect();
        assert_eq!(ranks, [3, 0, 1, 2]);
    }

    #[test]
    fn probabilities_and_losses_are_finite_however_large_the_logits() {
        let largest = Predictions::new(2, vec![f32::MAX, f32::MIN], vec![1]).unwrap();
        assert_eq!(largest.probabilities(0), [1.0, 0.0]);
        assert_eq!(largest.loss(0), 2.0 * f64::from(f32::MAX));
    }

    #[test]
    fn the_loss_of_a_sure_picture_is_small_and_not_zero() {
        let sure = Predictions::new(2, vec![50.0, 0.0], vec![0]).unwrap();
        assert!((sure.loss(0) / (-50f64).exp() - 1.0).abs() < 1e-12);
    }
}
