//! Figures of one map, spread over the pixels of the frame that the network saw; its size is [width, height].

use cam::argmax;

/// The Gaussian baseline's standard deviation along each side of the frame, as a part of it.
const GAUSSIAN_WIDTH: f64 = 0.25;

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

/// The baseline that says nothing: the same everywhere.
pub(crate) fn uniform([width, height]: [usize; 2]) -> Vec<f64> {
    vec![1.0; width * height]
}

/// The baseline that knows where photographers put animals: a Gaussian around the middle, of a quarter of each
/// side.
pub(crate) fn gaussian([width, height]: [usize; 2]) -> Vec<f64> {
    let distance =
        |index: usize, side: usize| ((index as f64 + 0.5) / side as f64 - 0.5) / GAUSSIAN_WIDTH;
    let value = |index: usize| {
        let (x, y) = (
            distance(index % width, width),
            distance(index / width, height),
        );
        (-0.5 * (x.powi(2) + y.powi(2))).exp()
    };
    (0..width * height).map(value).collect()
}

/// Pearson's correlation of two maps of equally many values; `None` where one of the two is the same everywhere.
pub fn correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    let mean =
        |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - mean_a, f64::from(*b) - mean_b);
        product += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    let scale = (square_a * square_b).sqrt();
    (scale > 0.0).then(|| product / scale)
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
    fn a_uniform_map_has_the_animals_share_of_the_frame_and_a_gaussian_its_peak_in_the_middle() {
        let inside: Vec<Option<bool>> = (0..16).map(|index| Some(index < 4)).collect();
        assert_eq!(energy_share(&uniform([4, 4]), &inside), Some(0.25));
        assert_eq!(strongest(&gaussian([9, 5]), [9, 5]), [4.0, 2.0]);
    }

    #[test]
    fn correlation_is_one_with_itself_and_none_with_a_level_map() {
        let map = [1.0, 2.0, 4.0];
        assert!((correlation(&map, &map.map(|v| 3.0 * v + 1.0)).unwrap() - 1.0).abs() < 1e-12);
        assert!((correlation(&map, &map.map(|v| -v)).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&map, &[2.0; 3]), None);
    }
}
