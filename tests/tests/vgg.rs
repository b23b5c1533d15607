//! A body that is no residual network goes the whole way: VGG-16 trains, is killed, resumes to the same bytes, is exported
//! and explained.

use std::{fs, path::Path};
use stories::folders::with_config;
use stories::moments::{lines, signal_when};
use stories::program::{SMALLEST, TWO_BREEDS, explain, run, stage, start};

fn config() -> String {
    let network = SMALLEST.replace("resnet18", "vgg16_bn");
    let stage = stage(64, 3, "all", "[1e-4, 1e-3]");
    format!("{TWO_BREEDS}{network}{stage}save = \"end\"\ncheckpoint_every = 2\n")
}

#[test]
fn a_vgg_trains_resumes_to_the_same_bytes_is_exported_and_explained() {
    let folder = with_config("vgg.toml", &config());
    let folder = folder.path();
    run(folder, &["vgg.toml"], 0);
    kill_a_run(folder);
    run(folder, &["--resume", "runs/vgg-2"], 0);
    let weights = |number: usize| {
        let file = format!("runs/vgg-{number}/checkpoints/end/weights.safetensors");
        fs::read(folder.join(file)).unwrap()
    };
    assert!(weights(1) == weights(2), "the resumed run ended elsewhere");
    for layout in ["fastai", "torchvision"] {
        let file = format!("{layout}.safetensors");
        let export = ["export", "vgg-1", "--to", &file, "--layout", layout];
        run(folder, &export, 0);
        assert!(folder.join(file).is_file());
    }
    run(folder, &["export", "vgg-1", "--to", "vgg.onnx"], 0);
    explain(folder, &["--run", "vgg-1", "--method", "all"], 0);
    let page = folder.join("runs/vgg-1/explanations/index.html");
    assert!(page.is_file());
}

/// Trains `runs/vgg-2` until a checkpoint within the stage is there.
fn kill_a_run(folder: &Path) {
    let mut child = start(folder, &["vgg.toml"]);
    let run = folder.join("runs/vgg-2");
    let end = run.join("checkpoints/end");
    signal_when(&mut child, "KILL", &|| {
        lines(&run, "iterations.csv") > 4 && !end.exists()
    });
    child.wait().unwrap();
    assert!(!end.exists(), "nothing was left to resume");
}
