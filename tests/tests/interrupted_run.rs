//! Sample → train → killed at several moments → resume → the same bytes as without interruption.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use stories::moments::{exit_code, lines, signal_when};
use stories::program::{run, start, text};
use stories::run_files::assert_same_run;

/// Small enough for a test, and with everything: a frozen stage, a change of size, checkpoints within an epoch, dropout,
/// augmentation, a last batch that is shorter.
const CONFIG: &str = r#"
seed = 5

[data]
source = "sample"
folder = "sample"

[data.sample]
pictures_per_breed = 12

[model]
architecture = "resnet18"
base_width = 4

[[stage]]
size = 32
batch_size = 8
epochs = 2
train = "head"
max_learning_rate = 1e-2
checkpoint_every = 2

[[stage]]
size = 64
batch_size = 8
epochs = 2
train = "all"
max_learning_rate = [1e-4, 1e-3]
save = "64"
checkpoint_every = 3
"#;

/// [`CONFIG`] with what it can ask for beside, each of which keeps something in a checkpoint.
fn with_all_that_can_be_asked_for() -> String {
    let ema = "[ema]\ndecay = 0.9\nvalidate = true\n";
    let optimizer = "[optimizer]\nclip_norm = 0.5\n";
    let stages = CONFIG
        .replace("train = \"head\"", "train = \"head\"\naccumulate = 3")
        .replace("train = \"all\"", "train = \"all\"\naccumulate = 2");
    format!("keep = \"best\"\n{stages}\n{ema}\n{optimizer}")
}

/// Time in which Ctrl-C must end a program that only has a step to finish.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("story.toml"), CONFIG).unwrap();
    run(folder, &["story.toml"], 0);
    let expected = results(&folder.join("runs/story-1"));
    // One worker and one thread of arithmetic give the same bytes as all of them.
    let one_worker = ["story.toml", "--set", "data.workers=1"];
    let output = stories::program::train(folder, &one_worker)
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same(&results(&folder.join("runs/story-2")), &expected);

    let mut child = start(folder, &["story.toml"]);
    let interrupted = folder.join("runs/story-3");
    let moments: [&dyn Fn(&Path) -> bool; 4] = [
        &|run| has_checkpoint(run, "iteration-00000000"),
        &within_a_save,
        &|run| has_checkpoint(run, "stage-1"),
        &|run| lines(run, "iterations.csv") > 20,
    ];
    for moment in moments {
        signal_when(&mut child, "KILL", &|| moment(&interrupted));
        child.wait().unwrap();
        child = start(folder, &["--resume", "runs/story-3"]);
    }
    assert!(child.wait().unwrap().success());
    assert_same(&results(&interrupted), &expected);
}

/// Everything that draws numbers for a batch or a picture beside the recipe, or counts classes.
const REGULARISED: &str = r#"
[regularisation]
label_smoothing = 0.1
mixup = 0.4
cutmix = 1.0
sampling = "balanced"
class_weights = "balanced"

[augmentation]
random_resized_crop = [0.3, 1.0]
rand_augment = [2, 9]
random_erasing = 0.5

[[stage]]
size = 32"#;

#[test]
fn a_killed_run_with_every_augmentation_and_balanced_classes_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = CONFIG.replacen("[[stage]]\nsize = 32", REGULARISED, 1);
    fs::write(folder.join("story.toml"), config).unwrap();
    run(folder, &["story.toml"], 0);
    let expected = results(&folder.join("runs/story-1"));
    let mut child = start(folder, &["story.toml", "--set", "data.workers=1"]);
    let interrupted = folder.join("runs/story-2");
    for moment in [3, 20] {
        // Within an epoch, some steps after a checkpoint.
        signal_when(&mut child, "KILL", &|| {
            lines(&interrupted, "iterations.csv") > moment
        });
        child.wait().unwrap();
        child = start(folder, &["--resume", "runs/story-2"]);
    }
    assert!(child.wait().unwrap().success());
    assert_same(&results(&interrupted), &expected);
}

