//! Which network a file's parameters are of.

use burn::tensor::Device;
use network::{
    Algorithm, Architecture, HeadKind, NetworkSpec, NotRecognised, Recognised, recognise,
    weights::{NamedTensor, StateDict, layout},
};
use proptest::prelude::*;
use std::path::Path;

fn spec(architecture: Architecture, base_width: usize, head: HeadKind) -> NetworkSpec {
    NetworkSpec {
        base_width,
        head,
        ..NetworkSpec::new(architecture, 3)
    }
}

fn state(spec: &NetworkSpec) -> StateDict {
    let network = spec.blank(Algorithm::Exact, &Device::flex());
    network.state()
}

#[test]
fn every_architecture_is_told_by_its_tensors_in_every_layout_with_width_head_and_classes() {
    for architecture in Architecture::ALL.iter().copied() {
        for head in [HeadKind::Plain, HeadKind::Fastai] {
            let expected = spec(architecture, 2, head);
            let canonical = state(&expected);
            let torchvision = layout::to_torchvision(canonical.clone(), architecture).unwrap();
            let mut layouts = vec![canonical.clone(), torchvision];
            if head == HeadKind::Fastai {
                layouts.push(layout::to_fastai(canonical.clone(), architecture).unwrap());
            }
            for named in layouts {
                for told in [None, Some(architecture)] {
                    let found = recognise(named.clone(), told).unwrap();
                    let Recognised { spec, state } = found;
                    assert_eq!(spec, expected, "{architecture}");
                    assert_eq!(state, canonical, "{architecture}");
                }
            }
        }
    }
}

#[test]
fn torchs_files_of_narrow_networks_are_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/torchvision");
    for (file, architecture, width) in [
        ("resnet50.pth", Architecture::ResNet50, 2),
        ("resnet18.safetensors", Architecture::ResNet18, 3),
    ] {
        let (state, texts) = StateDict::read_with_texts(&folder.join(file)).unwrap();
        let found = recognise(state, None).unwrap().spec;
        let expected = NetworkSpec {
            classes: 5,
            ..spec(architecture, width, HeadKind::Plain)
        };
        assert_eq!(found, expected);
        assert_eq!(texts.contains_key("format"), file.ends_with("safetensors"));
    }
}

#[test]
fn another_network_is_refused_with_what_is_other_about_it() {
    let resnet = || state(&spec(Architecture::ResNet18, 2, HeadKind::Plain));
    let one = || NamedTensor::floats([1], vec![0.0]);
    let said = |state: StateDict, told| recognise(state, told).unwrap_err().to_string();

    let mut squeezed = resnet();
    squeezed.insert("layer1.0.se.fc1.weight", one());
    let error = said(squeezed, None);
    assert!(
        error.contains("nearest is resnet18") && error.contains("layer1.0.se.fc1.weight"),
        "{error}"
    );

    let error = said(resnet(), Some(Architecture::ResNet34));
    assert!(
        error.starts_with("it is no resnet34: missing: layer1.2."),
        "{error}"
    );

    let mut headless = resnet();
    headless.remove("fc.weight");
    let error = recognise(headless, None).unwrap_err();
    assert!(
        matches!(&error, NotRecognised::Head(beside) if beside == &["fc.bias"]),
        "{error}"
    );

    let mut wide = resnet();
    wide.insert(
        "layer1.0.conv1.weight",
        NamedTensor::floats([4, 2, 3, 3], vec![0.0; 72]),
    );
    let error = said(wide, None);
    assert!(
        error.starts_with("it is no resnet18, though its names are"),
        "{error}"
    );

    let mut with_more = resnet();
    with_more.insert("fc.scale", one());
    let error = recognise(with_more, None).unwrap_err();
    assert!(matches!(error, NotRecognised::Head(_)), "{error}");

    // What claims to be large without values takes no memory.
    let mut hollow = resnet();
    hollow.insert("fc.weight", NamedTensor::floats([1 << 50, 0], vec![]));
    assert!(recognise(hollow, None).is_err());
    let mut hollow = resnet();
    hollow.insert(
        "conv1.weight",
        NamedTensor::floats([1 << 50, 0, 7, 7], vec![]),
    );
    assert!(recognise(hollow, None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A network that lacks a tensor, or has one more, is never taken for one that is known.
    #[test]
    fn a_network_with_a_tensor_more_or_less_is_not_recognised(place in any::<prop::sample::Index>(), lacks in any::<bool>()) {
        let mut state = state(&spec(Architecture::ResNet18, 1, HeadKind::Plain));
        let names: Vec<String> = state.names().map(str::to_owned).collect();
        let name = place.get(&names);
        if lacks {
            state.remove(name);
        } else {
            state.insert(format!("{name}_extra"), NamedTensor::floats([1], vec![0.0]));
        }
        prop_assert!(recognise(state, None).is_err());
    }
}
