//! The maps of `tests/fixtures/cam` (PyTorch in f64), and batches against single pictures.

#[path = "../../../tests/fixtures/cam/picture.rs"]
mod picture;

use burn::tensor::{Device, Tensor, TensorData};
use cam::{
    Against, Asked, Check, FeatureMap, Fusion, HeatMap, Method, ReluGradient, Score, Target, fused,
    method,
};
use explain::network::{Answer, Question, pixel_gradients};
use network::{
    Algorithm, Architecture, HeadKind, InferenceNetwork, InferenceOptions, NetworkSpec,
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
        for (name, head) in NETWORKS {
            let network = load(name, head, &listed.device);
            if listed.typed.starts_with("cuda") {
                let cpu = load(name, head, &Device::flex());
                ingredients_agree(name, &cpu, &network, &listed.device);
            } else {
                agree(name, &network, &listed.device, TOLERANCE);
            }
        }
    }
}

/// Largest differences of feature maps and of the gradients of a channel, as shares of the largest value: twice and five
/// times what an H100 showed. Its tensor cores multiply f32 with a mantissa of ten bits, in each of 36 layers.
#[cfg(feature = "gpu")]
const TENSOR_CORES: [f64; 2] = [4e-2, 2e-3];

/// Feature maps, and the gradients of each channel together, are those of the CPU, of which the methods make maps in plain
/// numbers. The maps themselves say little on tensor cores: of these narrow networks some are sums that cancel to a tenth of
/// their parts and less. Nor do gradients behind fastai's head, where another position may be the largest of a channel, and
/// hidden units near zero are there or not.
#[cfg(feature = "gpu")]
fn ingredients_agree(name: &str, cpu: &InferenceNetwork, gpu: &InferenceNetwork, device: &Device) {
    let mut worst = [0.0f64; 2];
    for [height, width] in SIZES {
        let pictures = [0, 1].map(|b| picture(height, width, b));
        let [expected, found] = [(cpu, &Device::flex()), (gpu, device)].map(|(network, device)| {
            let data = TensorData::new(pictures.concat(), [2, 3, height, width]);
            let answer = Answer::new(network, Tensor::from_data(data, device));
            let questions: Vec<Question> = (0..2)
                .flat_map(|picture| {
                    CLASSES.map(|class| Question {
                        picture,
                        target: Target::logit(class),
                    })
                })
                .collect();
            let gradients = answer.gradients(&questions).unwrap();
            let values = |maps: &FeatureMap| maps.channels().flatten().copied().collect();
            let sums = |maps: &FeatureMap| maps.channels().map(|map| map.iter().sum()).collect();
            let features: Vec<Vec<f32>> = answer.features().unwrap().iter().map(values).collect();
            [features, gradients.iter().map(sums).collect()]
        });
        for (worst, (expected, found)) in worst.iter_mut().zip(expected.iter().zip(&found)) {
            for (expected, found) in expected.iter().zip(found) {
                *worst = worst.max(difference(expected, found));
            }
        }
    }
    let [features, gradients] = worst;
    println!("{name}: features {features:.1e}, gradients of channels {gradients:.1e}");
    assert!(features <= TENSOR_CORES[0], "{name}: {features:e}");
    assert!(
        name != "narrow" || gradients <= TENSOR_CORES[1],
        "{name}: {gradients:e}"
    );
}

