use crate::predictions::Predictions;

/// The number of bins that [`Calibration`] is usually reported with, that of Guo et al.
pub const BINS: usize = 15;

/// Whether probabilities are what they claim: of the pictures said with a confidence of 0.8, are 80 % right?
///
/// A picture's *confidence* is the probability of the class that was said. Source: Guo et al. 2017, arXiv:1706.04599.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Bins of equal width over 0 to 1, in order.
    pub bins: Vec<Bin>,
    /// Expected calibration error: `Σ_b n_b/n |accuracy_b − confidence_b|`.
    pub expected_error: f64,
    /// Maximum calibration error: the largest `|accuracy_b − confidence_b|` of a bin with pictures, however few.
    pub maximum_error: f64,
    /// Brier score: mean of `Σ_k (p_k − y_k)²` with y 1 for the true class and 0 for all others; 0 to 2. Brier 1950.
    pub brier: f64,
    /// Negative log likelihood: the mean loss.
    pub mean_loss: f64,
}

/// A bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Confidences above this, and in the first bin this one, are in the bin.
    pub above: f64,
    /// Confidences up to this one are.
    pub up_to: f64,
    /// Number of pictures.
    pub pictures: usize,
    /// Number of them that were right.
    pub right: usize,
    /// Mean confidence; `None` without pictures.
    pub confidence: Option<f64>,
}

impl Bin {
    /// Share of the pictures that were right; `None` without pictures.
    pub fn accuracy(&self) -> Option<f64> {
        (self.pictures > 0).then(|| self.right as f64 / self.pictures as f64)
    }

    /// Accuracy less confidence: negative where the network is too sure; `None` without pictures.
    pub fn gap(&self) -> Option<f64> {
        Some(self.accuracy()? - self.confidence?)
    }
}

impl Calibration {
    /// Calibration over this many bins; 0 is taken for 1.
    pub fn new(predictions: &Predictions, bins: usize) -> Self {
        let mut tallies = vec![(0, 0, 0.0); bins.max(1)];
        let (mut brier, mut loss) = (0.0, 0.0);
        for (picture, truth) in predictions.truth().iter().enumerate() {
            let probabilities = predictions.probabilities(picture);
            let said = predictions.said(picture);
            let (pictures, right, sum) = &mut tallies[bin_of(probabilities[said], bins.max(1))];
            *pictures += 1;
            *right += usize::from(said == *truth);
            *sum += probabilities[said];
            brier += squared_distance(&probabilities, *truth);
            loss += predictions.loss(picture);
        }
        let count = tallies.len() as f64;
        let bin = |(index, (pictures, right, sum)): (usize, (usize, usize, f64))| Bin {
            above: index as f64 / count,
            up_to: (index + 1) as f64 / count,
            pictures,
            right,
            confidence: (pictures > 0).then(|| sum / pictures as f64),
        };
        let bins: Vec<Bin> = tallies.into_iter().enumerate().map(bin).collect();
        let gaps = || {
            let with_pictures = bins
                .iter()
                .filter_map(|bin| Some((bin.pictures, bin.gap()?)));
            with_pictures.map(|(pictures, gap)| (pictures, gap.abs()))
        };
        let pictures = predictions.pictures() as f64;
        Self {
            expected_error: gaps().map(|(n, gap)| n as f64 * gap).sum::<f64>() / pictures,
            maximum_error: gaps().map(|(_, gap)| gap).fold(0.0, f64::max),
            brier: brier / pictures,
            mean_loss: loss / pictures,
            bins,
        }
    }
}

/// The first of `bins` whose upper end is not below `confidence`.
fn bin_of(confidence: f64, bins: usize) -> usize {
    let up_to = |bin: usize| (bin + 1) as f64 / bins as f64;
    (0..bins - 1)
        .find(|bin| confidence <= up_to(*bin))
        .unwrap_or(bins - 1)
}

fn squared_distance(probabilities: &[f64], truth: usize) -> f64 {
    let distance = |(class, p): (usize, &f64)| (p - f64::from(u8::from(class == truth))).powi(2);
    probabilities.iter().enumerate().map(distance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_predictor_has_no_calibration_error() {
        let logits = vec![900.0, 0.0, 0.0, 900.0];
        let perfect = Predictions::new(2, logits, vec![0, 1]).unwrap();
        let calibration = Calibration::new(&perfect, BINS);
        assert_eq!(calibration.expected_error, 0.0);
        assert_eq!(calibration.maximum_error, 0.0);
        assert_eq!((calibration.brier, calibration.mean_loss), (0.0, 0.0));
    }

    #[test]
    fn who_is_always_sure_and_always_wrong_is_off_by_one() {
        let wrong = Predictions::new(2, vec![900.0, 0.0], vec![1]).unwrap();
        let calibration = Calibration::new(&wrong, BINS);
        assert_eq!(calibration.expected_error, 1.0);
        assert_eq!((calibration.brier, calibration.mean_loss), (2.0, 900.0));
    }

    #[test]
    fn a_confidence_on_an_edge_is_in_the_bin_below() {
        let half = Predictions::new(2, vec![1.0, 1.0], vec![0]).unwrap();
        let bins = Calibration::new(&half, 4).bins;
        let pictures: Vec<usize> = bins.iter().map(|bin| bin.pictures).collect();
        assert_eq!(pictures, [0, 1, 0, 0]);
        assert_eq!((bins[1].above, bins[1].up_to), (0.25, 0.5));
        assert_eq!((bins[1].gap(), bins[2].gap()), (Some(0.5), None));
        assert_eq!(
            (bin_of(0.2, 15), bin_of(0.0, 15), bin_of(1.0, 15)),
            (2, 0, 14)
        );
    }
}
