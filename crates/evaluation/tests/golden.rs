//! The figures against scikit-learn, statsmodels, netcal, cleanlab and scipy (`tests/fixtures/evaluation`).
//!
//! Everything is summed in f64 on both sides: what differs is the order of sums and two ways to write a softmax, some 1e-16
//! for each of at most 300 pictures. scipy's search for the temperature ends where the loss is flat to f64, about 1e-8.

use evaluation::{
    BETA, Calibration, ClassFigures, ConfusionMatrix, Features, MacroMeans, Predictions,
    Proportion, Temperature, Variant, average_views, confident_joint, error_rate, label_issues,
    mean_loss, mean_loss_at, near_duplicate_threshold, near_duplicates, top_k_accuracy, top_losses,
};
use serde_json::Value;
use std::path::Path;

const CASES: [&str; 6] = [
    "five_classes",
    "two_classes",
    "sure_and_noisy",
    "unsure",
    "empty_and_mute_classes",
    "nobody_of_its_label",
];
const CLOSE: f64 = 1e-12;

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Calls `check` with the predictions of each case and what is expected of them.
fn each_case(check: impl Fn(&str, &Predictions, &Value)) {
    for name in CASES {
        let case = read(&format!("evaluation/{name}.json"));
        let logits = numbers(&case["logits"]);
        let logits = logits.into_iter().map(|logit| logit as f32).collect();
        let classes = case["classes"].as_u64().unwrap() as usize;
        let predictions = Predictions::new(classes, logits, whole(&case["truth"])).unwrap();
        check(name, &predictions, &case["expected"]);
    }
}

fn numbers(values: &Value) -> Vec<f64> {
    let values = values.as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

fn maybe(values: &Value) -> Vec<Option<f64>> {
    let values = values.as_array().unwrap().iter();
    values.map(Value::as_f64).collect()
}

fn whole(values: &Value) -> Vec<usize> {
    let values = values.as_array().unwrap().iter();
    values
        .map(|value| value.as_u64().unwrap() as usize)
        .collect()
}

fn matrix(values: &Value) -> Vec<Vec<usize>> {
    values.as_array().unwrap().iter().map(whole).collect()
}

#[track_caller]
fn assert_close(name: &str, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= CLOSE * expected.abs().max(1.0),
        "{name}: {found} is not {expected}"
    );
}

#[test]
fn intervals_are_those_of_statsmodels() {
    for row in read("evaluation/wilson.json").as_array().unwrap() {
        let [count, of] = [0, 1].map(|index| row[index].as_u64().unwrap() as usize);
        let found = Proportion::new(count, of).unwrap();
        assert_close("low", found.low, &row[2]);
        assert_close("high", found.high, &row[3]);
    }
}

#[test]
fn error_rate_and_top_k_accuracy_are_those_of_scikit_learn() {
    each_case(|name, predictions, expected| {
        assert_close(name, error_rate(predictions).value, &expected["error_rate"]);
        for (index, accuracy) in expected["top_k_accuracy"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            assert_close(name, top_k_accuracy(predictions, index + 1).value, accuracy);
        }
    });
}

#[test]
fn confusion_and_figures_of_classes_are_those_of_scikit_learn() {
    each_case(|name, predictions, expected| {
        let confusion = ConfusionMatrix::new(predictions);
        assert_eq!(
            confusion.rows().map(<[usize]>::to_vec).collect::<Vec<_>>(),
            matrix(&expected["confusion"]),
            "{name}"
        );
        let figures = ClassFigures::of(&confusion);
        let pictures: Vec<usize> = figures.iter().map(|class| class.pictures).collect();
        assert_eq!(pictures, whole(&expected["pictures"]), "{name}");
        let all = |figure: fn(&ClassFigures) -> Option<f64>| -> Vec<Option<f64>> {
            figures.iter().map(figure).collect()
        };
        assert_eq!(
            all(ClassFigures::precision),
            maybe(&expected["precision"]),
            "{name}"
        );
        assert_eq!(
            all(ClassFigures::recall),
            maybe(&expected["recall"]),
            "{name}"
        );
        assert_eq!(all(ClassFigures::f1), maybe(&expected["f1"]), "{name}");
        let (means, expected) = (MacroMeans::of(&figures).unwrap(), &expected["macro"]);
        assert_eq!(means.classes as u64, expected["classes"].as_u64().unwrap());
        assert_close(name, means.precision, &expected["precision"]);
        assert_close(name, means.recall, &expected["recall"]);
        assert_close(name, means.f1, &expected["f1"]);
    });
}