/// Largest difference as a share of the largest value.
#[cfg(feature = "gpu")]
fn difference(expected: &[f32], found: &[f32]) -> f64 {
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let differences = expected
        .iter()
        .zip(found)
        .map(|(e, f)| f64::from((e - f).abs() / largest));
    differences.fold(
        0.0,
        |worst, d| if d > worst || d.is_nan() { d } else { worst },
    )
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

/// Maps of each layer, of each target, and of the methods that ask for more than a gradient: `more.safetensors`.
#[test]
fn every_layer_target_and_method_is_that_of_pytorch() {
    for (name, head) in NETWORKS {
        let network = load(name, head, &Device::flex());
        let golden = StateDict::read(&folder(name).join("more.safetensors")).unwrap();
        for (key, expected) in golden.iter() {
            let map = map_of(&network, key);
            close(key, expected.as_floats().unwrap(), &map, tolerance_of(key));
        }
        assert_eq!(golden.iter().count(), 2 * 8 + 4 * (6 + 5) + 1, "{name}");
    }
}

/// Maps of pixels and of several layers: `pixels.safetensors`.
#[test]
fn every_map_of_pixels_and_of_fused_layers_is_that_of_captum_and_numpy() {
    for (name, head) in NETWORKS {
        let network = load(name, head, &Device::flex());
        let golden = StateDict::read(&folder(name).join("pixels.safetensors")).unwrap();
        let mut compared = 0;
        for (key, expected) in golden.iter().filter(|(key, _)| !key.ends_with("sums")) {
            let expected = expected.as_floats().unwrap();
            let (map, check) = match key.split('.').nth(3) {
                Some(fusion) if key.ends_with(".grad_cam_pp") => {
                    (fused_map(&network, key, fusion), None)
                }
                _ => checked_map_of(&network, key),
            };
            close(key, expected, &map, PIXEL_TOLERANCE);
            if let Some(check) = check {
                let sums = key.replace("integrated_gradients", "sums");
                adds_up_to(
                    golden.get(&sums).unwrap().as_floats().unwrap(),
                    &check,
                    expected,
                );
            }
            compared += 1;
        }
        assert_eq!(compared, 2 * 3 + 1 + 2 * 4, "{name}");
    }
}

/// Of the largest value. At a ReLU near 0 the rounding of f32 decides which way a gradient takes, as it does for earlier layers.
const PIXEL_TOLERANCE: f32 = 1e-3;

/// Compares sum and gain of integrated gradients, to the rounding of the `values` that are added up.
fn adds_up_to(expected: &[f32], check: &Check, values: &[f32]) {
    let Check::Completeness { steps, sum, gain } = check else {
        panic!("another check: {check:?}");
    };
    let all: f32 = values.iter().map(|value| value.abs()).sum();
    assert_eq!(*steps, 50);
    for (found, expected) in [sum, gain].into_iter().zip(expected) {
        assert!(
            (*found as f32 - expected).abs() < 1e-3 * all,
            "{check:?} instead of {expected:?}"
        );
    }
}

/// The map called `224x224.0.class2.product34.grad_cam_pp`: of all layers, or of those that are named.
fn fused_map(network: &InferenceNetwork, key: &str, fusion: &str) -> HeatMap {
    let (fusion, layers) = match fusion {
        "product" => (Fusion::Product, 1..=4),
        "product34" => (Fusion::Product, 3..=4),
        "maximum" => (Fusion::Maximum, 1..=4),
        _ => (Fusion::Maximum, 3..=4),
    };
    let part = key.split('.').nth(3).unwrap();
    let of_layer = |layer| map_of(network, &key.replace(part, &format!("layer{layer}")));
    fused(&layers.map(of_layer).collect::<Vec<_>>(), fusion)
}

/// Of a map's largest value. Differences of scores that are nearly equal (Ablation-CAM, occlusion) lose digits of f32: the
/// scores of these networks are about 3, and the smallest differences that decide about 0.003. Earlier layers have the rounding
/// of the way back through the later ones too, and a principal component of gradients turns by their rounding over the gap to
/// the next one.
fn tolerance_of(key: &str) -> f32 {
    let differs = [
        "ablation_cam",
        "occlusion",
        "eigen_grad_cam",
        "layer1",
        "layer2",
        "layer3",
    ];
    if differs.iter().any(|part| key.contains(part)) {
        1e-3
    } else {
        TOLERANCE
    }
}

/// The map called `224x288.0.class2.finer.grad_cam`: size, picture, class, layer or target if it is not the usual one, method.
fn map_of(network: &InferenceNetwork, key: &str) -> HeatMap {
    checked_map_of(network, key).0
}

/// The same with what the method found out about it.
fn checked_map_of(network: &InferenceNetwork, key: &str) -> (HeatMap, Option<Check>) {
    let parts: Vec<&str> = key.split('.').collect();
    let (size, rest) = (parts[0].split_once('x').unwrap(), &parts[1..]);
    let [height, width] = [size.0, size.1].map(|side| side.parse::<usize>().unwrap());
    let pixels = picture(height, width, rest[0].parse().unwrap());
    let mut target = Target::logit(rest[1]["class".len()..].parse().unwrap());
    let mut stage = 3;
    match rest[2] {
        "softmax" => target.score = Score::Probability,
        "against4" => target.against = Against::Class(4),
        "finer" => target.against = Against::Nearest,
        name if name.starts_with("layer") && rest.len() > 3 => {
            stage = network
                .body
                .stages()
                .position(|stage| stage == name)
                .unwrap();
        }
        _ => {}
    }
    let name = match rest[rest.len() - 1] {
        "ablation_cam" => "ablation-cam",
        "eigen_grad_cam" => "eigen-grad-cam",
        "elementwise" => "grad-cam-elementwise",
        "grad_cam" => "grad-cam",
        "grad_cam_pp" => "grad-cam++",
        "guided_backprop" => "guided-backprop",
        "guided_grad_cam" => "guided-grad-cam",
        "integrated_gradients" => "integrated-gradients",
        "hires_cam" => "hires-cam",
        "layer_cam" => "layer-cam",
        "score_cam" => "score-cam",
        other => other,
    };
    let pictures = |pixels: Vec<f32>| -> Tensor<4> {
        let count = pixels.len() / (3 * height * width);
        let data = TensorData::new(pixels, [count, 3, height, width]);
        Tensor::from_data(data, &Device::flex())
    };
    let look = |pixels| Answer::of_stages(network, &[stage], pictures(pixels)).remove(0);
    let back = |pixels, relu| pixel_gradients(network, pictures(pixels), target, relu).remove(0);
    let answer = look(pixels.clone());
    let question = Question { picture: 0, target };
    method(name).unwrap().checked_map(&AskedNetwork {
        features: answer.features().unwrap().remove(0),
        gradient: answer.gradients(&[question]).unwrap().remove(0),
        answer: &answer,
        look: &look,
        back: &back,
        pixels,
        size: [width, height],
        target,
    })
}

/// A network that answers everything about one picture and one target.
struct AskedNetwork<'a> {
    features: FeatureMap,
    gradient: FeatureMap,
    answer: &'a Answer<'a>,
    look: &'a dyn Fn(Vec<f32>) -> Answer<'a>,
    back: &'a dyn Fn(Vec<f32>, ReluGradient) -> Vec<f32>,
    pixels: Vec<f32>,
    size: [usize; 2],
    target: Target,
}

