//! The first story told on a GPU, or on software that plays one.

use serde_json::Value;
use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use stories::lost_device::{ASKED, LOST, LosingLayer, ToldIn};
use stories::moments::{exit_code, signal_when};
use stories::program::{SMALLEST, TWO_BREEDS, command, explain, head_then_all, run, start, text};

fn config() -> String {
    let stages = head_then_all(1, [2, 2]);
    format!("{TWO_BREEDS}{SMALLEST}{stages}save = \"64\"\n")
}

/// Probabilities of one network on two devices, in f32 or with NVIDIA's TF32.
const TOLERANCE: f64 = 5e-3;

/// Longest time for a program to lose its device and end.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
#[ignore = "needs programs with a backend for GPUs: scripts/test-devices.sh"]
fn a_run_killed_on_a_gpu_ends_with_the_same_bytes_and_the_cpu_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let device = first_gpu(folder);
    fs::write(folder.join("story.toml"), config()).unwrap();

    let output = run(folder, &["story.toml", "--device", &device], 0);
    assert!(text(&output.stderr).contains(&format!("device: {device} (")));
    let expected = results(&folder.join("runs/story-1"));

    let mut child = start(folder, &["story.toml", "--device", &device]);
    let killed = folder.join("runs/story-2");
    signal_when(&mut child, "KILL", &|| {
        killed.join("checkpoints/stage-1").is_dir()
    });
    child.wait().unwrap();
    run(
        folder,
        &["--resume", "runs/story-2", "--device", &device],
        0,
    );
    assert!(
        results(&killed) == expected,
        "a resumed run ended with other bytes"
    );

    let on_gpu = probabilities(folder, &device, "gpu");
    let on_cpu = probabilities(folder, "cpu", "cpu");
    assert_eq!(on_gpu.len(), on_cpu.len());
    for (gpu, cpu) in on_gpu.iter().zip(&on_cpu) {
        assert!(
            (gpu - cpu).abs() < TOLERANCE,
            "{gpu} on {device}, {cpu} on the CPU"
        );
    }
}

/// Half precision has its own state, the scale of the loss.
#[test]
#[ignore = "needs programs with a backend for GPUs: scripts/test-devices.sh"]
fn a_run_in_half_precision_is_killed_and_ends_with_the_same_bytes() {
    let folders = tempfile::tempdir().unwrap();
    for precision in ["bf16", "f16"] {
        let folder = folders.path().join(precision);
        let folder = folder.as_path();
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("story.toml"), config()).unwrap();
        let device = first_gpu(folder);
        let set = format!("precision={precision}");
        let arguments = ["story.toml", "--device", &device, "--set", &set];
        let check = command("train", folder, &[&arguments[..], &["--check"]].concat());
        let check = { check }.output().unwrap();
        if text(&check.stderr).contains("cannot compute in") {
            println!("{device} has no {precision}: not tried");
            continue;
        }
        let [whole, killed] = ["story-1", "story-2"].map(|run| folder.join("runs").join(run));
        run(folder, &arguments, 0);
        let mut child = start(folder, &arguments);
        signal_when(&mut child, "KILL", &|| {
            killed.join("checkpoints/stage-1").is_dir()
        });
        child.wait().unwrap();
        run(
            folder,
            &["--resume", "runs/story-2", "--device", &device],
            0,
        );
        if precision == "f16" {
            let position = fs::read(killed.join("checkpoints/stage-1/position.json")).unwrap();
            let position: Value = serde_json::from_slice(&position).unwrap();
            // Another than at first, which a resumed run could have without reading it.
            assert_ne!(position["loss_scale"]["factor"], 65536.0);
        }
        assert!(
            results(&killed) == results(&whole),
            "{precision}: other bytes"
        );
    }
}

#[test]
#[ignore = "needs programs with a backend for GPUs: scripts/test-devices.sh"]
fn a_device_that_is_lost_is_one_sentence_and_nothing_that_was_saved_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some((device, layer)) = device_to_lose(folder) else {
        return;
    };
    fs::write(folder.join("story.toml"), config()).unwrap();
    run(folder, &["story.toml", "--device", &device], 0);
    let whole = folder.join("runs/story-1");

    // In the first stage, and in the second.
    let moments = [
        ("runs/story-2", "iteration-00000002", ToldIn::Submission),
        ("runs/story-3", "iteration-00000006", ToldIn::Wait),
    ];
    for (typed, checkpoint, told) in moments {
        let lost = folder.join(typed);
        let when = lost.join("checkpoints").join(checkpoint);
        let mut train = command("train", folder, &["story.toml", "--device", &device]);
        let said = says_that_it_is_lost(layer.lose(&mut train, &when, told), &device);
        let next = format!("the last checkpoint is whole: `train --resume {typed}` continues");
        assert!(said.contains(&next), "{said}");
        run(folder, &["--resume", typed, "--device", &device], 0);
        assert!(
            results(&lost) == results(&whole),
            "lost after {checkpoint}, and a resumed run ended with other bytes"
        );
    }

    let arguments = [
        "--run",
        "runs/story-1",
        "--device",
        &device,
        "--out",
        "maps",
    ];
    explain(folder, &arguments, 0);
    let scores = || fs::read(folder.join("maps/scores.json")).unwrap();
    let before = scores();
    // The check at the start, which would be refused, is left out.
    let mut unchecked = command("explain", folder, &arguments);
    unchecked.arg("--skip-device-check");
    says_that_it_is_lost(
        layer.lose(&mut unchecked, folder, ToldIn::Submission),
        &device,
    );
    assert!(scores() == before);
    let mut checked = command("explain", folder, &arguments);
    let output = layer
        .lose(&mut checked, folder, ToldIn::Wait)
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("evice is lost. It needs"), "{said}");
}

