//! The networks of `tests/fixtures/cam` and `tests/fixtures/vgg` (PyTorch in f64): logits, statistics of what the body
//! makes, and gradients.

#[path = "../../../../tests/fixtures/cam/picture.rs"]
mod formula;

use super::{Body, residual::Residual};
use crate::{
    architecture::Architecture,
    batch_norm::BatchNorm,
    convolution::Convolution,
    head::HeadKind,
    inference::{InferenceOptions, fold},
    max_pool::MaxPool,
    network::{Network, NetworkSpec},
    parameters::{Parameter, ParameterUpdate, Trainable},
    pass::{Pass, Relu},
    place::Place,
    weights::{StateDict, layout},
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData, activation},
};
use kernels::{Algorithm, Precision};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

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

#[test]
fn a_narrow_vgg16_gives_the_logits_and_features_of_pytorch() {
    for algorithm in [Algorithm::Exact, Algorithm::Fast] {
        let network = vgg(algorithm).for_inference();
        for input in golden("vgg/expected.json")["inputs"].as_array().unwrap() {
            let pictures = picture_of(input);
            let logits = network.forward(pictures.clone());
            near(&floats(&input["logits"]), &values(&logits), "logits");
            let features = values(&network.body.forward(pictures));
            compare_stage("features", &input["features"], &features, &["mean", "l2"]);
        }
    }
}

/// Batch statistics, the pooling's and the bias's backward passes, and the names of all parameters at once.
#[test]
fn a_narrow_vgg16_has_the_gradients_of_pytorch() {
    let golden = &golden("vgg/expected.json")["training"];
    let side = golden["side"].as_u64().unwrap() as usize;
    let labels: Vec<i64> = serde_json::from_value(golden["labels"].clone()).unwrap();
    let pictures = (0..labels.len()).map(|b| picture(side, side, b)).collect();
    let pictures = Tensor::from_inner(Tensor::cat(pictures, 0));
    let mut network = vgg(Algorithm::Exact).with_trainable(Trainable::All).train();
    let logits = network.forward_train(pictures, &mut ChaCha8Rng::seed_from_u64(0));
    let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &logits.device());
    let loss = kernels::cross_entropy(logits, labels);
    let expected = golden["loss"].as_f64().unwrap();
    near(&[expected], &values(&loss.clone().reshape([1])), "loss");
    let mut gradients = loss.backward();
    let mut seen = Recorded(BTreeMap::new());
    network.update(&mut gradients, &mut seen);
    let expected = golden["gradients"].as_object().unwrap();
    assert_eq!(seen.0.len(), expected.len());
    for (fastai, golden) in expected {
        let name = match fastai.strip_prefix("1.") {
            Some(rest) => format!("head.{rest}"),
            None => fastai.replacen("0.0.", "features.", 1),
        };
        let gradient = &seen.0[&name];
        let l2 = gradient.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        let (l2, golden) = (l2.sqrt(), golden["l2"].as_f64().unwrap());
        // A batch normalisation cancels the bias before it: rounding is all that is left of its gradient.
        assert!(
            (l2 - golden).abs() <= 1e-3 * golden.max(1.0),
            "{name}: {l2} instead of {golden}"
        );
    }
}

/// Folding changes nothing but rounding: what a network predicts is what it does layer by layer with running statistics.
#[test]
fn a_folded_body_makes_the_features_of_the_unfolded_one() {
    for architecture in Architecture::ALL.iter().copied() {
        let spec = NetworkSpec {
            base_width: 4,
            ..NetworkSpec::new(architecture, 3)
        };
        let mut network = spec.init(Algorithm::Exact, 1, &Device::flex()).train();
        let noise = Tensor::cat(vec![picture(64, 64, 3), picture(64, 64, 4)], 0);
        // Running statistics that are not those of the start.
        let place = Place::whole(2);
        network
            .body
            .forward_train(Tensor::from_inner(noise), &place, Precision::F32);
        let folded = values(&network.for_inference().body.forward(picture(96, 64, 0)));
        let unfolded = network
            .valid()
            .body
            .run(&mut Predicting::Unfolded, picture(96, 64, 0));
        let unfolded: Vec<f64> = values(&unfolded).into_iter().map(f64::from).collect();
        near(&unfolded, &folded, architecture.name());
    }
}

/// Keeps gradients by name, and all parameters as they are.
struct Recorded(BTreeMap<String, Vec<f32>>);

