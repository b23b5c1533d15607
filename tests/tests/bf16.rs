//! A training in bf16 on the CPU: killed, resumed, on one thread, then asked by `explain`.

use std::{fs, path::Path};
use stories::moments::{lines, signal_when};
use stories::program::{TWO_BREEDS, explain, run, stage, start, text, train};
use stories::run_files::{assert_same_run, files_of};

/// Wide enough that all kinds of convolutions are among its layers.
const MODEL: &str = r#"
[model]
architecture = "resnet18"
base_width = 8
"#;

/// A frozen stage and one of all layers.
fn config() -> String {
    let stages = [
        stage(32, 1, "head", "1e-2"),
        stage(64, 2, "all", "[1e-4, 1e-3]"),
    ];
    let stages = stages
        .map(|stage| stage + "checkpoint_every = 2\n")
        .concat();
    format!("precision = \"bf16\"\n{TWO_BREEDS}{MODEL}{stages}")
}

#[test]
fn a_run_in_bf16_is_killed_and_ends_with_the_same_bytes_and_explain_answers_in_bf16() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("story.toml"), config()).unwrap();
    let typed = ["story.toml", "--device", "cpu"];
    run(folder, &typed, 0);
    let whole = folder.join("runs/story-1");

    let mut child = start(folder, &typed);
    let killed = folder.join("runs/story-2");
    for moment in [3, 8] {
        signal_when(&mut child, "KILL", &|| {
            lines(&killed, "iterations.csv") > moment
        });
        child.wait().unwrap();
        child = start(folder, &["--resume", "runs/story-2", "--device", "cpu"]);
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&killed, &whole);
    let output = train(folder, &typed).env("RAYON_NUM_THREADS", "1").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same_run(&folder.join("runs/story-3"), &whole);

    run(
        folder,
        &[&typed[..], &["--set", "precision=f32"]].concat(),
        0,
    );
    assert_other_numbers(&folder.join("runs/story-4"), &whole);
    the_network_is_asked_as_it_was_validated(folder);
}

/// bf16 was used, and only the manifest of its run says so.
fn assert_other_numbers(single: &Path, half: &Path) {
    let [single, half] = [single, half].map(files_of);
    for file in ["iterations.csv", "checkpoints/stage-2/weights.safetensors"] {
        assert_ne!(single[Path::new(file)], half[Path::new(file)], "{file}");
    }
    let says = |files: &std::collections::BTreeMap<_, Vec<u8>>| {
        text(&files[Path::new("checkpoints/stage-2/manifest.json")]).contains("\"bf16\"")
    };
    assert!(says(&half) && !says(&single));
}

fn the_network_is_asked_as_it_was_validated(folder: &Path) {
    let ask = |out: &str, more: &[&str]| {
        let asked = ["--run", "runs/story-1", "--device", "cpu", "--out", out];
        explain(folder, &[&asked[..], more].concat(), 0);
        let read = |name: &str| fs::read_to_string(folder.join(out).join(name)).unwrap();
        (read("scores.json"), read("index.html").contains("bf16"))
    };
    let (asked, says) = ask("asked", &[]);
    assert!(says);
    assert_eq!(ask("half", &["--precision", "bf16"]).0, asked);
    let (single, says) = ask("single", &["--precision", "f32"]);
    assert!(!says && single != asked);
}
