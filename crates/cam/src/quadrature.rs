//! Integrals from 0 to 1 as sums.

use std::f64::consts::PI;

/// Newton's steps end long before: each doubles the digits.
const MOST_STEPS: usize = 50;

/// Place in 0..1 and weight of each of the `count` points of the Gauss-Legendre rule, from 1 down to 0: exact for polynomials up to
/// degree `2 count − 1`. The weights add up to 1.
///
/// The places are the roots of Legendre's polynomial `P_n`, found by Newton's method from `cos(π (i + 3/4) / (n + 1/2))`; the weight
/// of a root x in −1..1 is `2 / ((1 − x²) P_n'(x)²)` (Abramowitz, Stegun: *Handbook of Mathematical Functions*, 25.4.29).
pub(crate) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let point = |index: usize| {
        let mut x = (PI * (index as f64 + 0.75) / (count as f64 + 0.5)).cos();
        for _ in 0..MOST_STEPS {
            let (value, slope) = legendre(count, x);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let (_, slope) = legendre(count, x);
        // Half of both, since 0..1 is half as long as −1..1.
        ((1.0 + x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(point).collect()
}

/// `P_n(x)` and its derivative, for `n ≥ 1` and `|x| < 1`.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        let next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;
        (before, value) = (value, next);
    }
    let slope = n as f64 * (x * value - before) / (x * x - 1.0);
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_polynomial_is_integrated_exactly(count in 1usize..80, degree in 0usize..160) {
            prop_assume!(degree < 2 * count);
            let sum: f64 = gauss_legendre(count)
                .iter()
                .map(|(place, weight)| weight * place.powi(degree as i32))
                .sum();
            let expected = 1.0 / (degree as f64 + 1.0);
            prop_assert!((sum - expected).abs() < 1e-13, "{sum} instead of {expected}");
        }
    }

    #[test]
    fn two_points_lie_where_the_books_say() {
        let root = 1.0 / 3.0f64.sqrt();
        let expected = [((1.0 + root) / 2.0, 0.5), ((1.0 - root) / 2.0, 0.5)];
        for (found, expected) in gauss_legendre(2).iter().zip(expected) {
            assert!((found.0 - expected.0).abs() < 1e-15 && (found.1 - expected.1).abs() < 1e-15);
        }
    }
}