#[test]
fn a_run_with_all_that_can_be_asked_for_is_killed_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("story.toml"), with_all_that_can_be_asked_for()).unwrap();
    run(folder, &["story.toml"], 0);
    let whole = folder.join("runs/story-1");
    for file in ["best/manifest.json", "stage-1/average.safetensors"] {
        assert!(whole.join("checkpoints").join(file).is_file(), "{file}");
    }
    let mut child = start(folder, &["story.toml"]);
    let interrupted = folder.join("runs/story-2");
    let moments: [&dyn Fn(&Path) -> bool; 4] = [
        &|run| lines(run, "iterations.csv") > 3,
        &|run| has_checkpoint(run, "best"),
        &within_a_save,
        &|run| has_checkpoint(run, "stage-1") && lines(run, "epochs.csv") > 3,
    ];
    for moment in moments {
        signal_when(&mut child, "KILL", &|| moment(&interrupted));
        child.wait().unwrap();
        child = start(folder, &["--resume", "runs/story-2"]);
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&interrupted, &whole);
    // One thread of arithmetic gives the same bytes too.
    let output = stories::program::train(folder, &["story.toml", "--set", "data.workers=1"])
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same_run(&folder.join("runs/story-3"), &whole);
}

#[test]
fn ctrl_c_is_heard_while_training_and_the_run_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("story.toml"), CONFIG).unwrap();
    run(folder, &["story.toml"], 0);
    let mut child = start(folder, &["story.toml"]);
    let interrupted = folder.join("runs/story-2");
    // The header and three of the eight steps of an epoch: far from its end.
    signal_when(&mut child, "INT", &|| {
        (3..6).contains(&lines(&interrupted, "iterations.csv"))
    });
    assert_eq!(exit_code(&mut child, HEARD_WITHIN), Some(130));
    run(folder, &["--resume", "runs/story-2"], 0);
    let expected = results(&folder.join("runs/story-1"));
    assert_same(&results(&interrupted), &expected);
}

#[test]
fn ctrl_c_is_heard_while_validating_and_the_run_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Many pictures to validate with, and few to train on.
    let config = CONFIG.replace(
        "[model]",
        "[split]\nkind = \"random\"\nfraction = 0.8\n\n[model]",
    );
    fs::write(folder.join("story.toml"), config).unwrap();
    run(folder, &["story.toml"], 0);
    let expected = results(&folder.join("runs/story-1"));
    let steps = lines(&folder.join("runs/story-1"), "iterations.csv") - 1;
    let mut child = start(folder, &["story.toml"]);
    let interrupted = folder.join("runs/story-2");
    // Every step of the first epoch is recorded, its validation is not.
    signal_when(&mut child, "INT", &|| {
        lines(&interrupted, "iterations.csv") == 1 + steps / 4
            && lines(&interrupted, "epochs.csv") == 1
    });
    assert_eq!(exit_code(&mut child, HEARD_WITHIN), Some(130));
    assert_eq!(
        lines(&interrupted, "epochs.csv"),
        1,
        "the validation went on to its end"
    );
    run(folder, &["--resume", "runs/story-2"], 0);
    assert_same(&results(&interrupted), &expected);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_the_run_still_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("story.toml"), CONFIG).unwrap();
    run(folder, &["story.toml"], 0);
    let whole = folder.join("runs/story-1");
    let expected = results(&whole);
    let weights = whole.join("checkpoints/64/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let output = run(folder, &["--resume", "runs/story-1"], 0);
    let said = text(&output.stderr);
    assert!(
        said.contains("passed over") && said.contains("SHA-256"),
        "{said}"
    );
    assert_same(&results(&whole), &expected);
}

/// Every file of a finished run that a rerun must repeat, by its path.
fn results(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = [
        "iterations.csv",
        "epochs.csv",
        "split.json",
        "checkpoints/stage-1/weights.safetensors",
        "checkpoints/64/weights.safetensors",
        "checkpoints/64/manifest.json",
    ];
    names
        .into_iter()
        .map(|name| (name.to_owned(), fs::read(run.join(name)).unwrap()))
        .collect()
}

fn assert_same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in expected {
        assert!(
            found[name] == *bytes,
            "{name} differs from that of the uninterrupted run"
        );
    }
}

fn has_checkpoint(run: &Path, name: &str) -> bool {
    run.join("checkpoints").join(name).is_dir()
}

/// A checkpoint is being written: files of it are there, its name is not.
fn within_a_save(run: &Path) -> bool {
    let Ok(entries) = fs::read_dir(run.join("checkpoints")) else {
        return false;
    };
    let partial: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(".partial-"))
        })
        .collect();
    partial
        .iter()
        .any(|folder| fs::read_dir(folder).is_ok_and(|files| files.count() > 0))
}
