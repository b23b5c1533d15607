use rand::{Rng, RngExt};

/// Samples of the bootstrap; the interval's ends are their 2.5th and 97.5th percentile.
const SAMPLES: usize = 1000;
const TAIL: f64 = 0.025;

/// A mean, and the range it would be in for other pictures of the same kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean of the values.
    pub mean: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Number of values.
    pub count: usize,
}

impl Interval {
    /// The mean of `values` with the percentile bootstrap of Efron, 1979; `None` of no values.
    pub fn of(values: &[f64], random: &mut impl Rng) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let mean_of = |values: &mut dyn Iterator<Item = f64>, count: usize| {
            values.sum::<f64>() / count as f64
        };
        let count = values.len();
        let mut means: Vec<f64> = (0..SAMPLES)
            .map(|_| {
                mean_of(
                    &mut (0..count).map(|_| values[random.random_range(0..count)]),
                    count,
                )
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[((SAMPLES - 1) as f64 * share).round() as usize];
        Some(Self {
            mean: mean_of(&mut values.iter().copied(), count),
            low: at(TAIL),
            high: at(1.0 - TAIL),
            count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn generator() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    #[test]
    fn the_interval_of_a_fair_coin_is_that_of_the_normal_approximation() {
        let values: Vec<f64> = (0..400).map(|toss| f64::from(toss % 2)).collect();
        let found = Interval::of(&values, &mut generator()).unwrap();
        assert_eq!((found.mean, found.count), (0.5, 400));
        // 1.96 · 0.5 / √400 = 0.049; 1000 samples place its ends within about a tenth of that.
        assert!(
            (found.low - 0.451).abs() < 0.008 && (found.high - 0.549).abs() < 0.008,
            "{found:?}"
        );
        assert_eq!(Some(found), Interval::of(&values, &mut generator()));
    }

    #[test]
    fn there_is_no_mean_of_nothing() {
        assert_eq!(Interval::of(&[], &mut generator()), None);
    }
}
