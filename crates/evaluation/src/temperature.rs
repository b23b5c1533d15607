use crate::predictions::{Predictions, cross_entropy, softmax};

/// Halvings of the interval that holds the minimum, whose ends differ by a factor of two: the temperature's relative error is
/// below 2⁻⁴⁰, about 1e-12.
const HALVINGS: usize = 40;

/// The temperature T at which the mean loss of `logits / T` is smallest.
///
/// Source: Guo et al. 2017, arXiv:1706.04599, section 4.2. With β = 1/T, the mean loss `L(β) = mean(ln Σ_k exp(β z_k) − β
/// z_true)` is convex: its slope is `L′(β) = mean(E_β[z] − z_true)`, where E_β is the mean under the softmax of βz, and its
/// curvature is the mean variance of z under it. So L′ never falls, and a minimum lies where it crosses 0. From β = 0, where
/// E is the plain mean, to β → ∞, where E is the largest logit, four things can happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Temperature {
    /// L′ is below 0 at first and above at last: there is one minimum, at this T, which is greater than 0.
    Minimum(f64),
    /// L′ stays below 0: of every picture the true class has the largest logit, and the loss falls as T goes to 0. No finite
    /// temperature is best; too few pictures are wrong to say anything.
    TowardsZero,
    /// L′ is nowhere below 0: logits of true classes are on average no larger than a picture's mean logit, and the loss falls
    /// as T grows. The network knows less than nothing of these pictures.
    TowardsInfinity,
    /// All logits of each picture are equal: T changes nothing.
    Any,
}

impl Temperature {
    /// The temperature that minimises the mean loss.
    ///
    /// β is doubled or halved from 1 until L′ changes its sign, which it does because its limits have different signs, and the
    /// interval is then halved (bisection).
    pub fn of(predictions: &Predictions) -> Self {
        let mean_over = |figure: &dyn Fn(usize) -> f64| {
            let sum: f64 = (0..predictions.pictures()).map(figure).sum();
            sum / predictions.pictures() as f64
        };
        let is_flat = |picture: usize| {
            let logits = predictions.logits(picture);
            logits.iter().all(|logit| *logit == logits[0])
        };
        if (0..predictions.pictures()).all(is_flat) {
            return Self::Any;
        }
        let slope = |beta: f64| mean_over(&|picture| slope(predictions, picture, beta));
        if slope(0.0) >= 0.0 {
            return Self::TowardsInfinity;
        }
        if (0..predictions.pictures()).all(|picture| lead(predictions, picture) == 0.0) {
            return Self::TowardsZero;
        }
        Self::Minimum(1.0 / root(slope))
    }
}

/// The mean loss of `logits / temperature`.
///
/// Which class has the largest logit does not change, hence no figure but those of calibration and loss does.
pub fn mean_loss_at(predictions: &Predictions, temperature: f64) -> f64 {
    let loss = |(picture, class): (usize, &usize)| {
        cross_entropy(predictions.logits(picture), *class, 1.0 / temperature)
    };
    let losses = predictions.truth().iter().enumerate().map(loss);
    losses.sum::<f64>() / predictions.pictures() as f64
}

/// Where a function that never falls, and is below 0 near 0 and above 0 at last, crosses 0.
fn root(slope: impl Fn(f64) -> f64) -> f64 {
    let mut high = 1.0;
    if slope(high) > 0.0 {
        while slope(high / 2.0) > 0.0 {
            high /= 2.0;
        }
    } else {
        while slope(high) <= 0.0 {
            high *= 2.0;
        }
    }
    let mut low = high / 2.0;
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if slope(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    (low + high) / 2.0
}

/// `E_β[z] − z_true` of one picture. Logits count from the largest, so that large ones lose no digits.
fn slope(predictions: &Predictions, picture: usize, beta: f64) -> f64 {
    let logits = predictions.logits(picture);
    let largest = f64::from(logits[predictions.said(picture)]);
    let weights = softmax(logits, beta);
    let below = logits.iter().zip(weights);
    let mean: f64 = below
        .map(|(logit, weight)| weight * (f64::from(*logit) - largest))
        .sum();
    mean + lead(predictions, picture)
}

/// The largest logit less that of the true class.
fn lead(predictions: &Predictions, picture: usize) -> f64 {
    let logits = predictions.logits(picture);
    f64::from(logits[predictions.said(picture)]) - f64::from(logits[predictions.truth()[picture]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn predictions(logits: &[[f32; 2]], truth: &[usize]) -> Predictions {
        Predictions::new(2, logits.concat(), truth.to_vec()).unwrap()
    }

    #[test]
    fn who_is_as_sure_as_three_of_four_has_the_temperature_that_says_so() {
        // Three of four are right: the best probability is 3/4, of logits that differ by ln 3.
        let logits = [[0.0, 5.0]; 4];
        let found = Temperature::of(&predictions(&logits, &[1, 1, 1, 0]));
        let Temperature::Minimum(temperature) = found else {
            panic!("{found:?}");
        };
        assert!(
            (temperature - 5.0 / 3f64.ln()).abs() < 1e-11,
            "{temperature}"
        );
    }

    #[test]
    fn what_is_all_right_has_no_finite_minimum() {
        let right = predictions(&[[0.0, 1.0], [3.0, 1.0]], &[1, 0]);
        assert_eq!(Temperature::of(&right), Temperature::TowardsZero);
        // A tie is as right as can be, too: its loss stays ln 2 for every temperature.
        let tie = predictions(&[[0.0, 1.0], [1.0, 1.0]], &[1, 1]);
        assert_eq!(Temperature::of(&tie), Temperature::TowardsZero);
    }

    #[test]
    fn what_is_half_wrong_has_no_finite_minimum_either() {
        let half = predictions(&[[0.0, 1.0], [0.0, 1.0]], &[0, 1]);
        assert_eq!(Temperature::of(&half), Temperature::TowardsInfinity);
        let flat = predictions(&[[1.0, 1.0]], &[0]);
        assert_eq!(Temperature::of(&flat), Temperature::Any);
    }

    #[test]
    fn logits_of_any_size_have_a_temperature() {
        for size in [f32::MIN_POSITIVE, 1e-30, 1e30, f32::MAX] {
            let logits = [[0.0, size]; 4];
            let found = Temperature::of(&predictions(&logits, &[1, 1, 1, 0]));
            let expected = f64::from(size) / 3f64.ln();
            let Temperature::Minimum(temperature) = found else {
                panic!("{found:?}");
            };
            assert!(
                (temperature / expected - 1.0).abs() < 1e-11,
                "{temperature}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_other_temperature_has_a_smaller_loss(
            logits in proptest::collection::vec(-9f32..9.0, 60),
            truth in proptest::collection::vec(0usize..3, 20),
            other in 0.05f64..20.0,
        ) {
            let predictions = Predictions::new(3, logits, truth).unwrap();
            if let Temperature::Minimum(temperature) = Temperature::of(&predictions) {
                let best = mean_loss_at(&predictions, temperature);
                prop_assert!(best <= mean_loss_at(&predictions, other) + 1e-12);
                prop_assert!(best <= mean_loss_at(&predictions, 1.0) + 1e-12);
            }
        }
    }
}
