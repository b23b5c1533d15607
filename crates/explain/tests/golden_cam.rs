//! The maps of `tests/fixtures/cam` (PyTorch in f64), and batches against single pictures.

#[path = "../../../tests/fixtures/cam/picture.rs"]
mod picture;

use burn::tensor::{Device, Tensor, TensorData};
use cam::{Asked, FeatureMap, HeatMap, Method, method};
use explain::network::{Answer, Question};
use network::{
    Algorithm, Architecture, HeadKind, InferenceNetwork, NetworkSpec,
    weights::{StateDict, layout},
};
use picture::picture;
use std::path::{Path, PathBuf};

/// The networks of the reference: folder and head.
const NETWORKS: [(&str, HeadKind); 2] = [
    ("narrow", HeadKind::Plain),
    ("narrow_fastai", HeadKind::Fastai),
];
const SIZES: [[usize; 2]; 3] = [[224, 224], [352, 352], [224, 288]];
const CLASSES: [usize; 3] = [0, 2, 4];
/// Methods with a reference, and its name.
const METHODS: [(&str, &str); 7] = [
    ("activation", "activation_map"),
    ("grad-cam", "grad_cam"),
    ("grad-cam++", "grad_cam_pp"),
    ("layer-cam", "layer_cam"),
    ("hires-cam", "hires_cam"),
    ("xgrad-cam", "xgrad_cam"),
    ("eigen-cam", "eigen_cam"),
];
/// Of the largest value of a picture's map; the rounding of f32 over 36 layers.
const TOLERANCE: f32 = 1e-4;

#[test]
fn every_map_is_that_of_pytorch() {
    for (name, head) in NETWORKS {
        agree(
            name,
            &load(name, head, &Device::flex()),
            &Device::flex(),
            TOLERANCE,
        );
    }
}

/// On every GPU that this build reaches.
#[cfg(feature = "gpu")]
#[test]
fn every_map_is_that_of_pytorch_on_every_device() {
    for listed in kernels::gpus() {
        // NVIDIA's tensor cores multiply f32 with a mantissa of ten bits. On an H100 a map of these narrow networks, whose
        // positive and negative parts nearly cancel, was off by 3.2e-2 of its largest value.
        let tolerance = if listed.typed.starts_with("cuda") {
            0.1
        } else {
            TOLERANCE
        };
        for (name, head) in NETWORKS {
            let network = load(name, head, &listed.device);
            agree(name, &network, &listed.device, tolerance);
        }
    }
}

#[test]
fn a_batch_gives_the_same_bits_as_its_pictures_one_by_one() {
    for (name, head) in NETWORKS {
        let network = load(name, head, &Device::flex());
        let pictures: Vec<Vec<f32>> = (0..5).map(|b| picture(96, 64, b)).collect();
        let device = &Device::flex();
        let together = maps(&network, &pictures, [96, 64], &[0, 3], device);
        for (index, picture) in pictures.iter().enumerate() {
            let alone = maps(
                &network,
                std::slice::from_ref(picture),
                [96, 64],
                &[0, 3],
                device,
            );
            assert_eq!(together[index], alone[0], "{name}, picture {index}");
        }
    }
}

