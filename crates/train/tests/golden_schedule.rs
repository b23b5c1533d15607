//! The schedules of `tests/fixtures/fastai/01_one_cycle` and the loss meter of `04_loss_meter`.

use serde_json::Value;
use std::{fs, path::PathBuf};
use train::{
    config::LearningRate,
    schedule::{OneCycle, Schedule},
    smoothing::SmoothedLoss,
};

/// Both sides compute in f64; the order of a few operations may differ.
const RELATIVE: f64 = 1e-12;

#[test]
fn every_schedule_is_fastais() {
    let mut cases = 0;
    for entry in fs::read_dir(fixtures().join("01_one_cycle")).unwrap() {
        let path = entry.unwrap().path();
        let golden: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        compare(&golden, &path.display().to_string());
        cases += 1;
    }
    assert_eq!(cases, 11);
}

fn compare(golden: &Value, name: &str) {
    let maxima: Vec<f64> = serde_json::from_value(golden["lr_max"].clone()).unwrap();
    let momentum: [f64; 2] = serde_json::from_value(golden["moms"].clone()).unwrap();
    let number = |key: &str| golden[key].as_f64().unwrap();
    let iterations = number("iterations") as usize;
    let schedule = OneCycle::new(
        number("epochs") as usize * number("n_batches") as usize,
        maxima,
        number("pct_start"),
        momentum,
        number("div_factor"),
    );
    for iteration in 0..iterations {
        let rates = schedule.at(iteration);
        let expected: Vec<f64> = serde_json::from_value(golden["lr"][iteration].clone()).unwrap();
        for (ours, theirs) in rates.learning_rates.into_iter().zip(expected) {
            near(ours, theirs, &format!("{name}, iteration {iteration}"));
        }
        let beta1 = golden["beta1"][iteration].as_f64().unwrap();
        near(
            rates.beta1,
            beta1,
            &format!("{name}, beta1 of iteration {iteration}"),
        );
    }
}

#[test]
fn learning_rates_spread_over_the_groups_as_fastais_slice() {
    assert_eq!(LearningRate::Head(1e-2).per_group(3), [1e-3, 1e-3, 1e-2]);
    assert_eq!(LearningRate::Head(1e-2).per_group(2), [1e-3, 1e-2]);
    let evenly = [
        (2, vec![1e-6, 1e-3]),
        (3, vec![1e-6, 1e-6 * 1e3f64.sqrt(), 1e-3]),
        (4, vec![1e-6, 1e-5, 1e-4, 1e-3]),
    ];
    for (groups, expected) in evenly {
        let spread = LearningRate::Range([1e-6, 1e-3]).per_group(groups);
        assert_eq!(spread.len(), groups);
        for (ours, theirs) in spread.into_iter().zip(expected) {
            near(
                ours,
                theirs,
                &format!("slice(1e-6, 1e-3) over {groups} groups"),
            );
        }
    }
}

/// Runs made before groups were a list must go on with the same bits.
#[test]
fn three_groups_have_the_rates_that_a_square_root_gives() {
    for (low, high) in [
        (1e-6, 1e-4),
        (1e-5, 1e-4),
        (3e-7, 2e-3),
        (1e-4, 1e-2),
        (0.3, 0.7),
    ] {
        let ratio = f64::sqrt(high / low);
        assert_eq!(
            LearningRate::Range([low, high]).per_group(3),
            [low, low * ratio, low * ratio * ratio]
        );
    }
}

#[test]
fn the_smoothed_loss_is_fastais_to_the_last_bit_of_f32() {
    let golden: Value = serde_json::from_str(
        &fs::read_to_string(fixtures().join("04_loss_meter/meter.json")).unwrap(),
    )
    .unwrap();
    for case in golden["smoothed"].as_array().unwrap() {
        let losses: Vec<f32> = serde_json::from_value(case["loss"].clone()).unwrap();
        let expected: Vec<f32> = serde_json::from_value(case["smooth_f32"].clone()).unwrap();
        let mut meter = SmoothedLoss::default();
        for (loss, expected) in losses.into_iter().zip(expected) {
            assert_eq!(meter.add(loss), expected, "{}", case["name"]);
        }
    }
}

fn near(ours: f64, theirs: f64, what: &str) {
    assert!(
        (ours - theirs).abs() <= RELATIVE * theirs.abs(),
        "{what}: {ours} instead of {theirs}"
    );
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fastai")
}
