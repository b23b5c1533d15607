//! Key layouts of torchvision, fastai 1 and sequential bodies; matching with a network; downloads by name.

use network::{
    Architecture,
    weights::{NamedTensor, StateDict, TensorValues, WeightsError, layout, registry},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layouts of a residual network: all of them have the same.
const RESIDUAL: Architecture = Architecture::ResNet34;

fn to_canonical(state: StateDict) -> Result<StateDict, WeightsError> {
    layout::to_canonical(state, RESIDUAL)
}

fn to_fastai(state: StateDict) -> Result<StateDict, WeightsError> {
    layout::to_fastai(state, RESIDUAL)
}

fn to_torchvision(state: StateDict) -> Result<StateDict, WeightsError> {
    layout::to_torchvision(state, RESIDUAL)
}

/// One entry of the state dictionary of fastai 1.0.30's ResNet-34 with 37 classes.
struct Entry {
    fastai: String,
    torchvision: Option<String>,
    shape: Vec<usize>,
    is_counter: bool,
}

impl Entry {
    fn canonical(&self) -> String {
        let head = || self.fastai.replacen("1.", "head.", 1);
        self.torchvision.clone().unwrap_or_else(head)
    }

    fn zeros(&self) -> NamedTensor {
        let count = self.shape.iter().product();
        let values = if self.is_counter {
            TensorValues::I64(vec![0; count])
        } else {
            TensorValues::F32(vec![0.0; count])
        };
        NamedTensor {
            shape: self.shape.clone(),
            values,
        }
    }
}

fn fastai_resnet34() -> Vec<Entry> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/fastai/03_head/model.json");
    let model: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let entries: Vec<Entry> = model["state_dict"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| Entry {
            fastai: entry["name"].as_str().unwrap().to_owned(),
            torchvision: entry["torchvision"].as_str().map(str::to_owned),
            shape: serde_json::from_value(entry["shape"].clone()).unwrap(),
            is_counter: entry["dtype"] == "int64",
        })
        .collect();
    assert_eq!(entries.len(), 235);
    entries
}

/// What a network of this crate would hold: canonical names, no counters.
fn canonical_resnet34() -> StateDict {
    let entries = fastai_resnet34();
    let parameters = entries.iter().filter(|entry| !entry.is_counter);
    parameters
        .map(|entry| (entry.canonical(), entry.zeros()))
        .collect()
}

fn names(state: &StateDict) -> Vec<String> {
    state.names().map(str::to_owned).collect()
}

/// A small network in canonical names; every tensor has other numbers.
fn small(head: &[&str]) -> StateDict {
    let body = [
        "bn1.weight",
        "bn1.running_var",
        "layer1.0.conv1.weight",
        "layer2.1.bn2.bias",
        "layer3.0.downsample.0.weight",
        "layer4.0.downsample.1.running_mean",
    ];
    let stem = (
        "conv1.weight".to_owned(),
        NamedTensor::floats([1, 3, 1, 1], vec![-1.0; 3]),
    );
    let others = body.iter().chain(head).enumerate();
    let others = others.map(|(at, name)| {
        (
            (*name).to_owned(),
            NamedTensor::floats([1], vec![at as f32]),
        )
    });
    std::iter::once(stem).chain(others).collect()
}

fn renamed(state: &StateDict, rename: impl Fn(&str) -> String) -> StateDict {
    state
        .iter()
        .map(|(name, tensor)| (rename(name), tensor.clone()))
        .collect()
}

fn shapes(state: &StateDict) -> Vec<(String, Vec<usize>)> {
    state
        .iter()
        .map(|(name, tensor)| (name.to_owned(), tensor.shape.clone()))
        .collect()
}

#[test]
fn a_resnet34_is_exported_under_fastais_names_shapes_and_order() {
    let exported = to_fastai(canonical_resnet34()).unwrap();
    let entries = fastai_resnet34();
    let expected: Vec<&str> = entries.iter().map(|entry| entry.fastai.as_str()).collect();
    assert_eq!(names(&exported), expected);
    for entry in &entries {
        assert_eq!(
            exported.get(&entry.fastai),
            Some(&entry.zeros()),
            "{}",
            entry.fastai
        );
    }
}