fn agree(name: &str, network: &InferenceNetwork, device: &Device, tolerance: f32) {
    let golden = StateDict::read(&folder(name).join("expected.safetensors")).unwrap();
    let value = |key: &str| {
        golden
            .get(key)
            .unwrap_or_else(|| panic!("{key}"))
            .as_floats()
            .unwrap()
            .to_vec()
    };
    let mut compared = 0;
    for [height, width] in SIZES {
        let pictures = [0, 1].map(|b| picture(height, width, b));
        let found = maps(network, &pictures, [height, width], &CLASSES, device);
        for (b, of_picture) in found.iter().enumerate() {
            for (class, of_class) in CLASSES.iter().zip(of_picture) {
                for ((method, reference), map) in methods().zip(of_class) {
                    let prefix = format!("{height}x{width}.{b}");
                    let key = if method.is_class_specific() {
                        format!("{prefix}.class{class}.{reference}")
                    } else {
                        format!("{prefix}.{reference}")
                    };
                    assert_eq!([map.height, map.width], [height / 32, width / 32]);
                    close(&key, &value(&key), map, tolerance);
                    compared += 1;
                    let rectified = format!("{key}_relu");
                    if golden.get(&rectified).is_some() {
                        close(&rectified, &value(&rectified), &map.rectified(), tolerance);
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(
        compared,
        SIZES.len() * 2 * CLASSES.len() * (METHODS.len() + 3)
    );
}

fn methods() -> impl Iterator<Item = (&'static Method, &'static str)> {
    METHODS
        .iter()
        .map(|(name, reference)| (method(name).unwrap(), *reference))
}

fn close(key: &str, expected: &[f32], found: &HeatMap, tolerance: f32) {
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert_eq!(expected.len(), found.values.len(), "{key}");
    for (expected, found) in expected.iter().zip(&found.values) {
        let error = (expected - found).abs();
        assert!(
            error <= tolerance * largest,
            "{key}: {found} instead of {expected}, largest {largest}"
        );
    }
}

/// For each picture and class the maps of all methods.
fn maps(
    network: &InferenceNetwork,
    pictures: &[Vec<f32>],
    [height, width]: [usize; 2],
    classes: &[usize],
    device: &Device,
) -> Vec<Vec<Vec<HeatMap>>> {
    let data = TensorData::new(pictures.concat(), [pictures.len(), 3, height, width]);
    let answer = Answer::new(network, Tensor::from_data(data, device));
    let questions: Vec<Question> = (0..pictures.len())
        .flat_map(|picture| {
            classes.iter().map(move |class| Question {
                picture,
                class: *class,
            })
        })
        .collect();
    let gradients = answer.gradients(&questions).unwrap();
    let mut found = Vec::new();
    for (features, gradients) in answer
        .features()
        .unwrap()
        .iter()
        .zip(gradients.chunks_exact(classes.len()))
    {
        let of_class = |(gradient, class): (_, &usize)| {
            let asked = FeaturesAndGradient {
                features,
                gradient,
                class: *class,
            };
            methods().map(|(method, _)| method.map(&asked)).collect()
        };
        found.push(gradients.iter().zip(classes).map(of_class).collect());
    }
    found
}

/// The answers for which there are reference maps; whoever asks for another fails the test.
struct FeaturesAndGradient<'a> {
    features: &'a FeatureMap,
    gradient: &'a FeatureMap,
    class: usize,
}

impl Asked for FeaturesAndGradient<'_> {
    fn features(&self) -> &FeatureMap {
        self.features
    }

    fn gradient(&self) -> &FeatureMap {
        self.gradient
    }

    fn class(&self) -> usize {
        self.class
    }

    fn frame_size(&self) -> [usize; 2] {
        without_reference("frame")
    }

    fn frame(&self) -> &[f32] {
        without_reference("frame")
    }

    fn scores(&self, _: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        without_reference("scores of altered frames")
    }
}

fn without_reference(what: &str) -> ! {
    panic!("the vectors have no {what}: a method that asks for it needs a reference of its own")
}

fn load(name: &str, head: HeadKind, device: &Device) -> InferenceNetwork {
    let spec = NetworkSpec {
        base_width: 4,
        head,
        ..NetworkSpec::new(Architecture::ResNet34, 5)
    };
    let network = spec.blank(Algorithm::Fast, device);
    let state = StateDict::read(&folder(name).join("state.safetensors")).unwrap();
    let state = layout::to_canonical(state, network.architecture()).unwrap();
    state.check(&network.shapes(), |_| false).unwrap();
    network.with_state(state).for_inference()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/cam")
        .join(name)
}
