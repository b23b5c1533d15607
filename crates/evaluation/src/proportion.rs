/// The 97.5th percentile of the normal distribution: an interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A share of counted things, with Wilson's 95 % interval.
///
/// For `k` of `n`, `p = k/n` and `z = 1.96`: `(p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)`; E. B. Wilson, 1927,
/// <https://doi.org/10.1080/01621459.1927.10502953>. Unlike the interval around `p` it stays within 0 and 1 and does not
/// vanish at either.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// How many.
    pub count: usize,
    /// Of how many; at least one.
    pub of: usize,
    /// `count / of`.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Proportion {
    /// `count` of `of`; `None` of nothing, or if there are more than there are.
    pub fn new(count: usize, of: usize) -> Option<Self> {
        if of == 0 || count > of {
            return None;
        }
        let n = of as f64;
        let value = count as f64 / n;
        let middle = value + Z * Z / (2.0 * n);
        let half = Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        // Exactly 0 and 1 where nothing or everything was counted, which rounding would miss by 1e-17.
        let low = if count == 0 {
            0.0
        } else {
            (middle - half) / scale
        };
        let high = if count == of {
            1.0
        } else {
            (middle + half) / scale
        };
        Some(Self {
            count,
            of,
            value,
            low,
            high,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn there_is_no_share_of_nothing() {
        assert_eq!(Proportion::new(0, 0), None);
        assert_eq!(Proportion::new(2, 1), None);
    }

    #[test]
    fn no_errors_among_few_pictures_do_not_prove_that_there_are_none() {
        let none = Proportion::new(0, 10).unwrap();
        // z² / (n + z²)
        assert_eq!(none.low, 0.0);
        assert!((none.high - 0.277_532_799).abs() < 1e-8, "{none:?}");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share_and_mirrors_that_of_the_rest(of in 1usize..5000, part in 0f64..=1.0) {
            let count = (part * of as f64) as usize;
            let share = Proportion::new(count, of).unwrap();
            let rest = Proportion::new(of - count, of).unwrap();
            prop_assert!(0.0 <= share.low && share.low <= share.value);
            prop_assert!(share.value <= share.high && share.high <= 1.0);
            prop_assert!((share.low - (1.0 - rest.high)).abs() < 1e-12);
        }
    }
}