#[test]
fn a_resnet34_is_exported_under_torchvisions_names() {
    let exported = to_torchvision(canonical_resnet34()).unwrap();
    let expected: Vec<String> = fastai_resnet34()
        .iter()
        .map(|entry| entry.canonical().replacen("head.", "fc.", 1))
        .collect();
    assert_eq!(names(&exported), expected);
}

#[test]
fn exports_are_read_back_as_they_were() {
    let fastai_head = small(&["head.2.weight", "head.9.running_var"]);
    let plain_head = small(&["fc.weight", "fc.bias"]);
    let exports = [
        (&fastai_head, to_fastai(fastai_head.clone()).unwrap()),
        (&fastai_head, to_torchvision(fastai_head.clone()).unwrap()),
        (&plain_head, to_torchvision(plain_head.clone()).unwrap()),
    ];
    for (original, exported) in exports {
        assert_ne!(&exported, original);
        assert_eq!(&to_canonical(exported).unwrap(), original);
    }
}

/// `vgg/state.safetensors` has PyTorch's own names.
#[test]
fn a_vgg16_is_read_from_fastais_layout_and_written_back_as_it_was() {
    let vgg = Architecture::Vgg16Bn;
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vgg/state.safetensors");
    let file = StateDict::read(&path).unwrap();
    let canonical = layout::to_canonical(file.clone(), vgg).unwrap();
    let names_of_all: Vec<_> = canonical.names().collect();
    assert_eq!(names_of_all[..2], ["features.0.weight", "features.0.bias"]);
    assert!(names_of_all.contains(&"features.41.running_var"));
    assert!(names_of_all.contains(&"head.9.running_var"));

    let exported = layout::to_fastai(canonical.clone(), vgg).unwrap();
    assert_eq!(names(&exported), names(&file));
    for (name, tensor) in exported.iter() {
        // The counters that PyTorch wrote count the batches it had seen.
        if !name.ends_with("num_batches_tracked") {
            assert_eq!(Some(tensor), file.get(name), "{name}");
        }
    }
    let exported = layout::to_torchvision(canonical.clone(), vgg).unwrap();
    assert!(exported.get("features.0.bias").is_some());
    assert!(exported.get("classifier.8.weight").is_some());
    assert_eq!(layout::to_canonical(exported, vgg).unwrap(), canonical);
}

#[test]
fn torchvisions_classifier_is_no_head_of_this_program() {
    let vgg = Architecture::Vgg16Bn;
    let tensor = || NamedTensor::floats([1], vec![0.0]);
    let published = [
        "features.0.weight",
        "features.4.running_mean",
        "classifier.0.weight",
        "classifier.6.bias",
    ];
    let published: StateDict = published
        .map(|name| (name.to_owned(), tensor()))
        .into_iter()
        .collect();
    let canonical = layout::to_canonical(published.clone(), vgg).unwrap();
    assert_eq!(canonical, published);
    let plain: StateDict = ["features.4.running_mean", "classifier.weight"]
        .map(|name| (name.to_owned(), tensor()))
        .into_iter()
        .collect();
    let canonical = layout::to_canonical(plain.clone(), vgg).unwrap();
    assert!(canonical.get("fc.weight").is_some());
    let mut exported = layout::to_torchvision(canonical, vgg).unwrap();
    exported.remove("features.4.running_mean");
    assert_eq!(names(&exported), ["classifier.weight"]);
}

#[test]
fn bodies_under_any_prefix_and_in_any_sequence_are_recognised() {
    let body = small(&[]);
    let sequential = |name: &str| {
        let (child, rest) = name.split_once('.').unwrap();
        let place = match child {
            "conv1" => 0,
            "bn1" => 1,
            layer => 3 + layer["layer".len()..].parse::<usize>().unwrap(),
        };
        format!("{place}.{rest}")
    };
    for prefix in ["", "0.", "features.", "encoder.body."] {
        let foreign = renamed(&body, |name| format!("{prefix}{}", sequential(name)));
        assert_eq!(to_canonical(foreign).unwrap(), body, "{prefix}");
    }
    for prefix in ["", "backbone.", "net.encoder."] {
        let foreign = renamed(&body, |name| format!("{prefix}{name}"));
        assert_eq!(to_canonical(foreign).unwrap(), body, "{prefix}");
    }
}

