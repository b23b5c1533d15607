//! Figures of one map, spread over the pixels of the frame that the network saw; its size is [width, height].

use cam::{argmax, correlation};

/// The share of `energy` (none below 0) that lies inside: of the pixels that are inside (`Some(true)`) or outside
/// (`Some(false)`); the others are ignored. `None` if there is no energy on either.
pub(crate) fn energy_share(energy: &[f64], inside: &[Option<bool>]) -> Option<f64> {
    let (mut within, mut all) = (0.0, 0.0);
    for (energy, inside) in energy.iter().zip(inside) {
        if let Some(inside) = inside {
            all += energy;
            within += if *inside { *energy } else { 0.0 };
        }
    }
    (all > 0.0).then(|| within / all)
}

/// Column and row of the first of the largest values.
pub(crate) fn strongest(energy: &[f64], [width, _]: [usize; 2]) -> [f64; 2] {
    let index = argmax(energy);
    [(index % width) as f64, (index / width) as f64]
}

/// Spearman's correlation of two maps: Pearson's of the ranks of their values, equal values sharing the mean of theirs.
pub fn rank_correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    correlation(&ranks(a), &ranks(b))
}

fn ranks(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = first as f32 + (equal.len() - 1) as f32 / 2.0;
        equal.iter().for_each(|index| ranks[*index] = rank);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_are_neither_do_not_count() {
        let inside = [Some(true), Some(false), None, Some(false)];
        assert_eq!(energy_share(&[3.0, 1.0, 100.0, 0.0], &inside), Some(0.75));
        assert_eq!(energy_share(&[0.0, 0.0, 100.0, 0.0], &inside), None);
    }

    #[test]
    fn correlation_is_one_with_itself_and_none_with_a_level_map() {
        let map = [1.0, 2.0, 4.0];
        assert!((correlation(&map, &map.map(|v| 3.0 * v + 1.0)).unwrap() - 1.0).abs() < 1e-12);
        assert!((correlation(&map, &map.map(|v| -v)).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&map, &[2.0; 3]), None);
    }

    #[test]
    fn rank_correlation_sees_order_alone_and_equal_values_share_a_rank() {
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-6;
        assert!(close(
            rank_correlation(&[1.0, 2.0, 900.0], &[-5.0, 0.0, 0.5]),
            1.0
        ));
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -2.0]), [2.5, 1.0, 2.5, 0.0]);
        // scipy.stats.spearmanr([1, 2, 2, 4], [4, 1, 3, 2])
        assert!(close(
            rank_correlation(&[1.0, 2.0, 2.0, 4.0], &[4.0, 1.0, 3.0, 2.0]),
            -0.632_455_53
        ));
        assert_eq!(rank_correlation(&[1.0, 2.0], &[1.0, 1.0]), None);
    }
}
