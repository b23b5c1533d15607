//! The averages of `tests/fixtures/timm/ema.json`: timm's `ModelEmaV3`.

use burn::tensor::Device;
use network::{
    Algorithm, Architecture, Network, NetworkSpec,
    weights::{NamedTensor, StateDict},
};
use serde_json::Value;
use std::{fs, path::Path};
use train::{averaging::Average, config::AveragingConfig};

/// Of numbers around one, in f32: torch may round a multiplication and an addition at once.
const TOLERANCE: f32 = 5e-7;

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/timm/ema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn config(settings: &Value) -> AveragingConfig {
    let defaults = AveragingConfig::default();
    let number = |key: &str, default: f64| settings[key].as_f64().unwrap_or(default);
    AveragingConfig {
        decay: number("decay", defaults.decay),
        warmup: settings["use_warmup"].as_bool().unwrap_or(false),
        warmup_gamma: number("warmup_gamma", defaults.warmup_gamma),
        warmup_power: number("warmup_power", defaults.warmup_power),
        validate: false,
    }
}

/// `network` with the numbers of `golden` under their names.
fn with(network: Network, golden: &Value) -> Network {
    let shapes = network.shapes();
    let state: StateDict = golden
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, values)| {
            let values: Vec<f32> = serde_json::from_value(values.clone()).unwrap();
            let (_, shape) = shapes.iter().find(|(known, _)| known == name).unwrap();
            (name.clone(), NamedTensor::floats(shape.clone(), values))
        })
        .collect();
    network.with_state(state)
}

#[test]
fn the_decay_of_every_step_is_timms() {
    for case in golden()["cases"].as_array().unwrap() {
        let config = config(&case["settings"]);
        for pair in case["decay_at"].as_array().unwrap() {
            let (step, expected) = (pair[0].as_u64().unwrap(), pair[1].as_f64().unwrap());
            let decay = config.decay_at(step);
            assert!(
                (decay - expected).abs() < 1e-14,
                "{}, step {step}: {decay} instead of {expected}",
                case["name"]
            );
        }
    }
}

#[test]
fn the_average_behind_every_step_is_timms_statistics_included() {
    let spec = NetworkSpec {
        base_width: 1,
        ..NetworkSpec::new(Architecture::ResNet18, 2)
    };
    let mut compared = 0;
    for case in golden()["cases"].as_array().unwrap() {
        let blank = spec.blank(Algorithm::Exact, &Device::flex());
        // The first weights do not matter: the first step replaces them.
        let mut average = Average::new(config(&case["settings"]), blank.clone());
        for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let network = with(blank.clone(), &step["weights"]);
            average.take_in(&network, index as u64 + 1);
            let state = average.network().state();
            for (name, expected) in step["average"].as_object().unwrap() {
                let expected: Vec<f32> = serde_json::from_value(expected.clone()).unwrap();
                let found = state.get(name).unwrap().as_floats().unwrap();
                let pairs = found.iter().zip(&expected);
                let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(
                    largest <= TOLERANCE,
                    "{} step {index} {name}: {largest}",
                    case["name"]
                );
                compared += found.len();
            }
        }
    }
    assert_eq!(compared, 3 * 6 * (147 + 4));
}

/// Of a warm-up with a reader's own numbers no share may leave 0 to 1.
#[test]
fn a_share_stays_within_0_and_the_decay() {
    for (gamma, power) in [(1e-3, 10.0), (1e9, 1e-3), (1.0, 2.0 / 3.0)] {
        let config = AveragingConfig {
            warmup_gamma: gamma,
            warmup_power: power,
            ..AveragingConfig::default()
        };
        let decays = [0, 1, 2, 7, 1000, u64::MAX].map(|step| config.decay_at(step));
        assert!(decays.is_sorted());
        assert!(
            decays
                .iter()
                .all(|decay| (0.0..=config.decay).contains(decay))
        );
    }
}