#[test]
fn tensors_beside_the_network_never_take_the_place_of_its_own() {
    let mut foreign = renamed(&small(&[]), |name| format!("backbone.{name}"));
    foreign.insert("fc10.weight", NamedTensor::floats([1], vec![0.0]));
    // The first convolution of another network in the same file.
    foreign.insert("conv1.weight", NamedTensor::floats([9], vec![0.0; 9]));
    let mut canonical = to_canonical(foreign).unwrap();
    assert!(canonical.remove("fc10.weight").is_some());
    assert_eq!(canonical, small(&[]));
}

#[test]
fn one_parameter_under_two_names_is_an_error() {
    let state = small(&["fc.2.weight", "head.2.weight"]);
    let error = to_canonical(state).unwrap_err();
    assert!(
        matches!(&error, WeightsError::NamedTwice { name } if name == "head.2.weight"),
        "{error}"
    );
}

#[test]
fn a_plain_head_has_no_place_in_fastais_layout() {
    let error = to_fastai(small(&["fc.bias"])).unwrap_err();
    assert!(
        matches!(&error, WeightsError::NoPlaceInLayout { name, .. } if name == "fc.bias"),
        "{error}"
    );
    let error = to_torchvision(small(&["running_var"])).unwrap_err();
    assert!(
        matches!(&error, WeightsError::NoPlaceInLayout { name, .. } if name == "running_var"),
        "{error}"
    );
}

fn is_head(name: &str) -> bool {
    name.starts_with("head.") || name.starts_with("fc.")
}

#[test]
fn a_pretrained_body_fits_without_its_head_and_lists_what_is_left_over() {
    let network = shapes(&small(&["head.2.weight", "head.4.weight"]));
    let mut body = small(&["fc.weight"]);
    body.insert("head.2.weight", NamedTensor::floats([1], vec![0.0]));
    let report = body.check(&network, is_head).unwrap();
    assert_eq!(report.missing, ["head.4.weight"]);
    assert_eq!(report.unexpected, ["fc.weight"]);
    // A head is loaded whole or not at all.
    assert!(!report.loaded.contains(&"head.2.weight".to_owned()));
    assert_eq!(report.loaded.len(), small(&[]).len());
    assert_eq!(
        report.to_string(),
        "7 tensors fit, missing: head.4.weight, unexpected: fc.weight"
    );
}

#[test]
fn a_head_of_other_classes_is_not_loaded() {
    let network = shapes(&small(&["fc.weight"]));
    let mut state = small(&[]);
    state.insert("fc.weight", NamedTensor::floats([1000, 1], vec![0.0; 1000]));
    let report = state.check(&network, is_head).unwrap();
    assert_eq!(
        report.to_string(),
        "7 tensors fit, of another shape: fc.weight ([1000, 1], the network has [1])"
    );
    assert!(matches!(
        state.check(&network, |_| false),
        Err(WeightsError::DoesNotFit(_))
    ));
}

#[test]
fn misshapen_missing_and_integer_tensors_of_the_body_are_refused_by_name() {
    let network = shapes(&small(&[]));
    let mut state = small(&[]);
    state.remove("bn1.running_var");
    state.insert(
        "layer1.0.conv1.weight",
        NamedTensor::floats([2, 2], vec![0.0; 4]),
    );
    let integers = TensorValues::I64(vec![7]);
    state.insert(
        "layer2.1.bn2.bias",
        NamedTensor {
            shape: vec![1],
            values: integers,
        },
    );
    let message = state.check(&network, is_head).unwrap_err().to_string();
    assert!(message.contains("missing: bn1.running_var"), "{message}");
    assert!(
        message.contains("layer1.0.conv1.weight ([2, 2], the network has [1])"),
        "{message}"
    );
    assert!(
        message.contains("layer2.1.bn2.bias ([1] of integers, the network has [1])"),
        "{message}"
    );
}

