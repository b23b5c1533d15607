//! The leading eigenvector of a symmetric operator, by the method of Lanczos (1950) with full reorthogonalisation: Golub,
//! Van Loan, *Matrix Computations*, 4th edition, chapter 10.

/// Converged is what leaves a residual of at most this part of the eigenvalue: the rounding of f64 in sums of a few dozen
/// terms.
const CONVERGED: f64 = 1e-14;

/// The unit eigenvector of the largest eigenvalue of a symmetric operator without negative ones. Where several have nearly
/// the same eigenvalue, it is the one in whose direction `start` points, which must not be orthogonal to all of them.
///
/// Zeros if `start` is zero. `apply` is called at most as often as `start` has components, and about as often as the
/// logarithm of the accuracy asks over the root of the gap to the next eigenvalue: a dozen times for most feature maps.
pub(crate) fn leading_eigenvector(start: Vec<f64>, apply: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let dimensions = start.len();
    let mut basis = vec![start];
    if scale_to_one(&mut basis[0]) == 0.0 {
        return basis.swap_remove(0);
    }
    let mut projected = Tridiagonal::default();
    loop {
        let last = &basis[basis.len() - 1];
        let mut next = apply(last);
        projected.diagonal.push(dot(&next, last));
        // Once is not enough: what is left after the first time may be mostly rounding.
        orthogonalise(&mut next, &basis);
        orthogonalise(&mut next, &basis);
        let rest = scale_to_one(&mut next);
        let (eigenvalue, coordinates) = projected.leading_pair();
        let residual = rest * coordinates[coordinates.len() - 1].abs();
        // A NaN residual ends the loop too.
        let goes_on = residual > CONVERGED * eigenvalue && basis.len() < dimensions;
        if !goes_on {
            return combination(&basis, &coordinates);
        }
        projected.beside.push(rest);
        basis.push(next);
    }
}

/// A symmetric matrix with values on the diagonal and beside it only, those beside it positive.
#[derive(Default)]
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// One fewer.
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// The largest eigenvalue and its unit eigenvector, whose components are positive as the values beside the diagonal
    /// are.
    fn leading_pair(&self) -> (f64, Vec<f64>) {
        let eigenvalue = above(self.bound());
        let mut vector = vec![1.0; self.diagonal.len()];
        // Inverse iteration: the first step already scales up the eigenvector by about 1e15 against the others.
        for _ in 0..2 {
            self.solve(eigenvalue, &mut vector);
            scale_to_one(&mut vector);
        }
        (eigenvalue, vector)
    }

    /// The largest eigenvalue, by bisection to the last bit.
    fn bound(&self) -> f64 {
        let before = [0.0].iter().chain(&self.beside);
        let behind = self.beside.iter().chain(&[0.0]);
        let reach = self
            .diagonal
            .iter()
            .zip(before.zip(behind))
            .map(|(value, (before, behind))| value + before + behind);
        // The eigenvalue is at least the largest value on the diagonal, and at most its circle reaches (Gershgorin).
        let mut low = self.diagonal.iter().copied().fold(0.0, f64::max);
        let mut high = above(reach.fold(low, f64::max));
        loop {
            let middle = low + (high - low) / 2.0;
            // Also where one of them is NaN.
            if !(low < middle && middle < high) {
                return high;
            }
            if self.pivots(middle).all(|pivot| pivot > 0.0) {
                high = middle;
            } else {
                low = middle;
            }
        }
    }

    /// The pivots of `shift · I - T`; all are positive if and only if `shift` is above all eigenvalues.
    fn pivots(&self, shift: f64) -> impl Iterator<Item = f64> {
        let before = [0.0].iter().chain(&self.beside);
        let rows = self.diagonal.iter().zip(before);
        rows.scan(1.0, move |pivot, (value, before)| {
            *pivot = shift - value - before * before / *pivot;
            Some(*pivot)
        })
    }

    /// Solves `(shift · I - T) x = vector` in place, for a `shift` above all eigenvalues.
    fn solve(&self, shift: f64, vector: &mut [f64]) {
        let pivots: Vec<f64> = self.pivots(shift).collect();
        for (index, beside) in self.beside.iter().enumerate() {
            vector[index + 1] += beside / pivots[index] * vector[index];
        }
        for index in (0..vector.len()).rev() {
            let behind = self
                .beside
                .get(index)
                .map_or(0.0, |beside| beside * vector[index + 1]);
            vector[index] = (vector[index] + behind) / pivots[index];
        }
    }
}

