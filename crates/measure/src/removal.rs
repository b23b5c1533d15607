//! Deletion and insertion: what happens to the class's probability when the pixels that a map calls important are taken away,
//! or put back first (RISE: Petsiuk, Das and Saenko 2018, arXiv:1806.07421).

use rand::{Rng, seq::SliceRandom};

/// Steps of a curve; it has one more point than steps.
pub const STEPS: usize = 10;

/// The blur's standard deviation, as a part of the frame's short side.
const BLUR: f64 = 0.05;

/// Pixels of the frame in the order in which `map` calls them important, the most important first. Equal ones are in random
/// order, so that a level map says nothing.
pub fn ranking(map: &[f64], random: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..map.len()).collect();
    order.shuffle(random);
    order.sort_by(|a, b| map[*b].total_cmp(&map[*a]));
    order
}

/// The frame as it is, then with more and more pixels of `filler` in place of its own, the first of `ranking` first, until it
/// is `filler`: [`STEPS`] + 1 frames. Both are `[C, height, width]`; a pixel is replaced in all planes.
pub fn replaced<'a>(
    frame: &'a [f32],
    filler: &'a [f32],
    ranking: &'a [usize],
) -> impl Iterator<Item = Vec<f32>> + 'a {
    let pixels = ranking.len();
    (0..=STEPS).map(move |step| {
        let mut values = frame.to_vec();
        for pixel in &ranking[..pixels * step / STEPS] {
            for index in (*pixel..frame.len()).step_by(pixels) {
                values[index] = filler[index];
            }
        }
        values
    })
}

/// The area under a curve whose points are evenly spaced over 0..1, by the trapezoidal rule; 0 of a single point or none.
pub fn area(points: &[f64]) -> f64 {
    let between: f64 = points.windows(2).map(|two| (two[0] + two[1]) / 2.0).sum();
    between / points.len().saturating_sub(1).max(1) as f64
}

/// The frame `[C, height, width]` through a Gaussian whose standard deviation is a twentieth of the short side, cut off after
/// three of them; beyond the border its pixels are repeated.
pub fn blurred(frame: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let deviation = BLUR * width.min(height) as f64;
    let reach = (3.0 * deviation + 0.5) as isize;
    let weight = |distance: isize| (-0.5 * (distance as f64 / deviation).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    let weights: Vec<f64> = (-reach..=reach).map(|d| weight(d) / sum).collect();
    let planes = frame.chunks_exact(width * height);
    planes
        .flat_map(|plane| {
            let down = along(plane, height, width, [width, 1], &weights);
            along(&down, width, height, [1, width], &weights)
        })
        .collect()
}

/// A plane through `weights` along lines of `length` values, `count` of them; `strides` are those along and between lines.
fn along(
    plane: &[f32],
    length: usize,
    count: usize,
    [step, next]: [usize; 2],
    weights: &[f64],
) -> Vec<f32> {
    let reach = (weights.len() / 2) as isize;
    let mut result = vec![0.0; plane.len()];
    for line in 0..count {
        for place in 0..length {
            let value = (-reach..=reach).zip(weights).map(|(distance, weight)| {
                let from = place.saturating_add_signed(distance).min(length - 1);
                weight * f64::from(plane[line * next + from * step])
            });
            result[line * next + place * step] = value.sum::<f64>() as f32;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use serde::Deserialize;
    use std::{fs, path::Path};

    fn generator() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    /// What a network sees that adds its pixels up with these weights.
    fn linear(weights: &[f64]) -> impl Fn(Vec<f32>) -> f64 {
        move |frame| {
            let terms = frame.iter().zip(weights).map(|(v, w)| f64::from(*v) * w);
            terms.sum()
        }
    }

    fn curve(map: &[f64], from: &[f32], to: &[f32], weights: &[f64]) -> Vec<f64> {
        let ranking = ranking(map, &mut generator());
        replaced(from, to, &ranking).map(linear(weights)).collect()
    }

    proptest! {
        #[test]
        fn deleting_nothing_changes_nothing_and_deleting_all_leaves_the_filler(
            map in prop::collection::vec(-1.0..1.0f64, 1..60)
        ) {
            let frame: Vec<f32> = (0..3 * map.len()).map(|index| index as f32).collect();
            let filler = vec![-1.0; frame.len()];
            let frames: Vec<_> = replaced(&frame, &filler, &ranking(&map, &mut generator())).collect();
            prop_assert_eq!(frames.len(), STEPS + 1);
            prop_assert_eq!(&frames[0], &frame);
            prop_assert_eq!(&frames[STEPS], &filler);
            let same: Vec<_> = replaced(&frame, &frame, &ranking(&map, &mut generator())).collect();
            prop_assert!(same.iter().all(|one| *one == frame));
        }

        #[test]
        fn the_truth_of_a_linear_network_is_better_than_its_reverse(
            weights in prop::collection::vec(-1.0..1.0f64, 20..60)
        ) {
            let (frame, nothing) = (vec![1.0; weights.len()], vec![0.0; weights.len()]);
            let reverse: Vec<f64> = weights.iter().map(|weight| -weight).collect();
            let deletion = |map: &[f64]| area(&curve(map, &frame, &nothing, &weights));
            let insertion = |map: &[f64]| area(&curve(map, &nothing, &frame, &weights));
            prop_assert!(deletion(&weights) < deletion(&reverse));
            prop_assert!(insertion(&weights) > insertion(&reverse));
        }
    }

    #[test]
    fn a_level_map_takes_pixels_away_in_an_order_of_its_seed() {
        let order = |seed| ranking(&[1.0; 50], &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_ne!(order(1), (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_area_of_a_level_curve_is_its_height_and_that_of_a_slope_half_of_it() {
        assert_eq!(area(&[0.25; 11]), 0.25);
        assert_eq!(area(&[1.0, 0.5, 0.0]), 0.5);
        assert_eq!(area(&[]), 0.0);
    }

    #[derive(Deserialize)]
    struct Reference {
        width: usize,
        height: usize,
        frame: Vec<f32>,
        map: Vec<f64>,
        weights: Vec<f64>,
        blurred: Vec<f32>,
        deletion: Vec<f64>,
        insertion: Vec<f64>,
        deletion_area: f64,
        insertion_area: f64,
    }

    #[test]
    fn curves_and_blur_are_those_of_the_definition_in_numpy_and_scipy() {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/measure/removal.json");
        let known: Reference = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-5;
        let blurred = blurred(&known.frame, [known.width, known.height]);
        for (found, expected) in blurred.iter().zip(&known.blurred) {
            assert!(
                close((*found).into(), (*expected).into()),
                "{found} {expected}"
            );
        }
        let probabilities = |from: &[f32], to: &[f32]| -> Vec<f64> {
            let scores = curve(&known.map, from, to, &known.weights).into_iter();
            scores.map(|score| 1.0 / (1.0 + (-score).exp())).collect()
        };
        let mean = vec![0.0; known.frame.len()];
        let deletion = probabilities(&known.frame, &mean);
        let insertion = probabilities(&blurred, &known.frame);
        let pairs = deletion.iter().zip(&known.deletion);
        for (found, expected) in pairs.chain(insertion.iter().zip(&known.insertion)) {
            assert!(close(*found, *expected), "{found} {expected}");
        }
        assert!(close(area(&deletion), known.deletion_area));
        assert!(close(area(&insertion), known.insertion_area));
    }
}
