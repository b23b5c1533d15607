//! The gradients of `tests/fixtures/torch/clipping.json`: torch's `clip_grad_norm_`.

use burn::tensor::{Device, Tensor, TensorData};
use network::NamedGradients;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};
use train::clipping::clipped;

/// Of the largest gradient: both sides compute in f32, torch's norm adds in another order.
const RELATIVE: f32 = 1e-6;

type Values = BTreeMap<String, Vec<f32>>;

#[test]
fn gradients_are_clipped_as_torch_clips_them() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/torch/clipping.json");
    let golden: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut changed = Vec::new();
    for case in golden["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let before: Values = serde_json::from_value(case["before"].clone()).unwrap();
        let expected: Values = serde_json::from_value(case["after"].clone()).unwrap();
        let found = clipped(tensors(&before), case["max_norm"].as_f64().unwrap());
        assert_eq!(found.len(), expected.len());
        let mut is_changed = false;
        for (parameter, gradient) in found {
            let found: Vec<f32> = gradient.to_data().iter().collect();
            let expected = &expected[&parameter];
            let largest = expected.iter().map(|value| value.abs()).fold(0.0, f32::max);
            for (ours, theirs) in found.iter().zip(expected) {
                let allowed = RELATIVE * largest;
                assert!(
                    (ours - theirs).abs() <= allowed,
                    "{name} {parameter}: {ours} instead of {theirs}"
                );
            }
            is_changed |= found != before[&parameter];
        }
        changed.push((name, is_changed));
    }
    let expected = [
        ("above", true),
        ("far_above", true),
        ("below", false),
        ("zero", false),
        ("tiny", true),
    ];
    assert_eq!(changed, expected);
}

#[test]
fn no_gradients_have_no_norm() {
    assert!(clipped(NamedGradients::new(), 1.0).is_empty());
}

/// A sum over five million numbers, which burn would add in an order of its threads.
#[test]
fn a_norm_does_not_depend_on_how_many_threads_there_are() {
    let values: Vec<f32> = (0..5_000_000)
        .map(|index| (index % 977) as f32 * 1e-3)
        .collect();
    let named: Values = BTreeMap::from([("conv1.weight".to_owned(), values)]);
    let first = |gradients: NamedGradients| -> f32 {
        let gradient = &gradients["conv1.weight"];
        gradient.to_data().iter::<f32>().nth(976).unwrap()
    };
    let expected = first(clipped(tensors(&named), 1.0));
    for _ in 0..5 {
        assert_eq!(first(clipped(tensors(&named), 1.0)), expected);
    }
}

fn tensors(values: &Values) -> NamedGradients {
    let tensor = |(name, values): (&String, &Vec<f32>)| {
        let data = TensorData::new(values.clone(), [values.len()]);
        (name.clone(), Tensor::from_data(data, &Device::flex()))
    };
    values.iter().map(tensor).collect()
}