impl ParameterUpdate for Recorded {
    fn update<const D: usize>(
        &mut self,
        parameter: &Parameter,
        value: Tensor<D>,
        gradient: Tensor<D>,
    ) -> Tensor<D> {
        self.0.insert(parameter.name.clone(), values(&gradient));
        value
    }
}

/// Each layer as it predicts, in one of two ways.
enum Predicting {
    Unfolded,
    /// Each folded, at once.
    Folded,
}

impl Pass for Predicting {
    type Value = Tensor<4>;

    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: Relu,
    ) -> Tensor<4> {
        let has_relu = relu != Relu::Absent;
        if let Self::Folded = self {
            let folded = fold(convolution, norm, InferenceOptions::default());
            return folded.forward(x, residual, has_relu);
        }
        let (scale, shift) = norm.affine();
        let [scale, shift] = [scale, shift].map(|x| x.reshape([1, -1, 1, 1]));
        let y = convolution.forward(x, Precision::F32, None) * scale + shift;
        let y = residual.map_or(y.clone(), |residual| y + residual);
        if has_relu { activation::relu(y) } else { y }
    }

    fn max_pool(&mut self, pool: MaxPool, x: Tensor<4>) -> Tensor<4> {
        pool.forward(x)
    }
}

fn agree(name: &str, head: HeadKind, algorithm: Algorithm) {
    let spec = NetworkSpec {
        base_width: 4,
        head,
        ..NetworkSpec::new(Architecture::ResNet34, 5)
    };
    let network = load(&spec, &format!("cam/{name}/state.safetensors"), algorithm);
    let predicting = network.for_inference();
    let Body::Residual(body) = network.body else {
        panic!("a residual network");
    };
    for input in golden(&format!("cam/{name}/stages.json"))["inputs"]
        .as_array()
        .unwrap()
    {
        let pictures = picture_of(input);
        let logits = predicting.forward(pictures.clone());
        near(&floats(&input["logits"]), &values(&logits), "logits");
        for (name, stage) in stages(body.clone(), pictures) {
            let keys = ["mean", "l2", "std_population"];
            compare_stage(name, &input["stages"][name], &values(&stage), &keys);
        }
    }
}

fn stages(mut body: Residual, pictures: Tensor<4>) -> Vec<(&'static str, Tensor<4>)> {
    let mut stages = vec![("stem", body.stem(&mut Predicting::Folded, pictures))];
    let names = ["layer1", "layer2", "layer3", "layer4"];
    for (name, layer) in names.into_iter().zip(body.layers()) {
        let x = stages[stages.len() - 1].1.clone();
        let run = layer
            .iter_mut()
            .fold(x, |x, block| block.run(&mut Predicting::Folded, x));
        stages.push((name, run));
    }
    stages
}

fn compare_stage(name: &str, golden: &Value, values: &[f32], keys: &[&str]) {
    let count = values.len() as f64;
    let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
    let squares: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
    let mean = sum / count;
    for key in keys {
        let ours = match *key {
            "mean" => mean,
            "l2" => squares.sqrt(),
            _ => (squares / count - mean * mean).sqrt(),
        };
        let theirs = golden[key].as_f64().unwrap();
        assert!(
            (ours - theirs).abs() <= TOLERANCE * theirs.abs(),
            "{name} {key}: {ours} instead of {theirs}"
        );
    }
    near(&floats(&golden["first8"]), &values[..8], name);
}

fn vgg(algorithm: Algorithm) -> Network {
    let spec = NetworkSpec {
        base_width: 2,
        dropout: [0.0; 2],
        ..NetworkSpec::new(Architecture::Vgg16Bn, 5)
    };
    load(&spec, "vgg/state.safetensors", algorithm)
}

fn load(spec: &NetworkSpec, path: &str, algorithm: Algorithm) -> Network {
    let state = StateDict::read(&fixtures().join(path)).unwrap();
    let state = layout::to_canonical(state, spec.architecture).unwrap();
    spec.load(state, algorithm, &Device::flex()).unwrap()
}

fn picture_of(input: &Value) -> Tensor<4> {
    let number = |key: &str| input[key].as_u64().unwrap() as usize;
    picture(number("height"), number("width"), number("b"))
}

fn picture(height: usize, width: usize, b: usize) -> Tensor<4> {
    let values = formula::picture(height, width, b);
    Tensor::from_data(
        TensorData::new(values, [1, 3, height, width]),
        &Device::flex(),
    )
}

fn golden(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(fixtures().join(path)).unwrap()).unwrap()
}

fn near(expected: &[f64], found: &[f32], what: &str) {
    assert_eq!(expected.len(), found.len(), "{what}");
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
