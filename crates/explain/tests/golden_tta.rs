//! Test time augmentation from picture files to probabilities, against `tests/fixtures/fastai/10_tta` (fastai 1.0.30).

use burn::tensor::{Device, Tensor, TensorData};
use evaluation::{Predictions, average_views};
use explain::network::Answer;
use network::{
    Algorithm, Architecture, HeadKind, InferenceNetwork, NetworkSpec,
    weights::{StateDict, layout},
};
use pictures::{
    loader::{Normalisation, validation_square},
    transform::{Padding, TtaView},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

const CLASSES: usize = 5;
const SIZE: usize = 64;
/// Of logits of up to 4: the rounding of f32 over 36 layers and a transform.
const TOLERANCE: f32 = 1e-4;

#[test]
fn views_and_their_average_are_those_of_fastai_with_whole_squares() {
    let golden = std::fs::read(fixtures().join("fastai/10_tta/tta.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let pictures = golden["pictures"].as_array().unwrap().iter();
    let pictures: Vec<image::RgbImage> = pictures
        .map(|name| fixtures().join("fastai").join(name.as_str().unwrap()))
        .map(|path| image::open(path).unwrap().into_rgb8())
        .collect();
    let network = load();
    let predictions = |square: &dyn Fn(&image::RgbImage) -> Vec<f32>, expected: &Value| {
        let logits = logits(&network, pictures.iter().map(square));
        close(&logits, expected, TOLERANCE);
        Predictions::new(CLASSES, logits, vec![0; pictures.len()]).unwrap()
    };
    let padding = Padding::Reflection;
    let plain = predictions(
        &|picture| validation_square(picture, SIZE, padding),
        &golden["plain_logits"],
    );
    let views = TtaView::ALL.iter().zip(golden["views"].as_array().unwrap());
    let views: Vec<Predictions> = views
        .map(|(view, golden)| {
            assert_eq!(golden["row_pct"], u8::from(view.bottom));
            assert_eq!(golden["col_pct"], u8::from(view.right));
            assert_eq!(golden["mirrored"], view.mirrored);
            predictions(
                &|picture| view.square(picture, SIZE, padding),
                &golden["logits"],
            )
        })
        .collect();
    assert_eq!(views.len(), 8);
    let averaged = average_views(&plain, &views).unwrap();
    let probabilities: Vec<f32> = (0..averaged.pictures())
        .flat_map(|picture| averaged.probabilities(picture))
        .map(|probability| probability as f32)
        .collect();
    let expected = &golden["final_probabilities_of_whole_squares"];
    close(&probabilities, expected, TOLERANCE / 4.0);
}

#[track_caller]
fn close(found: &[f32], expected: &Value, tolerance: f32) {
    let rows = expected.as_array().unwrap().iter();
    let expected: Vec<f64> = rows
        .flat_map(|row| row.as_array().unwrap())
        .map(|value| value.as_f64().unwrap())
        .collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected as f32).abs();
        assert!(error <= tolerance, "{found} instead of {expected}");
    }
}

/// A row of logits for each square, one after the other.
fn logits(network: &InferenceNetwork, squares: impl Iterator<Item = Vec<f32>>) -> Vec<f32> {
    let of_square = |mut square: Vec<f32>| {
        Normalisation::IMAGENET.apply(&mut square);
        let data = TensorData::new(square, [1, 3, SIZE, SIZE]);
        let answer = Answer::new(network, Tensor::from_data(data, &Device::flex()));
        answer.logits.concat()
    };
    squares.flat_map(of_square).collect()
}

fn load() -> InferenceNetwork {
    let spec = NetworkSpec {
        base_width: 4,
        head: HeadKind::Fastai,
        ..NetworkSpec::new(Architecture::ResNet34, CLASSES)
    };
    let network = spec.blank(Algorithm::Fast, &Device::flex());
    let state = fixtures().join("cam/narrow_fastai/state.safetensors");
    let state = layout::to_canonical(StateDict::read(&state).unwrap(), network.architecture());
    network.with_state(state.unwrap()).for_inference()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}
