//! The distribution of 20,000 draws against 20,000 draws of fastai 1.0.30 (`tests/fixtures/fastai/06_draws`).

use std::collections::BTreeMap;
use std::path::Path;

use pictures::transform::{Augmentation, Draws};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

const COUNT: usize = 20_000;

#[derive(Deserialize)]
struct Recorded {
    draws: usize,
    transforms: BTreeMap<String, Transform>,
}

#[derive(Deserialize)]
struct Transform {
    fraction_applied: f64,
    arguments: BTreeMap<String, [f64; 2]>,
    values: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
struct Values {
    histogram_20: Vec<usize>,
    histogram_range: [f64; 2],
}

/// The augmentation of the recorded draws.
fn recipe() -> Augmentation {
    Augmentation {
        max_rotate: 20.0,
        max_zoom: 1.3,
        max_lighting: 0.4,
        max_warp: 0.4,
        p_affine: 0.2,
        p_lighting: 0.2,
        ..Augmentation::default()
    }
}

fn recorded() -> Recorded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/fastai/06_draws/draws.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn draws() -> Vec<Draws> {
    let mut random = ChaCha8Rng::from_seed([11; 32]);
    (0..COUNT).map(|_| recipe().draw(&mut random)).collect()
}

/// Whether the transform of this name is applied, and all its values by name.
fn part(draws: &Draws, transform: &str) -> (bool, Vec<(String, f64)>) {
    let one = |name: &str, value| vec![(name.to_string(), value)];
    match transform {
        "symmetric_warp" => {
            let named = draws
                .warp
                .value
                .iter()
                .enumerate()
                .map(|(i, &m)| (format!("magnitude[{i}]"), m));
            (draws.warp.applies, named.collect())
        }
        "flip_affine" => (draws.flip.applies, vec![]),
        "rotate" => (draws.rotate.applies, one("degrees", draws.rotate.value)),
        "zoom" => {
            let zoom = draws.zoom.value;
            let values = [
                ("row_pct", zoom.row_pct),
                ("col_pct", zoom.col_pct),
                ("scale", zoom.scale),
            ];
            (
                draws.zoom.applies,
                values.map(|(name, value)| (name.to_string(), value)).into(),
            )
        }
        "brightness" => (
            draws.brightness.applies,
            one("change", draws.brightness.value),
        ),
        "contrast" => (draws.contrast.applies, one("scale", draws.contrast.value)),
        "crop_pad" => {
            let values = [
                ("row_pct", draws.crop.row_pct),
                ("col_pct", draws.crop.col_pct),
            ];
            (
                true,
                values.map(|(name, value)| (name.to_string(), value)).into(),
            )
        }
        other => panic!("the record has a transform {other} that is not drawn here"),
    }
}

#[test]
fn each_transform_is_applied_as_often_as_in_fastai() {
    let (draws, recorded) = (draws(), recorded());
    assert_eq!((recorded.draws, recorded.transforms.len()), (COUNT, 7));
    for (name, transform) in &recorded.transforms {
        let applied = draws.iter().filter(|draws| part(draws, name).0).count();
        let fraction = applied as f64 / COUNT as f64;
        let p = transform.fraction_applied;
        // Two binomial samples of the same size: five standard deviations of their difference.
        let bound = 5.0 * (2.0 * p * (1.0 - p) / COUNT as f64).sqrt();
        assert!(
            (fraction - p).abs() <= bound,
            "{name}: applied to {fraction}, in fastai to {p}"
        );
    }
}

#[test]
fn each_value_is_distributed_as_in_fastai() {
    // Kolmogorov-Smirnov for two samples: the distance of the distribution functions exceeds
    // sqrt(-ln(a/2)/2) · sqrt(2/n) with a probability of a; here a = 1e-6. Looked at between the record's bins.
    let bound = (-(0.5e-6f64).ln() / 2.0).sqrt() * (2.0 / COUNT as f64).sqrt();
    let (draws, recorded) = (draws(), recorded());
    let mut compared = 0;
    for (transform_name, transform) in &recorded.transforms {
        for (name, values) in &transform.values {
            let drawn: Vec<f64> = draws
                .iter()
                .map(|draws| {
                    part(draws, transform_name)
                        .1
                        .into_iter()
                        .find(|(other, _)| other == name)
                        .unwrap()
                        .1
                })
                .collect();
            let [low, high] = transform.arguments[name.split('[').next().unwrap()];
            assert!(
                drawn.iter().all(|value| (low..=high).contains(value)),
                "{transform_name} {name}"
            );
            let [first, last] = values.histogram_range;
            let mut recorded_below = 0;
            for (bin, count) in values.histogram_20.iter().enumerate() {
                recorded_below += count;
                let edge =
                    first + (last - first) * (bin + 1) as f64 / values.histogram_20.len() as f64;
                let drawn_below = drawn.iter().filter(|&&value| value <= edge).count();
                let distance = recorded_below.abs_diff(drawn_below) as f64 / COUNT as f64;
                assert!(
                    distance <= bound,
                    "{transform_name} {name} at {edge}: {distance} is more than {bound}"
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 12);
}

#[test]
fn the_values_are_drawn_independently() {
    let draws = draws();
    let names = [
        "symmetric_warp",
        "rotate",
        "zoom",
        "brightness",
        "contrast",
        "crop_pad",
    ];
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for name in names {
        let count = part(&draws[0], name).1.len();
        columns.extend(
            (0..count).map(|i| draws.iter().map(|draws| part(draws, name).1[i].1).collect()),
        );
    }
    for name in ["flip_affine", "rotate", "zoom"] {
        columns.push(
            draws
                .iter()
                .map(|draws| f64::from(u8::from(part(draws, name).0)))
                .collect(),
        );
    }
    // The correlation of independent samples has a standard deviation of 1/sqrt(n); five of them, for 105 pairs.
    let bound = 5.0 / (COUNT as f64).sqrt();
    for (i, first) in columns.iter().enumerate() {
        for (j, second) in columns.iter().enumerate().skip(i + 1) {
            let found = correlation(first, second);
            assert!(
                found.abs() <= bound,
                "columns {i} and {j} are correlated: {found}"
            );
        }
    }
}

fn correlation(first: &[f64], second: &[f64]) -> f64 {
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect()
    };
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (first, second) = (centred(first), centred(second));
    product(&first, &second) / (product(&first, &first) * product(&second, &second)).sqrt()
}
