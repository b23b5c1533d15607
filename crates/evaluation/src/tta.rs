use crate::predictions::{Predictions, log_softmax};

/// Weight of the plain square in [`average_views`]; fastai 1.0.30's `beta`.
pub const BETA: f64 = 0.4;

/// Why predictions are no views of the same pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Nothing to average over.
    #[error("there are no views to average over")]
    NoViews,
    /// Other pictures or classes.
    #[error("view {view} has other pictures, classes or true classes than the plain squares")]
    OtherPictures {
        /// The view's index.
        view: usize,
    },
}

/// Predictions averaged over views of the same pictures, test time augmentation (TTA): probabilities `β p_plain + (1 − β)
/// mean_v p_v` with β = [`BETA`], whose logarithms are the logits returned.
///
/// It is probabilities that are averaged, as in fastai 1.0.30 (`Learner.TTA`), not logits. (fastai's own loss of TTA
/// takes these probabilities for logits; the loss here is that of the probabilities.)
///
/// # Errors
/// No views, or one with other pictures or classes.
pub fn average_views(plain: &Predictions, views: &[Predictions]) -> Result<Predictions, ViewError> {
    if views.is_empty() {
        return Err(ViewError::NoViews);
    }
    let is_other =
        |view: &Predictions| view.classes() != plain.classes() || view.truth() != plain.truth();
    if let Some(view) = views.iter().position(is_other) {
        return Err(ViewError::OtherPictures { view });
    }
    let logits = (0..plain.pictures()).flat_map(|picture| {
        let views = views.iter().map(|view| log_softmax(view.logits(picture)));
        let views: Vec<Vec<f64>> = views.collect();
        let average = |(class, plain): (usize, f64)| {
            let weight = (1.0 - BETA) / views.len() as f64;
            let views = views.iter().map(|view| (weight, view[class]));
            log_sum(std::iter::once((BETA, plain)).chain(views))
        };
        let plain = log_softmax(plain.logits(picture)).into_iter();
        plain.enumerate().map(average).collect::<Vec<f32>>()
    });
    let averaged = Predictions::new(plain.classes(), logits.collect(), plain.truth().to_vec());
    Ok(averaged.expect("as many logits as before, all of them finite"))
}

/// `ln Σ w exp(l)` over terms (w, l), no lower than the lowest f32.
fn log_sum(terms: impl Iterator<Item = (f64, f64)> + Clone) -> f32 {
    let largest = terms
        .clone()
        .map(|(_, l)| l)
        .fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.map(|(weight, l)| weight * (l - largest).exp()).sum();
    (largest + sum.ln()).max(f64::from(f32::MIN)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(logits: &[f32], truth: &[usize]) -> Predictions {
        Predictions::new(2, logits.to_vec(), truth.to_vec()).unwrap()
    }

    #[test]
    fn probabilities_are_averaged_and_not_logits() {
        // Sure of the first class, undecided, undecided: 0.4 · 1 + 0.6 · 0.5.
        let plain = predictions(&[900.0, 0.0], &[0]);
        let undecided = predictions(&[0.0, 0.0], &[0]);
        let views = [undecided.clone(), undecided];
        let averaged = average_views(&plain, &views).unwrap();
        assert!((averaged.probabilities(0)[0] - 0.7).abs() < 1e-7);
    }

    #[test]
    fn what_nobody_holds_possible_stays_finite() {
        let sure = predictions(&[f32::MAX, f32::MIN], &[0]);
        let averaged = average_views(&sure, std::slice::from_ref(&sure)).unwrap();
        assert_eq!(averaged.logits(0), [0.0, f32::MIN]);
    }

    #[test]
    fn views_of_other_pictures_are_refused() {
        let plain = predictions(&[1.0, 0.0], &[0]);
        let other = predictions(&[1.0, 0.0], &[1]);
        assert_eq!(average_views(&plain, &[]), Err(ViewError::NoViews));
        let found = average_views(&plain, &[plain.clone(), other]);
        assert_eq!(found, Err(ViewError::OtherPictures { view: 1 }));
    }
}
