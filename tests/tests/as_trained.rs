//! A network is asked as it was trained: with the padding and the convolutions of its run.

use serde_json::Value;
use std::{fs, path::Path};
use stories::folders::with_config;
use stories::program::{TWO_BREEDS, explain, run};

/// What comes after [`TWO_BREEDS`]. Pictures of 40 pixels are cropped from 32, so that what lies beyond a picture's edge is seen.
const CONFIG: &str = r#"
[augmentation]
padding = "zeros"

[model]
architecture = "resnet18"
base_width = 4
kernels = "exact"

[[stage]]
size = 40
batch_size = 8
epochs = 1
train = "all"
max_learning_rate = 1e-3
save = "end"
"#;

#[test]
fn explain_pads_and_convolves_as_the_run_did() {
    let folder = with_config("story.toml", &format!("{TWO_BREEDS}{CONFIG}"));
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let manifest = folder.join("runs/story-1/checkpoints/end/manifest.json");
    let saved = fs::read_to_string(&manifest).unwrap();
    let said: Value = serde_json::from_str(&saved).unwrap();
    assert_eq!(
        (&said["padding"], &said["kernels"]),
        (&"zeros".into(), &"exact".into())
    );
    let as_trained = probabilities(folder);
    for (key, trained, other) in [("padding", "zeros", "border"), ("kernels", "exact", "fast")] {
        let [old, new] = [trained, other].map(|value| format!("\"{key}\": \"{value}\""));
        fs::write(&manifest, saved.replace(&old, &new)).unwrap();
        assert_ne!(
            probabilities(folder),
            as_trained,
            "{key} makes no difference"
        );
    }
    fs::write(&manifest, saved).unwrap();
    assert_eq!(probabilities(folder), as_trained);
}

/// The probabilities of eight pictures, by picture.
fn probabilities(folder: &Path) -> Vec<Value> {
    explain(folder, &["--run", "story-1", "--quiet"], 0);
    let scores = folder.join("runs/story-1/explanations/scores.json");
    let scores: Value = serde_json::from_slice(&fs::read(scores).unwrap()).unwrap();
    let pictures = scores["pictures"].as_array().unwrap();
    pictures
        .iter()
        .map(|picture| picture["probabilities"].clone())
        .collect()
}
