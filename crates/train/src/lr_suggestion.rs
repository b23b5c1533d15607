//! The learning rates that a search suggests.
//!
//! fastai 1.0.30 draws the curve and leaves the choice to the reader; `Recorder.plot(suggestion=True)` of its later versions
//! suggests these two, on the part of the curve that is drawn.

use crate::lr_find::Tried;

/// Steps at the beginning that are not drawn: their smoothed loss is still that of few batches (fastai's `skip_start`).
const SKIPPED_AT_THE_START: usize = 10;
/// Steps at the end that are not drawn: an exploding loss would hide the rest (fastai's `skip_end`).
const SKIPPED_AT_THE_END: usize = 5;
/// Ratio of the two suggestions from which on they are doubtful.
const FAR_APART: f64 = 100.0;
/// Fewest points that have a slope.
const FEWEST: usize = 2;

/// Two rates to begin with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suggestion {
    /// The step at which the smoothed loss falls steepest over the logarithm of the rate.
    pub steepest: Tried,
    /// The step with the least smoothed loss.
    pub minimum: Tried,
}

impl Suggestion {
    /// A tenth of the rate with the least smoothed loss.
    pub fn tenth_of_minimum(&self) -> f64 {
        self.minimum.learning_rate / 10.0
    }

    /// True if both rates cannot be right: the curve is noisy or flat, and its steepest place is one of chance.
    pub fn is_doubtful(&self) -> bool {
        let ratio = self.steepest.learning_rate / self.tenth_of_minimum();
        !(1.0 / FAR_APART..=FAR_APART).contains(&ratio)
    }
}

/// A curve that suggests nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuggestion {
    /// It is too short.
    #[error(
        "no suggestion: the search ended after {0} steps, too few for a slope; check data, normalisation and weights"
    )]
    TooShort(usize),
    /// Its loss never falls.
    #[error(
        "no suggestion: the smoothed loss falls at no rate; the network may be trained already, or cannot learn from these \
         batches"
    )]
    NeverFalls,
}

/// The steps that are drawn: all but the first ten and the last five, if any are left.
pub fn drawn(tried: &[Tried]) -> &[Tried] {
    let end = tried.len().saturating_sub(SKIPPED_AT_THE_END);
    match tried.get(SKIPPED_AT_THE_START..end) {
        Some(drawn) if drawn.len() >= FEWEST => drawn,
        _ => tried,
    }
}

/// Reads the drawn part of `tried`.
///
/// # Errors
/// It is too short or never falls.
pub fn suggest(tried: &[Tried]) -> Result<Suggestion, NoSuggestion> {
    let drawn = drawn(tried);
    if drawn.len() == tried.len() {
        return Err(NoSuggestion::TooShort(tried.len()));
    }
    let losses: Vec<f64> = drawn.iter().map(|step| step.smoothed_loss.into()).collect();
    let slopes = slopes(&losses);
    let steepest = least(&slopes);
    if slopes[steepest] >= 0.0 {
        return Err(NoSuggestion::NeverFalls);
    }
    Ok(Suggestion {
        steepest: drawn[steepest],
        minimum: drawn[least(&losses)],
    })
}

/// Differences per step, central but at the ends: `numpy.gradient` of two values or more.
fn slopes(values: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let slope = |at: usize| {
        let (left, right) = (at.saturating_sub(1), (at + 1).min(last));
        (values[right] - values[left]) / (right - left) as f64
    };
    (0..=last).map(slope).collect()
}

/// Index of the least value, the first of several.
fn least(values: &[f64]) -> usize {
    let better = |best: usize, at: usize| if values[at] < values[best] { at } else { best };
    (0..values.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(losses: impl IntoIterator<Item = f32>) -> Vec<Tried> {
        let steps = losses.into_iter().enumerate();
        let tried = |(index, loss)| Tried {
            learning_rate: 10f64.powi(index as i32),
            loss,
            smoothed_loss: loss,
        };
        steps.map(tried).collect()
    }

    #[test]
    fn a_slope_is_that_of_the_neighbours_and_at_the_ends_of_one() {
        assert_eq!(slopes(&[1.0, 2.0, 4.0, 7.0]), [1.0, 1.5, 2.5, 3.0]);
        assert_eq!(slopes(&[3.0, 1.0]), [-2.0, -2.0]);
    }

    #[test]
    fn what_is_not_drawn_is_not_suggested() {
        let mut losses = vec![9.0, 0.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0];
        losses.extend([5.0, 4.9, 3.0, 2.8, 2.9]);
        losses.extend([3.0, 4.0, 0.5, 0.1, 0.0]);
        let suggestion = suggest(&curve(losses)).unwrap();
        assert_eq!(suggestion.steepest.learning_rate, 1e12);
        assert_eq!(suggestion.minimum.learning_rate, 1e13);
        assert_eq!(suggestion.tenth_of_minimum(), 1e12);
        assert!(!suggestion.is_doubtful());
    }

    /// A drop by chance at the beginning is steeper than all that is learnt later.
    #[test]
    fn suggestions_that_are_far_apart_are_doubtful() {
        let mut losses = vec![5.0; 20];
        losses.extend((0..30).map(|step| 4.0 - 0.1 * step as f32));
        losses.extend([9.0; 5]);
        assert!(suggest(&curve(losses)).unwrap().is_doubtful());
    }

    #[test]
    fn a_curve_that_is_short_or_rises_suggests_nothing() {
        for length in [0, 1, 2, 16] {
            let short = curve((0..length).map(|step| -(step as f32)));
            assert_eq!(suggest(&short), Err(NoSuggestion::TooShort(length)));
            assert_eq!(drawn(&short).len(), length);
        }
        let rising = curve((0..40).map(|step| step as f32));
        assert_eq!(suggest(&rising), Err(NoSuggestion::NeverFalls));
    }
}
