//! Adam against what fastai 1.0.30 did (f64 goldens) and the fused pass against burn's operations.

mod common;

use std::fs;
use std::path::PathBuf;

use burn::tensor::{DType, Tensor};
use common::*;
use kernels::{AdamStep, adam_step};
use safetensors::SafeTensors;
use serde_json::Value;

/// The goldens are f64 results of the same formula; the orders of their products differ by a few units
/// of the last place per step. Measured: see the assertion's message if it fails.
const TOLERANCE: f64 = 1e-14;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/fastai/02_optimizer")
}

fn stored(file: &SafeTensors<'_>, name: &str) -> Tensor<1> {
    let view = file.tensor(name).expect("a tensor of the fixture");
    let values = view.data().chunks_exact(8);
    let values: Vec<f64> = values
        .map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes")))
        .collect();
    tensor(&values, [values.len()], DType::F64)
}

/// Replays one case and returns the largest error relative to the largest parameter of each tensor.
fn replay(case: &str) -> f64 {
    let text = fs::read_to_string(fixtures().join(format!("{case}.json"))).expect("fixture");
    let meta: Value = serde_json::from_str(&text).expect("JSON");
    let bytes = fs::read(fixtures().join(format!("{case}.safetensors"))).expect("fixture");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let number = |value: &Value| value.as_f64().expect("a number");
    let batch_norm: Vec<&str> = meta["batchnorm"]
        .as_array()
        .expect("names")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let decoupled = meta["true_wd"].as_bool().expect("a flag");
    let mut worst = 0.0f64;
    for name in meta["trainable"]
        .as_array()
        .expect("names")
        .iter()
        .filter_map(Value::as_str)
    {
        let group = meta["group_of"][name].as_u64().expect("a group") as usize;
        let decayed = meta["bn_wd"].as_bool().expect("a flag") || !batch_norm.contains(&name);
        let mut parameter = stored(&file, &format!("initial.{name}"));
        let (mut first, mut second) = (parameter.zeros_like(), parameter.zeros_like());
        for step in 1..=meta["steps"].as_u64().expect("a count") as usize {
            let hyper = AdamStep {
                learning_rate: number(&meta["lr"][step - 1][group]),
                beta1: number(&meta["beta1"][step - 1]),
                beta2: number(&meta["beta2"]),
                epsilon: number(&meta["eps"]),
                weight_decay: if decayed { number(&meta["wd"]) } else { 0.0 },
                decoupled,
                step,
            };
            let gradient = stored(&file, &format!("step{step:02}.grad.{name}"));
            (parameter, first, second) = adam_step(parameter, gradient, first, second, &hyper);
            let expected = read(stored(&file, &format!("step{step:02}.param.{name}")));
            let scale = expected
                .iter()
                .fold(f64::MIN_POSITIVE, |scale, value| scale.max(value.abs()));
            for (actual, expected) in read(parameter.clone()).iter().zip(&expected) {
                worst = worst.max((actual - expected).abs() / scale);
            }
        }
    }
    worst
}

#[test]
fn parameters_follow_fastai_step_by_step() {
    let cases = [
        "true_wd_bn_wd",
        "true_wd_no_bn_wd",
        "l2_bn_wd",
        "l2_no_bn_wd",
        "frozen",
        "tiny_gradients",
    ];
    for case in cases {
        let error = replay(case);
        assert!(error <= TOLERANCE, "{case}: relative error {error:e}");
    }
}

#[test]
fn f32_steps_stay_beside_f64_ones() {
    let run = |dtype| {
        let mut parameter = tensor(&values(3 * 5 * 2, 1), [3, 5, 2], dtype);
        let (mut first, mut second) = (parameter.zeros_like(), parameter.zeros_like());
        for step in 1..=10 {
            let hyper = AdamStep {
                learning_rate: 1e-2,
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-8,
                weight_decay: 0.01,
                decoupled: step % 2 == 0,
                step,
            };
            let gradient = tensor(&values(30, 1 + step as u64), [3, 5, 2], dtype);
            (parameter, first, second) = adam_step(parameter, gradient, first, second, &hyper);
        }
        read(parameter)
    };
    // Ten steps, each off by at most one unit of the last place of a parameter up to 1.
    assert_near("parameter", &run(DType::F32), &run(DType::F64), 1e-6);
}

#[test]
fn tensors_that_others_hold_are_left_alone() {
    let parameter = tensor(&values(40, 1), [8, 5], DType::F32);
    let before = bits(parameter.clone());
    let hyper = AdamStep {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.0,
        decoupled: true,
        step: 1,
    };
    let zeros = parameter.zeros_like();
    let (moved, first, _) = adam_step(
        parameter.clone(),
        parameter.clone(),
        zeros.clone(),
        zeros.clone(),
        &hyper,
    );
    assert_eq!(bits(parameter), before);
    assert_eq!(read(zeros), vec![0.0; 40]);
    assert_ne!(bits(moved), before);
    assert!(read(first).iter().all(|value| *value != 0.0));
}