#[test]
fn losses_and_brier_score_are_those_of_scikit_learn() {
    each_case(|name, predictions, expected| {
        let losses = numbers(&expected["losses"]);
        for loss in top_losses(predictions) {
            let expected = losses[loss.picture];
            assert!((loss.loss - expected).abs() < CLOSE, "{name}: {loss:?}");
        }
        assert_close(name, mean_loss(predictions), &expected["log_loss"]);
        let calibration = Calibration::new(predictions, 15);
        assert_close(name, calibration.mean_loss, &expected["log_loss"]);
        assert_close(name, calibration.brier, &expected["brier"]);
    });
}

#[test]
fn calibration_errors_are_those_of_netcal() {
    each_case(|name, predictions, expected| {
        for bins in [10, 15] {
            let calibration = Calibration::new(predictions, bins);
            let expected = |figure: &str| &expected[figure][bins.to_string()];
            assert_close(
                name,
                calibration.expected_error,
                expected("expected_calibration_error"),
            );
            assert_close(
                name,
                calibration.maximum_error,
                expected("maximum_calibration_error"),
            );
        }
    });
}

#[test]
fn the_temperature_is_the_one_that_scipy_finds() {
    each_case(|name, predictions, expected| {
        let Temperature::Minimum(temperature) = Temperature::of(predictions) else {
            panic!("{name} has a minimum");
        };
        let ratio = temperature / expected["temperature"].as_f64().unwrap();
        assert!((ratio - 1.0).abs() < 1e-6, "{name}: {ratio}");
        assert_close(
            name,
            mean_loss_at(predictions, temperature),
            &expected["log_loss_at_temperature"],
        );
    });
}

#[test]
fn suspected_labels_are_those_of_cleanlab_in_its_order() {
    each_case(|name, predictions, expected| {
        assert_eq!(
            confident_joint(predictions),
            matrix(&expected["confident_joint"]),
            "{name}"
        );
        let suspected = |variant| -> Vec<usize> {
            let issues = label_issues(predictions, variant);
            issues.iter().map(|issue| issue.picture).collect()
        };
        let expected = |figure: &str| whole(&expected[figure]);
        assert_eq!(
            suspected(Variant::ConfidentJoint),
            expected("issues_confident_joint"),
            "{name}"
        );
        assert_eq!(
            suspected(Variant::PruneByNoiseRate),
            expected("issues_prune_by_noise_rate"),
            "{name}"
        );
    });
}

/// cleanlab has its distances in f32.
#[test]
fn near_duplicates_are_those_of_cleanlab() {
    let case = read("evaluation/near_duplicates.json");
    let features = numbers(&case["features"]);
    let features = features.into_iter().map(|value| value as f32).collect();
    let width = case["width"].as_u64().unwrap() as usize;
    let features = Features::new(width, features).unwrap();
    let threshold = near_duplicate_threshold(&features);
    let expected = case["threshold"].as_f64().unwrap();
    assert!(
        (f64::from(threshold) - expected).abs() < 1e-6,
        "{threshold}"
    );
    let pairs = near_duplicates(&features, threshold, usize::MAX).pairs;
    let mut pairs: Vec<_> = pairs.iter().map(|p| vec![p.first, p.second]).collect();
    pairs.sort_unstable();
    assert_eq!(pairs, matrix(&case["pairs"]));
}

/// fastai averages in f32: nine softmaxes of a few 1e-7 each, of batches that differ from ours by 1e-6.
#[test]
fn views_are_averaged_as_in_fastai() {
    let case = read("fastai/10_tta/tta.json");
    let rows = |values: &Value| {
        values
            .as_array()
            .unwrap()
            .iter()
            .flat_map(numbers)
            .collect()
    };
    let predictions = |logits: &Value| {
        let logits: Vec<f64> = rows(logits);
        let logits = logits.into_iter().map(|logit| logit as f32).collect();
        Predictions::new(5, logits, vec![0; 8]).unwrap()
    };
    let views = case["views"].as_array().unwrap().iter();
    let views: Vec<Predictions> = views
        .map(|view| predictions(&view["logits_in_fastai"]))
        .collect();
    assert_eq!((views.len(), &case["beta"]), (8, &Value::from(BETA)));
    let averaged = average_views(&predictions(&case["plain_logits"]), &views).unwrap();
    let expected: Vec<f64> = rows(&case["final_probabilities"]);
    for (picture, expected) in expected.chunks_exact(5).enumerate() {
        for (found, expected) in averaged.probabilities(picture).iter().zip(expected) {
            assert!(
                (found - expected).abs() < 3e-6,
                "{picture}: {found} is not {expected}"
            );
        }
    }
}