/// A first stage that fits, and one whose first layer has maps of 1.6 GB: SwiftShader has buffers of 1 GiB at most.
const TOO_LARGE: &str = r#"
[model]
architecture = "resnet18"

[[stage]]
size = 32
batch_size = 32
epochs = 1
train = "head"
max_learning_rate = 1e-2
save = "32"

[[stage]]
size = 896
batch_size = 32
epochs = 1
train = "head"
max_learning_rate = 1e-3
"#;

#[test]
#[ignore = "needs programs with a backend for GPUs: scripts/test-devices.sh"]
fn memory_that_does_not_suffice_is_one_sentence_and_what_was_saved_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let device = first_gpu(folder);
    if !device.starts_with("wgpu") {
        println!("{device} has memory enough: not tried");
        return;
    }
    fs::write(
        folder.join("story.toml"),
        format!("{TWO_BREEDS}{TOO_LARGE}"),
    )
    .unwrap();
    let output = run(folder, &["story.toml", "--device", &device], 1);
    let said = text(&output.stderr);
    let error = said.lines().last().unwrap();
    assert!(
        error.starts_with(&format!("error: {device} failed: ")),
        "{said}"
    );
    assert!(
        error.contains("start anew with a smaller `batch_size`"),
        "{said}"
    );
    assert!(!said.contains("panicked") && !said.contains("Caused by"));
    explain(
        folder,
        &["--run", "runs/story-1", "--device", "cpu", "--out", "maps"],
        0,
    );
}

#[test]
fn f16_is_refused_on_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["sample", "--set", "precision=f16", "--device", "cpu"];
    let output = run(folder.path(), &arguments, 2);
    let said = text(&output.stderr);
    assert!(
        said.contains("precision is f16, in which only GPUs train"),
        "{said}"
    );
    assert!(!folder.path().join("data").exists());
}

/// The first GPU that `train devices` lists.
fn first_gpu(folder: &Path) -> String {
    let output = command("train", folder, &["devices"]).output().unwrap();
    let listed = text(&output.stdout);
    let line = listed.lines().nth(1);
    let line = line.expect("a GPU, or software that plays one");
    line.split_whitespace().next().unwrap().to_owned()
}

/// A device whose driver a layer can stand before, and the layer; or says why there is none.
fn device_to_lose(folder: &Path) -> Option<(String, LosingLayer)> {
    let layer = LosingLayer::build(folder)
        .inspect_err(|why| println!("no device is lost: {why}"))
        .ok()?;
    let mut devices = command("train", folder, &["devices"]);
    let output = layer.lose(&mut devices, &folder.join("never"), ToldIn::Wait);
    let output = output.output().unwrap();
    let listed = text(&output.stdout);
    let mut names = listed.lines().filter_map(|line| line.split(' ').next());
    let device = names.find(|name| name.starts_with("wgpu"));
    if device.is_none() || !text(&output.stderr).contains(ASKED) {
        println!("no device is lost: none is reached over Vulkan");
        return None;
    }
    device.map(|device| (device.to_owned(), layer))
}

/// What `program`, which loses `device`, says: in the end one sentence of that.
fn says_that_it_is_lost(program: &mut Command, device: &str) -> String {
    let mut child = program
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let code = exit_code(&mut child, PATIENCE);
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    let after = said.split_once(LOST).map(|(_, after)| after);
    let after = after.unwrap_or_else(|| panic!("the layer lost no device: {code:?}, {said}"));
    let sentence = format!("error: {device} was lost: it hung, was reset or unplugged (");
    let last = after.lines().last().unwrap_or_default();
    assert!(
        last.starts_with(&sentence) && last.contains("evice is lost); "),
        "{said}"
    );
    assert_eq!(after.matches("error").count(), 1, "{said}");
    assert!(!after.contains("panicked"), "{said}");
    assert_eq!(code, Some(1), "{said}");
    said
}

/// Figures and weights of a finished run.
fn results(run: &Path) -> Vec<Vec<u8>> {
    let names = [
        "iterations.csv",
        "epochs.csv",
        "checkpoints/64/weights.safetensors",
    ];
    names.map(|name| fs::read(run.join(name)).unwrap()).to_vec()
}

/// All probabilities of the validation pictures.
fn probabilities(folder: &Path, device: &str, out: &str) -> Vec<f64> {
    let arguments = ["--run", "runs/story-1", "--device", device, "--out", out];
    explain(folder, &arguments, 0);
    let scores = fs::read(folder.join(out).join("scores.json")).unwrap();
    let scores: Value = serde_json::from_slice(&scores).unwrap();
    let pictures = scores["pictures"].as_array().unwrap().iter();
    pictures
        .flat_map(|picture| picture["probabilities"].as_object().unwrap().values())
        .map(|probability| probability.as_f64().unwrap())
        .collect()
}
