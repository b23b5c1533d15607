//! The searches of `tests/fixtures/fastai/11_lr_find`: fastai 1.0.30's `Learner.lr_find`.

use serde_json::Value;
use std::{fs, path::Path};
use train::{
    lr_find::{End, RangeTest, STEPS, StopRule, Tried},
    lr_suggestion::suggest,
    schedule::Schedule,
    smoothing::SmoothedLoss,
};

/// Both sides compute in f64, fastai with Python's power.
const RELATIVE: f64 = 1e-12;

fn searches() -> Vec<Value> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fastai");
    let text = fs::read_to_string(fixtures.join("11_lr_find/searches.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Numbers that are texts, since json has none that are not finite.
fn numbers(golden: &Value, key: &str) -> Vec<f32> {
    let texts: Vec<String> = serde_json::from_value(golden[key].clone()).unwrap();
    let number = |text: &String| text.parse::<f64>().unwrap() as f32;
    texts.iter().map(number).collect()
}

fn near(ours: f64, theirs: &Value, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    assert!(
        (ours - theirs).abs() <= RELATIVE * theirs,
        "{what}: {ours} instead of {theirs}"
    );
}

#[test]
fn every_step_has_fastais_rate_smoothed_loss_and_verdict() {
    let mut ends = Vec::new();
    for golden in searches() {
        let name = golden["name"].as_str().unwrap();
        let (losses, smoothed) = (numbers(&golden, "loss"), numbers(&golden, "smoothed"));
        let (mut meter, mut rule, mut end) = (SmoothedLoss::default(), StopRule::default(), None);
        for (step, (loss, expected)) in losses.iter().zip(&smoothed).enumerate() {
            let what = format!("{name}, step {step}");
            assert_eq!(end, None, "{what}: fastai went on");
            let rates = RangeTest { groups: 2 }.at(step);
            assert_eq!(rates.learning_rates[0], rates.learning_rates[1]);
            near(rates.learning_rates[0], &golden["lr"][step], &what);
            assert_eq!(rates.beta1, golden["beta1"][0].as_f64().unwrap());
            if !loss.is_finite() {
                // Ours ends here; fastai's goes on after NaN (see `lr_find`).
                let stops_there_too = losses.len() == step + 1;
                assert_eq!(stops_there_too, loss.is_infinite(), "{what}");
                break;
            }
            assert_eq!(meter.add(*loss), *expected, "{what}");
            end = rule.after(*expected);
        }
        ends.push((name.to_owned(), losses.len(), end));
    }
    let expected = [
        ("explodes", 85, Some(End::Exploded)),
        ("ends", STEPS, Some(End::AllTried)),
        ("not_a_number", STEPS, None),
        ("infinite", 61, None),
    ];
    let expected = expected.map(|(name, steps, end)| (name.to_owned(), steps, end));
    assert_eq!(ends, expected);
}

#[test]
fn the_suggestions_are_those_of_fastais_later_versions() {
    let mut compared = 0;
    for golden in searches() {
        if golden.get("min_gradient").is_none() {
            continue;
        }
        let steps = numbers(&golden, "loss").len();
        let (losses, smoothed) = (numbers(&golden, "loss"), numbers(&golden, "smoothed"));
        let tried: Vec<Tried> = (0..steps)
            .map(|step| Tried {
                learning_rate: RangeTest { groups: 1 }.at(step).learning_rates[0],
                loss: losses[step],
                smoothed_loss: smoothed[step],
            })
            .collect();
        let suggestion = suggest(&tried).unwrap();
        let name = golden["name"].as_str().unwrap();
        near(
            suggestion.steepest.learning_rate,
            &golden["min_gradient"],
            name,
        );
        near(
            suggestion.tenth_of_minimum(),
            &golden["min_loss_over_10"],
            name,
        );
        compared += 1;
    }
    assert_eq!(compared, 2);
}
