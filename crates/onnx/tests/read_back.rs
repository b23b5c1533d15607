//! Files read back: everything in them is known, and computing them as ONNX says gives what the network gives.

#[path = "read_back/runtime.rs"]
mod runtime;

use burn::tensor::{Device, Tensor, TensorData};
use network::{
    Algorithm, Architecture, HeadKind, Network, NetworkSpec,
    weights::{NamedTensor, StateDict},
};
use onnx::{Model, OnnxError};
use prost::Message;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// One body of each family and kind of block, with either head.
const KINDS: [(Architecture, HeadKind); 4] = [
    (Architecture::ResNet18, HeadKind::Fastai),
    (Architecture::ResNet18, HeadKind::Plain),
    (Architecture::ResNet50, HeadKind::Fastai),
    (Architecture::Vgg16Bn, HeadKind::Fastai),
];

const CLASSES: usize = 3;

#[test]
fn computed_as_onnx_says_a_file_gives_the_logits_of_the_network_for_any_number_and_size_of_pictures()
 {
    for (architecture, head) in KINDS {
        let network = trained(architecture, head);
        let model = read(&written(&network));
        for shape in [[1, 3, 64, 64], [2, 3, 45, 70]] {
            let pictures = noise(shape);
            let data = TensorData::new(pictures.clone(), shape);
            let ours = network
                .for_inference()
                .forward(Tensor::from_data(data, &Device::flex()));
            let ours: Vec<f32> = ours.into_data().iter::<f32>().collect();
            let theirs = runtime::run(&model, shape.to_vec(), pictures);
            assert_eq!(theirs.shape, [shape[0], CLASSES], "{architecture}");
            let largest = ours
                .iter()
                .fold(0.0, |most: f32, logit| most.max(logit.abs()));
            for (ours, theirs) in ours.iter().zip(&theirs.values) {
                // Both sum a few thousand f32 in an order of their own.
                let difference = (ours - theirs).abs();
                assert!(
                    difference < 1e-4 * largest,
                    "{architecture}, {head:?}, {shape:?}: {ours} and {theirs}"
                );
            }
        }
    }
}

/// Fields that the reader has no name for would be lost on the way through it.
#[test]
fn every_byte_of_a_file_is_read_and_no_operator_is_younger_than_the_opset() {
    for (architecture, head) in KINDS {
        let bytes = written(&trained(architecture, head));
        let model = read(&bytes);
        assert!(model.encode_to_vec() == bytes, "{architecture}");
        assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
        let graph = model.graph.unwrap();
        let mut operators: Vec<&str> = graph.node.iter().map(|node| &*node.op_type).collect();
        operators.sort_unstable();
        operators.dedup();
        // By the list of operators (https://onnx.ai/onnx/operators), the youngest version up to 17: Add, Gemm, Relu, Concat,
        // Flatten of 13 or 14, MaxPool of 12, Conv of 11, the global pools of 1.
        let known = [
            "Add",
            "Concat",
            "Conv",
            "Flatten",
            "Gemm",
            "GlobalAveragePool",
            "GlobalMaxPool",
            "MaxPool",
            "Relu",
        ];
        assert!(
            operators.iter().all(|operator| known.contains(operator)),
            "{operators:?}"
        );
    }
}

#[test]
fn pictures_may_have_any_number_height_and_width_and_metadata_is_there_in_order() {
    let graph = trained(Architecture::ResNet18, HeadKind::Fastai).graph();
    let metadata = [("size", "224"), ("classes", "[\"é\"]")];
    let metadata: BTreeMap<_, _> = metadata.map(|(k, v)| (k.into(), v.into())).into();
    let model = onnx::model(&graph, "resnet18", &metadata).unwrap();
    let model = read(&onnx::encode(&model).unwrap());
    let properties: Vec<(&str, &str)> = model
        .metadata_props
        .iter()
        .map(|property| (&*property.key, &*property.value))
        .collect();
    assert_eq!(properties, [("classes", "[\"é\"]"), ("size", "224")]);
    let graph = model.graph.unwrap();
    assert_eq!(shape(&graph.input[0]), "pictures batch 3 height width");
    assert_eq!(shape(&graph.output[0]), "logits batch 3");
    assert_eq!((graph.input.len(), graph.output.len()), (1, 1));
}

/// With the arithmetic in f64, from the tensors of a checkpoint.
#[test]
fn every_tensor_of_a_checkpoint_is_in_the_file_each_batch_norm_in_the_convolution_before_it() {
    for (architecture, _) in KINDS {
        let network = trained(architecture, HeadKind::Plain);
        let mut state = network.state();
        let graph = read(&written(&network)).graph.unwrap();
        for pair in graph.initializer.chunks(2) {
            let (weight, bias) = (runtime::floats(&pair[0]), runtime::floats(&pair[1]));
            let layer = pair[0].name.strip_suffix(".weight").unwrap();
            assert_eq!(pair[1].name, format!("{layer}.bias"));
            let raw = take(&mut state, &format!("{layer}.weight"));
            let extents: Vec<i64> = raw.shape.iter().map(|&extent| extent as i64).collect();
            assert_eq!(pair[0].dims, extents, "{layer}");
            let own_bias = state.remove(&format!("{layer}.bias"));
            let channels = raw.shape[0];
            let own_bias = own_bias.map_or(vec![0.0; channels], |bias| doubles(&bias));
            let [scale, shift] = if layer == "fc" {
                [vec![1.0; channels], vec![0.0; channels]]
            } else {
                affine(&mut state, &norm_behind(layer))
            };
            let of_channel = raw.shape[1..].iter().product::<usize>();
            for (place, raw) in doubles(&raw).into_iter().enumerate() {
                near(weight[place], raw * scale[place / of_channel], layer);
            }
            for channel in 0..channels {
                let expected = own_bias[channel] * scale[channel] + shift[channel];
                near(bias[channel], expected, layer);
            }
        }
        assert_eq!(
            state.names().count(),
            0,
            "left over: {:?}",
            state.names().next()
        );
    }
}

