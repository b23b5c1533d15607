//! Sample → train → killed at several moments → resume → the same bytes as without interruption.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use stories::folders::with_config;
use stories::moments::{exit_code, lines, signal_when};
use stories::program::{DRAWN, SMALLEST, head_then_all, run, says, start, text};
use stories::run_files::{assert_same_run, files_of};

/// Small enough for a test, and with everything: a frozen stage, a change of size, checkpoints within an epoch, dropout,
/// augmentation, a last batch that is shorter.
fn config() -> String {
    let stages = head_then_all(2, [2, 3]);
    format!("seed = 5\n{DRAWN}pictures_per_breed = 12\n{SMALLEST}{stages}save = \"64\"\n")
}

/// [`config`] with what it can ask for beside, each of which keeps something in a checkpoint.
fn with_all_that_can_be_asked_for() -> String {
    let ema = "[ema]\ndecay = 0.9\nvalidate = true\n";
    let optimizer = "[optimizer]\nclip_norm = 0.5\n";
    let stages = config()
        .replace("train = \"head\"", "train = \"head\"\naccumulate = 3")
        .replace("train = \"all\"", "train = \"all\"\naccumulate = 2");
    format!("keep = \"best\"\n{stages}\n{ema}\n{optimizer}")
}

/// Time in which Ctrl-C must end a program that only has a step to finish.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_bytes() {
    let folder = trained(&config());
    let folder = folder.path();
    let whole = folder.join("runs/story-1");
    // One worker and one thread of arithmetic give the same bytes as all of them.
    let one_worker = ["story.toml", "--set", "data.workers=1"];
    let output = stories::program::train(folder, &one_worker)
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same_run(&folder.join("runs/story-2"), &whole);

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
    assert_same_run(&interrupted, &whole);
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
    let folder = trained(&config().replacen("[[stage]]\nsize = 32", REGULARISED, 1));
    let folder = folder.path();
    let whole = folder.join("runs/story-1");
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
    assert_same_run(&interrupted, &whole);
}

#[test]
fn a_run_with_all_that_can_be_asked_for_is_killed_and_ends_with_the_same_bytes() {
    let folder = trained(&with_all_that_can_be_asked_for());
    let folder = folder.path();
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
    let folder = trained(&config());
    let folder = folder.path();
    let mut child = start(folder, &["story.toml"]);
    let interrupted = folder.join("runs/story-2");
    // The header and three of the eight steps of an epoch: far from its end.
    signal_when(&mut child, "INT", &|| {
        (3..6).contains(&lines(&interrupted, "iterations.csv"))
    });
    assert_eq!(exit_code(&mut child, HEARD_WITHIN), Some(130));
    run(folder, &["--resume", "runs/story-2"], 0);
    let whole = folder.join("runs/story-1");
    assert_same_run(&interrupted, &whole);
}

#[test]
fn ctrl_c_is_heard_while_validating_and_the_run_ends_with_the_same_bytes() {
    // Many pictures to validate with, and few to train on.
    let split = "[split]\nkind = \"random\"\nfraction = 0.8\n\n[model]";
    let folder = trained(&config().replace("[model]", split));
    let folder = folder.path();
    let whole = folder.join("runs/story-1");
    let steps = lines(&whole, "iterations.csv") - 1;
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
    assert_same_run(&interrupted, &whole);
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_the_run_still_ends_with_the_same_bytes() {
    let folder = trained(&config());
    let folder = folder.path();
    let whole = folder.join("runs/story-1");
    let expected = files_of(&whole);
    let weights = whole.join("checkpoints/64/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let output = run(folder, &["--resume", "runs/story-1"], 0);
    let said = text(&output.stderr);
    says(&said, &["passed over", "SHA-256"]);
    assert!(files_of(&whole) == expected, "it ended with other bytes");
}

/// A folder with the finished run `story-1`.
fn trained(config: &str) -> tempfile::TempDir {
    let folder = with_config("story.toml", config);
    run(folder.path(), &["story.toml"], 0);
    folder
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
