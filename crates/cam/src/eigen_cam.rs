use crate::{asked::Asked, feature_map::FeatureMap, heat_map::HeatMap, method::Method};

/// Power iteration ends when no component moves by more than this, the rounding of f64 times a few dozen positions.
const STILL: f64 = 1e-14;
/// And at the latest after so many steps. Each one shrinks what is wrong by the ratio of the two largest eigenvalues.
const STEPS: usize = 10_000;

/// Eigen-CAM: `O v`, where `O` is A as a matrix of hw positions × C channels (not centred) and v its first right singular
/// vector; the sign is that of a map with a sum of at least 0. Class-blind.
///
/// Muhammad, Yeasin: *Eigen-CAM: Class Activation Map using Principal Components*, 2020, arXiv:2008.00299.
///
/// `O v = σ u` with u the first left singular vector: the first eigenvector of `O Oᵀ`, a matrix of hw × hw, which is much
/// smaller than C × C for the networks of this program.
#[derive(Debug, Clone, Copy)]
pub struct EigenCam;

impl Method for EigenCam {
    fn name(&self) -> &'static str {
        "eigen-cam"
    }

    fn title(&self) -> &'static str {
        "Eigen-CAM"
    }

    fn is_class_specific(&self) -> bool {
        false
    }

    fn map(&self, asked: &dyn Asked) -> HeatMap {
        let features = asked.features();
        let matrix = products_of_positions(features);
        let (eigenvalue, direction) = first_eigenvector(&matrix, features.positions());
        let sign = if direction.iter().sum::<f64>() < 0.0 {
            -1.0
        } else {
            1.0
        };
        let scale = sign * eigenvalue.max(0.0).sqrt();
        features.heat_map(direction.into_iter().map(|value| scale * value).collect())
    }
}

/// `O Oᵀ`, row by row.
fn products_of_positions(features: &FeatureMap) -> Vec<f64> {
    let count = features.positions();
    let mut matrix = vec![0.0; count * count];
    for channel in features.channels() {
        for (row, value) in matrix.chunks_exact_mut(count).zip(channel) {
            let value = f64::from(*value);
            for (sum, other) in row.iter_mut().zip(channel) {
                *sum += value * f64::from(*other);
            }
        }
    }
    matrix
}

/// The largest eigenvalue of a symmetric matrix without negative ones, and its unit eigenvector, by power iteration from
/// the row sums: not orthogonal to the eigenvector sought, whose components all have one sign if A has none below 0.
fn first_eigenvector(matrix: &[f64], count: usize) -> (f64, Vec<f64>) {
    let mut direction: Vec<f64> = matrix
        .chunks_exact(count)
        .map(|row| row.iter().sum())
        .collect();
    let mut eigenvalue = normalise(&mut direction);
    for _ in 0..STEPS {
        let mut next: Vec<f64> = matrix
            .chunks_exact(count)
            .map(|row| row.iter().zip(&direction).map(|(a, b)| a * b).sum())
            .collect();
        eigenvalue = normalise(&mut next);
        let moved = next
            .iter()
            .zip(&direction)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        direction = next;
        if moved <= STILL {
            break;
        }
    }
    (eigenvalue, direction)
}

/// Scales to length 1, unless there is none; returns the length before.
fn normalise(vector: &mut [f64]) -> f64 {
    let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    fn map(channels: usize, values: &[f32]) -> Vec<f32> {
        EigenCam.map(&Given::rows(channels, values, values)).values
    }

    #[test]
    fn a_matrix_of_rank_one_is_its_only_pattern() {
        // O = [1, 2, 3]ᵀ · [3, 4]: v = [0.6, 0.8], O v = 5 · [1, 2, 3].
        let found = map(2, &[3.0, 6.0, 9.0, 4.0, 8.0, 12.0]);
        for (found, expected) in found.iter().zip([5.0, 10.0, 15.0]) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{found} instead of {expected}"
            );
        }
    }

    #[test]
    fn nothing_active_is_a_map_of_zeros() {
        assert_eq!(map(2, &[0.0; 6]), [0.0; 3]);
    }
}
