//! The networks of `golden/cam` (PyTorch in f64): logits and statistics of every stage.

use burn::tensor::{Device, Tensor, TensorData};
use network::{
    Algorithm, Architecture, HeadKind, InferenceNetwork, NetworkSpec,
    weights::{StateDict, layout},
};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// Rounding of f32 over 36 layers: PyTorch's own f32 run differs from f64 by up to 8e-6 of the largest logit
/// (`stages.json`); convolutions summed in another order get ten times that.
const TOLERANCE: f64 = 1e-4;

#[test]
fn the_plain_narrow_network_gives_the_logits_and_stages_of_pytorch() {
    agree("narrow", HeadKind::Plain, Algorithm::Exact);
}

#[test]
fn the_narrow_network_with_fastais_head_gives_the_logits_and_stages_of_pytorch() {
    agree("narrow_fastai", HeadKind::Fastai, Algorithm::Exact);
}

#[test]
fn fast_kernels_keep_the_same_tolerance() {
    agree("narrow", HeadKind::Plain, Algorithm::Fast);
    agree("narrow_fastai", HeadKind::Fastai, Algorithm::Fast);
}

fn agree(name: &str, head: HeadKind, algorithm: Algorithm) {
    let folder = fixtures().join("cam").join(name);
    let network = load(&folder.join("state.safetensors"), head, algorithm);
    let golden: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("stages.json")).unwrap()).unwrap();
    for input in golden["inputs"].as_array().unwrap() {
        let side = |key: &str| input[key].as_u64().unwrap() as usize;
        let pictures = picture(side("height"), side("width"), side("b"));
        let logits = network.forward(pictures.clone());
        near(&floats(&input["logits"]), &values(&logits), "logits");
        let stages = network.body.stages(pictures);
        let names = ["stem", "layer1", "layer2", "layer3", "layer4"];
        for (name, stage) in names.into_iter().zip(stages) {
            compare_stage(name, &input["stages"][name], &values(&stage));
        }
    }
}

fn compare_stage(name: &str, golden: &Value, values: &[f32]) {
    let count = values.len() as f64;
    let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
    let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    let mean = sum / count;
    let deviation = (squares / count - mean * mean).sqrt();
    let close = |key: &str, ours: f64| {
        let theirs = golden[key].as_f64().unwrap();
        assert!(
            (ours - theirs).abs() <= TOLERANCE * theirs.abs(),
            "{name} {key}: {ours} instead of {theirs}"
        );
    };
    close("mean", mean);
    close("std_population", deviation);
    close("l2", squares.sqrt());
    near(&floats(&golden["first8"]), &values[..8], name);
}

fn load(path: &std::path::Path, head: HeadKind, algorithm: Algorithm) -> InferenceNetwork {
    let spec = NetworkSpec {
        base_width: 4,
        head,
        ..NetworkSpec::new(Architecture::ResNet34, 5)
    };
    let network = spec.blank(algorithm, &Device::flex());
    let state = layout::to_canonical(StateDict::read(path).unwrap()).unwrap();
    state.check(&network.shapes(), |_| false).unwrap();
    network.with_state(state).for_inference()
}

/// The formula of `golden/cam/README.md`.
fn picture(height: usize, width: usize, b: usize) -> Tensor<4> {
    let tri = |n: usize| 255 - (255 - (n % 510) as i64).abs();
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let mut values = Vec::with_capacity(3 * height * width);
    for c in 0..3 {
        for i in 0..height {
            for j in 0..width {
                let v = (2 * tri(3 * i + 2 * j + 37 * c + 61 * b)
                    + tri(i * j / 16 + 11 * c + 5 * b)
                    + ((i * i + 3 * j * j + 7 * c) % 61) as i64)
                    / 4;
                values.push(((v as f64 / 255.0 - mean[c]) / std[c]) as f32);
            }
        }
    }
    Tensor::from_data(
        TensorData::new(values, [1, 3, height, width]),
        &Device::flex(),
    )
}

fn near(expected: &[f64], found: &[f32], what: &str) {
    let largest = expected.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    for (e, f) in expected.iter().zip(found) {
        let error = (e - f64::from(*f)).abs();
        assert!(
            error <= TOLERANCE * largest.max(1e-3),
            "{what}: {f} instead of {e}"
        );
    }
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}
