//! Shapes, counts and statistics of whole networks.

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use network::{
    Algorithm, Architecture, HeadKind, InferenceOptions, Kind, NetworkSpec, Parameter,
    ParameterUpdate, Precision, Summary, Trainable, weights::NamedTensor,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

const NARROW: usize = 4;

#[test]
fn resnet34_with_37_classes_has_the_tensors_and_groups_of_fastai() {
    let network =
        NetworkSpec::new(Architecture::ResNet34, 37).blank(Algorithm::Exact, &Device::flex());
    let mut parameters = network.parameters().into_iter();
    let golden: Value = serde_json::from_str(&fixture("fastai/03_head/model.json")).unwrap();
    for entry in golden["state_dict"].as_array().unwrap() {
        let fastai = entry["name"].as_str().unwrap();
        if fastai.ends_with("num_batches_tracked") {
            continue;
        }
        let parameter = parameters.next().unwrap();
        let name = &parameter.name;
        match entry["torchvision"].as_str() {
            Some(torchvision) => assert_eq!(name, torchvision),
            None => assert_eq!(*name, fastai.replacen("1.", "head.", 1)),
        }
        let expected: Vec<usize> = serde_json::from_value(entry["shape"].clone()).unwrap();
        assert_eq!(parameter.shape, expected, "{name}");
        if let Some(group) = entry["layer_group"].as_u64() {
            assert_eq!(parameter.group as u64, group, "{name}");
            let frozen = entry["trainable_when_frozen"].as_bool().unwrap();
            assert_eq!(Trainable::Head.includes(&parameter), frozen, "{name}");
        }
    }
    assert_eq!(parameters.next(), None);
}

#[test]
fn the_summary_is_that_of_the_notebook() {
    let summary = Summary::new(&NetworkSpec::new(Architecture::ResNet34, 37), 64, 16);
    assert_eq!(
        summary.to_string().trim(),
        fixture("fastai/03_head/summary_64px.txt").trim()
    );
    assert_eq!(summary.trainable(Trainable::All), 21_831_599);
    assert_eq!(summary.trainable(Trainable::Head), 563_951);
}

#[test]
fn the_summary_counts_what_the_network_has() {
    for architecture in Architecture::ALL.iter().copied() {
        for head in [HeadKind::Fastai, HeadKind::Plain] {
            let spec = NetworkSpec {
                base_width: NARROW,
                head,
                ..NetworkSpec::new(architecture, 7)
            };
            let network = spec.blank(Algorithm::Exact, &Device::flex());
            let parameters = |trainable: Trainable| -> usize {
                let parameters = network.parameters();
                let trained = parameters.iter().filter(|p| trainable.includes(p));
                trained.map(|p| p.shape.iter().product::<usize>()).sum()
            };
            let summary = Summary::new(&spec, 64, 2);
            for trainable in [Trainable::All, Trainable::Head] {
                assert_eq!(
                    summary.trainable(trainable),
                    parameters(trainable),
                    "{architecture}"
                );
            }
        }
    }
}

#[test]
fn torchvisions_imagenet_networks_have_their_published_numbers_of_parameters() {
    // https://pytorch.org/vision/stable/models.html
    let published = [
        (Architecture::ResNet18, 11_689_512),
        (Architecture::ResNet34, 21_797_672),
        (Architecture::ResNet50, 25_557_032),
        (Architecture::ResNet101, 44_549_160),
        (Architecture::ResNet152, 60_192_808),
    ];
    for (architecture, parameters) in published {
        let spec = NetworkSpec {
            head: HeadKind::Plain,
            ..NetworkSpec::new(architecture, 1000)
        };
        assert_eq!(
            Summary::new(&spec, 224, 1).total(),
            parameters,
            "{architecture}"
        );
    }
}

/// 138,365,992 parameters (https://pytorch.org/vision/stable/models.html) without the 123,642,856 of the classifier.
#[test]
fn a_vgg16_has_the_parameters_of_torchvisions_features() {
    let spec = NetworkSpec {
        head: HeadKind::Plain,
        ..NetworkSpec::new(Architecture::Vgg16Bn, 1000)
    };
    let head = 512 * 1000 + 1000;
    let summary = Summary::new(&spec, 224, 1);
    assert_eq!(summary.total() - head, 138_365_992 - 123_642_856);
    let row = |at: usize| (summary.rows[at].layer, summary.rows[at].shape.clone());
    assert_eq!(row(0), ("Conv2d", vec![1, 64, 224, 224]));
    assert_eq!(row(6), ("MaxPool2d", vec![1, 64, 112, 112]));
    assert_eq!(row(43), ("MaxPool2d", vec![1, 512, 7, 7]));
}

#[test]
fn a_vgg16_has_two_groups_and_rounds_its_cells_down() {
    let architecture = Architecture::Vgg16Bn;
    let names: Vec<_> = architecture.groups().iter().map(|g| g.name).collect();
    assert_eq!(names, ["body", "head"]);
    assert_eq!([90, 96].map(|pixels| architecture.cells(pixels)), [2, 3]);
    let residual = Architecture::ResNet34;
    assert_eq!([90, 96].map(|pixels| residual.cells(pixels)), [3, 3]);
    for architecture in Architecture::ALL.iter().copied() {
        let features = narrow(architecture)
            .init(Algorithm::Exact, 0, &Device::flex())
            .for_inference()
            .body
            .forward(noise(1, 90));
        let cells = architecture.cells(90);
        let channels = architecture.feature_channels(NARROW);
        assert_eq!(
            features.dims(),
            [1, channels, cells, cells],
            "{architecture}"
        );
    }
}

#[test]
fn what_a_stage_does_not_train_stays_as_it_is() {
    for architecture in [Architecture::ResNet50, Architecture::Vgg16Bn] {
        for trainable in [Trainable::Head, Trainable::All] {
            let mut network = narrow(architecture)
                .init(Algorithm::Exact, 0, &Device::flex())
                .with_trainable(trainable)
                .train();
            let before = network.state();
            let logits = network.forward_train(Tensor::from_inner(noise(4, 64)), &mut rng());
            let mut gradients = logits.powi_scalar(2).sum().backward();
            let mut asked = OneMore(BTreeSet::new());
            let network = network.update(&mut gradients, &mut asked);
            let after = network.state();
            for parameter in network.parameters() {
                let name = &parameter.name;
                let is_trained = trainable.includes(&parameter);
                assert_eq!(asked.0.contains(name), is_trained, "{architecture} {name}");
                if parameter.kind != Kind::Statistic {
                    let is_same = before.get(name) == after.get(name);
                    assert_eq!(is_same, !is_trained, "{architecture} {name}");
                }
            }
        }
    }
}

/// A broken weight must not look like a network that knows nothing: ReLU and pooling pass NaN on, as PyTorch's do.
#[test]
fn a_nan_in_any_layer_of_the_body_reaches_the_logits() {
    for architecture in [
        Architecture::ResNet18,
        Architecture::ResNet50,
        Architecture::Vgg16Bn,
    ] {
        let spec = narrow(architecture);
        let network = spec.init(Algorithm::Fast, 0, &Device::flex());
        let state = network.state();
        for parameter in network.parameters() {
            let name = &parameter.name;
            if parameter.is_of_head() {
                continue;
            }
            let mut values = state.get(name).unwrap().as_floats().unwrap().to_vec();
            values[0] = f32::NAN;
            let mut broken = state.clone();
            broken.insert(name, NamedTensor::floats(parameter.shape, values));
            let network = network.clone().with_state(broken).for_inference();
            let logits = network.forward(noise(1, 64)).into_data();
            let has_nan = logits.iter::<f32>().any(f32::is_nan);
            assert!(has_nan, "{architecture} {name}: {logits:?}");
        }
    }
}

/// Adds one to every parameter that has a gradient.
struct OneMore(BTreeSet<String>);

impl ParameterUpdate for OneMore {
    fn update<const D: usize>(
        &mut self,
        parameter: &Parameter,
        value: Tensor<D>,
        _gradient: Tensor<D>,
    ) -> Tensor<D> {
        self.0.insert(parameter.name.clone());
        value + 1.0
    }
}

#[test]
fn the_same_seed_draws_the_same_network() {
    let spec = narrow(Architecture::ResNet50);
    let draw = |seed| spec.init(Algorithm::Exact, seed, &Device::flex()).state();
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn running_variance_is_the_unbiased_one_of_torch() {
    let mut network = narrow(Architecture::ResNet18)
        .init(Algorithm::Exact, 0, &Device::flex())
        .train();
    let pictures = noise(3, 32);
    let before = network.state();
    network.forward_train(Tensor::from_inner(pictures.clone()), &mut rng());
    let after = network.state();
    // The first convolution's output, recomputed with burn's own operation.
    let weight = before.get("conv1.weight").unwrap();
    let weight = TensorData::new(weight.as_floats().unwrap().to_vec(), weight.shape.clone());
    let options = burn::tensor::ops::ConvOptions::new([2, 2], [3, 3], [1, 1], 1);
    let x = burn::tensor::module::conv2d(
        pictures,
        Tensor::<4>::from_data(weight, &Device::flex()),
        None,
        options,
    );
    let channel: Vec<f64> = x
        .slice([0..3, 0..1, 0..16, 0..16])
        .into_data()
        .iter::<f32>()
        .map(f64::from)
        .collect();
    let count = channel.len() as f64;
    let mean = channel.iter().sum::<f64>() / count;
    let unbiased = channel.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let running = f64::from(after.get("bn1.running_var").unwrap().as_floats().unwrap()[0]);
    // f32 sums over 768 values; the biased variance would be off by 1.3e-4 of the update.
    assert!(
        (running - (0.9 + 0.1 * unbiased)).abs() < 2e-6 * running,
        "{running} {unbiased}"
    );
}

#[test]
fn a_clone_keeps_its_own_running_statistics() {
    let mut network = narrow(Architecture::ResNet18)
        .init(Algorithm::Exact, 0, &Device::flex())
        .train();
    let clone = network.clone();
    let before = clone.state();
    network.forward_train(Tensor::from_inner(noise(2, 32)), &mut rng());
    assert_eq!(clone.state(), before);
    assert_ne!(network.state(), before);
}

#[test]
fn the_state_of_a_network_comes_back() {
    let spec = narrow(Architecture::ResNet50);
    let state = spec.init(Algorithm::Exact, 1, &Device::flex()).state();
    assert_eq!(
        spec.blank(Algorithm::Exact, &Device::flex())
            .with_state(state.clone())
            .state(),
        state
    );
}

#[test]
fn a_batch_predicts_what_its_pictures_predict_one_by_one() {
    let network = narrow(Architecture::ResNet50)
        .init(Algorithm::Exact, 1, &Device::flex())
        .for_inference();
    let pictures = noise(3, 64);
    let together: Vec<f32> = network
        .forward(pictures.clone())
        .into_data()
        .iter::<f32>()
        .collect();
    let alone: Vec<f32> = (0..3)
        .flat_map(|i| {
            network
                .forward(pictures.clone().narrow(0, i, 1))
                .into_data()
                .iter::<f32>()
                .collect::<Vec<_>>()
        })
        .collect();
    let largest = together.iter().fold(0f32, |a, b| a.max(b.abs()));
    for (a, b) in together.iter().zip(&alone) {
        assert!((a - b).abs() <= 1e-5 * largest, "{a} {b}");
    }
}

/// Through 18 to 50 layers, each of which rounds both factors to 2^-9.
#[test]
fn a_network_in_bf16_predicts_nearly_what_it_predicts_in_f32() {
    for architecture in [Architecture::ResNet18, Architecture::ResNet50] {
        for algorithm in [Algorithm::Exact, Algorithm::Fast] {
            let spec = NetworkSpec {
                base_width: 32,
                ..NetworkSpec::new(architecture, 5)
            };
            let network = spec.init(algorithm, 1, &Device::flex());
            let logits = |precision| -> Vec<f32> {
                let network = network.for_inference_with(InferenceOptions {
                    precision,
                    ..InferenceOptions::default()
                });
                network.forward(noise(3, 64)).into_data().iter().collect()
            };
            let (expected, found) = (logits(Precision::F32), logits(Precision::Bf16));
            assert_ne!(found, expected, "{architecture}");
            let largest = expected.iter().fold(0f32, |a, b| a.max(b.abs()));
            for (a, b) in found.iter().zip(&expected) {
                assert!(
                    (a - b).abs() <= 0.02 * largest,
                    "{architecture} {found:?} {expected:?}"
                );
            }
        }
    }
}

/// The gradients of the squared logits, through 18 to 50 layers forth and back. All of them together point the same way: the
/// rounding of a factor is 2^-9, that of so many layers on each way some percent, and now and then a ReLU flips.
#[test]
fn a_network_that_trains_in_bf16_gets_nearly_the_gradients_of_f32() {
    for architecture in [Architecture::ResNet18, Architecture::ResNet50] {
        let spec = NetworkSpec {
            base_width: 32,
            dropout: [0.0; 2],
            ..NetworkSpec::new(architecture, 5)
        };
        let gradients = |precision| -> Vec<f32> {
            let network = spec.init(Algorithm::Fast, 1, &Device::flex());
            let network = network.with_trainable(Trainable::All).train();
            let mut network = network.with_precision(precision);
            let logits = network.forward_train(Tensor::from_inner(noise(4, 64)), &mut rng());
            let mut gradients = logits.powi_scalar(2).sum().backward();
            let gradients = network.take_gradients(&mut gradients).into_values();
            gradients
                .flat_map(|one| one.to_data().iter().collect::<Vec<f32>>())
                .collect()
        };
        let (single, half) = (gradients(Precision::F32), gradients(Precision::Bf16));
        assert!(single != half, "bf16 was not used");
        let product = |a: &[f32], b: &[f32]| -> f64 {
            let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
            products.sum()
        };
        let lengths = product(&single, &single) * product(&half, &half);
        let cosine = product(&single, &half) / lengths.sqrt();
        assert!(cosine > 0.95, "{architecture}: {cosine}");
    }
}

fn narrow(architecture: Architecture) -> NetworkSpec {
    NetworkSpec {
        base_width: NARROW,
        ..NetworkSpec::new(architecture, 5)
    }
}

fn noise(count: usize, size: usize) -> Tensor<4> {
    use rand::RngExt;
    let mut rng = rng();
    let values: Vec<f32> = (0..count * 3 * size * size)
        .map(|_| rng.random::<f32>() * 4.0 - 2.0)
        .collect();
    Tensor::from_data(
        TensorData::new(values, [count, 3, size, size]),
        &Device::flex(),
    )
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(9)
}

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures")
        .join(name);
    fs::read_to_string(path).unwrap()
}