#[test]
fn a_network_that_has_diverged_is_refused_with_the_name_of_a_tensor() {
    let network = trained(Architecture::ResNet18, HeadKind::Plain);
    let mut state = network.state();
    let values = vec![f32::MAX; doubles(state.get("bn1.weight").unwrap()).len()];
    let shape = [values.len()];
    state.insert("bn1.weight", NamedTensor::floats(shape, values.clone()));
    let tiny = values.iter().map(|_| 0.0).collect();
    state.insert("bn1.running_var", NamedTensor::floats(shape, tiny));
    let graph = network.with_state(state).graph();
    let error = onnx::model(&graph, "resnet18", &BTreeMap::new()).unwrap_err();
    let tensor = "conv1.weight".to_owned();
    assert_eq!(error, OnnxError::NotFinite { tensor });
}

/// A narrow network whose batch normalisations all do something.
fn trained(architecture: Architecture, head: HeadKind) -> Network {
    let spec = NetworkSpec {
        base_width: 2,
        head,
        ..NetworkSpec::new(architecture, CLASSES)
    };
    let network = spec.init(Algorithm::Exact, 1, &Device::flex());
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let state = network.state().into_iter().map(|(name, tensor)| {
        let changed = doubles(&tensor)
            .into_iter()
            .map(|value| match tensor.shape.len() {
                // Variances and scales stay positive.
                1 if name.ends_with("running_var") || name.ends_with("weight") => {
                    random.random_range(0.5..1.5)
                }
                1 => random.random_range(-0.5..0.5),
                _ => value as f32,
            });
        let values = changed.collect();
        (name, NamedTensor::floats(tensor.shape, values))
    });
    let state: StateDict = state.collect();
    network.with_state(state)
}

fn written(network: &Network) -> Vec<u8> {
    let model = onnx::model(&network.graph(), "network", &BTreeMap::new()).unwrap();
    onnx::encode(&model).unwrap()
}

fn read(bytes: &[u8]) -> Model {
    Model::decode(bytes).unwrap()
}

fn noise(shape: [usize; 4]) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    (0..shape.iter().product())
        .map(|_| random.random_range(-2.0..2.0))
        .collect()
}

/// Name and extents in one line.
fn shape(value: &onnx::ValueInfo) -> String {
    let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
    assert_eq!(tensor.elem_type, onnx::Tensor::FLOAT);
    let extents = tensor.shape.as_ref().unwrap().dim.iter().map(|extent| {
        let name = extent.dim_param.clone();
        name.unwrap_or_else(|| extent.dim_value.unwrap().to_string())
    });
    let words: Vec<String> = std::iter::once(value.name.clone()).chain(extents).collect();
    words.join(" ")
}

/// torch's name of the batch normalisation behind a convolution.
fn norm_behind(convolution: &str) -> String {
    let (before, last) = convolution.rsplit_once('.').unwrap_or(("", convolution));
    let norm = match last.parse::<usize>() {
        Ok(number) => (number + 1).to_string(),
        Err(_) => last.replace("conv", "bn"),
    };
    if before.is_empty() {
        norm
    } else {
        format!("{before}.{norm}")
    }
}

/// Scale and shift of each channel; takes the four tensors out of `state`.
fn affine(state: &mut StateDict, norm: &str) -> [Vec<f64>; 2] {
    let [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
        .map(|field| doubles(&take(state, &format!("{norm}.{field}"))));
    let scales = weight.iter().zip(&variance);
    let scales: Vec<f64> = scales
        .map(|(weight, variance)| weight / (variance + 1e-5).sqrt())
        .collect();
    let shifts = bias.iter().zip(&mean).zip(&scales);
    let shifts = shifts
        .map(|((bias, mean), scale)| bias - mean * scale)
        .collect();
    [scales, shifts]
}

fn take(state: &mut StateDict, name: &str) -> NamedTensor {
    state.remove(name).unwrap_or_else(|| panic!("no {name}"))
}

fn doubles(tensor: &NamedTensor) -> Vec<f64> {
    let values = tensor.as_floats().unwrap().iter();
    values.map(|&value| value.into()).collect()
}

/// Equal but for the rounding of a few f32.
fn near(found: f32, expected: f64, layer: &str) {
    let difference = (f64::from(found) - expected).abs();
    assert!(
        difference <= 1e-6 * expected.abs().max(1.0),
        "{layer}: {found}, not {expected}"
    );
}