impl Asked for AskedNetwork<'_> {
    fn features(&self) -> &FeatureMap {
        &self.features
    }

    fn gradient(&self) -> &FeatureMap {
        &self.gradient
    }

    fn score(&self) -> f32 {
        self.target.value(&self.answer.logits[0]) as f32
    }

    fn frame_size(&self) -> [usize; 2] {
        self.size
    }

    fn frame(&self) -> &[f32] {
        &self.pixels
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        let score = |frame| self.target.value(&(self.look)(frame).logits[0]) as f32;
        frames.map(score).collect()
    }

    fn scores_without_each_channel(&self) -> Vec<f32> {
        let logits = self.answer.logits_without_each_channel(0);
        logits
            .iter()
            .map(|logits| self.target.value(logits) as f32)
            .collect()
    }

    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        relu: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        frames.for_each(|frame| take(&(self.back)(frame, relu)));
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
                target: Target::logit(*class),
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
        let of_class = |gradient| {
            let asked = FeaturesAndGradient { features, gradient };
            methods().map(|(method, _)| method.map(&asked)).collect()
        };
        found.push(gradients.iter().map(of_class).collect());
    }
    found
}

/// The answers for which there are reference maps; whoever asks for another fails the test.
struct FeaturesAndGradient<'a> {
    features: &'a FeatureMap,
    gradient: &'a FeatureMap,
}

impl Asked for FeaturesAndGradient<'_> {
    fn features(&self) -> &FeatureMap {
        self.features
    }

    fn gradient(&self) -> &FeatureMap {
        self.gradient
    }

    fn score(&self) -> f32 {
        without_reference("score")
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

    fn scores_without_each_channel(&self) -> Vec<f32> {
        without_reference("scores of altered features")
    }

    fn pixel_gradients(
        &self,
        _: &mut dyn Iterator<Item = Vec<f32>>,
        _: ReluGradient,
        _: &mut dyn FnMut(&[f32]),
    ) {
        without_reference("gradients of pixels")
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
    let options = InferenceOptions {
        gradients: true,
        ..InferenceOptions::default()
    };
    network.with_state(state).for_inference_with(options)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/cam")
        .join(name)
}