/// A number a little above `value`, which is not negative.
fn above(value: f64) -> f64 {
    value * (1.0 + 4.0 * f64::EPSILON) + f64::MIN_POSITIVE
}

/// Takes the directions of `basis` out of `vector`.
fn orthogonalise(vector: &mut [f64], basis: &[Vec<f64>]) {
    for direction in basis {
        let share = dot(vector, direction);
        for (value, along) in vector.iter_mut().zip(direction) {
            *value -= share * along;
        }
    }
}

/// `Σ_i coordinate_i basis_i`.
fn combination(basis: &[Vec<f64>], coordinates: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; basis[0].len()];
    for (direction, coordinate) in basis.iter().zip(coordinates) {
        for (sum, along) in sum.iter_mut().zip(direction) {
            *sum += coordinate * along;
        }
    }
    sum
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Scales to length 1, unless there is none; returns the length before.
fn scale_to_one(vector: &mut [f64]) -> f64 {
    let largest = vector.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    vector.iter_mut().for_each(|value| *value /= largest);
    let length = dot(vector, vector).sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    largest * length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `Q diag(eigenvalues) Q` with the reflection `Q = I - 2 a aᵀ / aᵀa`, whose columns are the eigenvectors.
    fn operator(eigenvalues: &[f64], axis: &[f64]) -> impl Fn(&[f64]) -> Vec<f64> {
        let reflect = move |vector: &[f64]| -> Vec<f64> {
            let share = 2.0 * dot(vector, axis) / dot(axis, axis);
            vector
                .iter()
                .zip(axis)
                .map(|(v, a)| v - share * a)
                .collect()
        };
        move |vector| {
            let scaled: Vec<f64> = reflect(vector)
                .iter()
                .zip(eigenvalues)
                .map(|(v, e)| v * e)
                .collect();
            reflect(&scaled)
        }
    }

    proptest! {
        #[test]
        fn the_eigenvector_of_the_largest_eigenvalue_is_found_however_near_the_others_are(
            others in prop::collection::vec(0.0f64..1.0, 0..40),
            gap in prop::sample::select(vec![1.0, 1e-2, 1e-4, 1e-6]),
            seed in 0.1f64..1.0,
        ) {
            let mut eigenvalues = vec![1.0 + gap];
            eigenvalues.extend(&others);
            let count = eigenvalues.len();
            let axis: Vec<f64> = (0..count).map(|i| (seed * (i * i + 1) as f64).sin() + 1.1).collect();
            let found = leading_eigenvector(vec![1.0; count], operator(&eigenvalues, &axis));
            // The first column of the reflection.
            let share = 2.0 * axis[0] / dot(&axis, &axis);
            let expected: Vec<f64> = (0..count).map(|i| f64::from(u8::from(i == 0)) - share * axis[i]).collect();
            let sign = dot(&found, &expected).signum();
            for (found, expected) in found.iter().zip(&expected) {
                // The residual over the gap, and some rounding.
                prop_assert!((sign * found - expected).abs() < 1e-12 / gap, "{found} instead of {expected}");
            }
        }
    }

    #[test]
    fn of_equal_eigenvalues_the_direction_of_the_start_decides() {
        let found =
            leading_eigenvector(vec![3.0, 4.0, 1.0], |v| vec![2.0 * v[0], 2.0 * v[1], v[2]]);
        for (found, expected) in found.iter().zip([0.6, 0.8, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn what_is_no_number_and_what_is_nothing_end() {
        assert!(leading_eigenvector(vec![1.0; 50], |v| vec![f64::NAN; v.len()])[0].is_nan());
        assert_eq!(leading_eigenvector(vec![0.0; 2], <[f64]>::to_vec), [0.0; 2]);
        let found = leading_eigenvector(vec![1.0; 4], |v| vec![0.0; v.len()]);
        assert_eq!(found, [0.5; 4]);
    }
}