#[test]
fn long_lists_of_names_are_cut_and_counted() {
    let network = shapes(&canonical_resnet34());
    let mut state = canonical_resnet34();
    state.retain(|name| !name.starts_with("layer4."));
    let message = state.check(&network, is_head).unwrap_err().to_string();
    let missing =
        "missing: layer4.0.conv1.weight, layer4.0.bn1.weight, layer4.0.bn1.bias and 32 more";
    assert!(message.contains(missing), "{message}");
}

#[test]
fn weights_of_something_else_match_nothing() {
    let other: StateDict = [(
        "encoder.weight".to_owned(),
        NamedTensor::floats([1], vec![0.0]),
    )]
    .into_iter()
    .collect();
    let error = other.check(&shapes(&small(&[])), |_| true).unwrap_err();
    assert!(
        matches!(&error, WeightsError::NothingMatches { found, .. } if found == "encoder.weight"),
        "{error}"
    );
}

/// Both files of the ResNet-50 body that the environment variable `PETS_RESNET50_WEIGHTS` names the folder of.
fn real_files() -> Option<[PathBuf; 2]> {
    let folder = PathBuf::from(std::env::var_os("PETS_RESNET50_WEIGHTS")?);
    Some(
        [
            "resnet50-trunk.sequential.pth",
            "resnet50-trunk.safetensors",
        ]
        .map(|name| folder.join(name)),
    )
}

#[test]
fn a_real_resnet50_in_two_layouts_and_formats_is_the_same_network() {
    let Some([sequential, torchvision]) = real_files() else {
        println!(
            "skipped: PETS_RESNET50_WEIGHTS names no folder with resnet50-trunk.sequential.pth"
        );
        return;
    };
    let mut sequential = to_canonical(StateDict::read(&sequential).unwrap()).unwrap();
    let torchvision = to_canonical(StateDict::read(&torchvision).unwrap()).unwrap();
    let report = sequential.check(&shapes(&torchvision), is_head).unwrap();
    assert_eq!(report.loaded.len(), torchvision.len());
    // The file also holds another network, an AlexNet, whose `conv1.weight` must not be taken for ours.
    assert!(report.unexpected.contains(&"conv2.weight".to_owned()));
    for name in ["fc10", "fc11", "fc12"] {
        assert!(
            report.unexpected.contains(&format!("{name}.weight"))
                && report.unexpected.contains(&format!("{name}.bias"))
        );
    }
    sequential.retain(|name| report.loaded.iter().any(|loaded| loaded == name));
    assert!(sequential == torchvision);
}

#[test]
fn an_unknown_name_gets_the_nearest_one_and_the_list() {
    let error = registry::digest_prefix("resnet34-b627a539")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("did you mean `resnet34-b627a593`?"),
        "{error}"
    );
    assert!(error.contains("resnet152-f82ba261"), "{error}");
    let error = registry::digest_prefix("x").unwrap_err().to_string();
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn every_name_ends_with_the_digest_it_is_verified_with() {
    for name in registry::names() {
        let digest = registry::digest_prefix(name).unwrap();
        assert!(name.ends_with(digest) && digest.len() == 8, "{name}");
        assert!(
            digest.chars().all(|digit| digit.is_ascii_hexdigit()),
            "{name}"
        );
    }
}

#[test]
fn a_body_is_known_in_every_layout_if_any_one_of_its_tensors_is_missing() {
    let whole = canonical_resnet34();
    for name in whole.names() {
        let mut missing = whole.clone();
        missing.remove(name);
        for exported in [
            to_fastai(missing.clone()).unwrap(),
            to_torchvision(missing.clone()).unwrap(),
        ] {
            assert_eq!(to_canonical(exported).unwrap(), missing, "{name}");
        }
    }
}
