//! One run on several processes, which are threads of one here: it ends as that of one, resumes, and stops as one.

use std::{fs, path::Path, process::Command, time::Duration};
use stories::folders::with_config;
use stories::moments::{exit_code, lines, signal_when};
use stories::program::{
    DRAWN, SHORT_TRAINING, SMALLEST, TWO_BREEDS, run, says, short_run, stage, start, text, train,
    typed,
};
use stories::run_files::assert_same_run;

const ASKED_FOR: &str = r#"
[optimizer]
clip_norm = 0.5

[regularisation]
label_smoothing = 0.1
class_weights = "balanced"

[ema]
decay = 0.9
validate = true
"#;

/// Small, and with everything that processes share: a frozen stage, accumulation, clipping, dropout, weighted classes, an
/// average, the best, a last batch of few pictures.
fn config() -> String {
    let drawn = format!("seed = 5\nkeep = \"best\"\n{DRAWN}pictures_per_breed = 12\n");
    let frozen = stage(32, 2, "head", "1e-2") + "accumulate = 3\ncheckpoint_every = 1\n";
    let all = stage(64, 2, "all", "[1e-5, 1e-4]") + "checkpoint_every = 3\n";
    format!("{drawn}{SMALLEST}{ASKED_FOR}{frozen}{all}")
}

const SYNCHRONISED: &str = "model.batch_norm=synchronised";

/// Time in which all must have stopped that only have a step to finish.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

/// The column `name` of `iterations.csv` or `epochs.csv`.
fn column(run: &Path, file: &str, name: &str) -> Vec<f64> {
    let text = fs::read_to_string(run.join(file)).unwrap();
    let mut lines = text.lines();
    let mut names = lines.next().unwrap().split(',');
    let place = names.position(|other| other == name).unwrap();
    let value = |line: &str| line.split(',').nth(place).unwrap().parse().unwrap();
    lines.map(value).collect()
}

fn processes_of(run: &Path) -> serde_json::Value {
    let manifest = fs::read(run.join("checkpoints/stage-2/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["processes"].clone()
}

#[test]
fn a_synchronised_run_of_two_and_three_processes_has_the_curves_of_one() {
    let folder = with_config("story.toml", &config());
    let folder = folder.path();
    let alone = run(folder, &["story.toml"], 0);
    for count in ["2", "3"] {
        let arguments = [
            "story.toml",
            "--processes-in-one",
            count,
            "--set",
            SYNCHRONISED,
        ];
        let output = run(folder, &arguments, 0);
        // One speaks, as one process does.
        let table = |text: String| text.matches("epoch  train_loss").count();
        assert_eq!(table(text(&output.stdout)), table(text(&alone.stdout)));
        let said = text(&output.stderr);
        says(&said, &[&format!("{count} processes divide every batch")]);
    }
    let runs = folder.join("runs");
    for other in ["story-2", "story-3"] {
        for (file, name) in [
            ("iterations.csv", "loss"),
            ("iterations.csv", "smoothed_loss"),
            ("epochs.csv", "valid_loss"),
        ] {
            let expected = column(&runs.join("story-1"), file, name);
            let found = column(&runs.join(other), file, name);
            assert_eq!(found.len(), expected.len());
            // The last batch of an epoch has two pictures here, with which batch norms magnify every rounding.
            for (found, expected) in found.iter().zip(&expected) {
                let off = (found - expected).abs() / expected;
                assert!(off < 0.05, "{other}, {name}: {found} instead of {expected}");
            }
        }
        let first = |run: &str| column(&runs.join(run), "iterations.csv", "loss")[0];
        assert!((first(other) - first("story-1")).abs() < 1e-5);
    }
    assert_eq!(processes_of(&runs.join("story-1")), serde_json::Value::Null);
    assert_eq!(processes_of(&runs.join("story-2")), serde_json::json!([2]));
}

#[test]
fn a_run_of_several_processes_that_is_killed_ends_with_the_same_bytes() {
    let folder = with_config("story.toml", &config());
    let folder = folder.path();
    let together = ["story.toml", "--processes-in-one", "3"];
    run(folder, &together, 0);
    // The number of workers and of threads changes no byte either.
    let mut child = start(
        folder,
        &[&together[..], &["--set", "data.workers=1"]].concat(),
    );
    let interrupted = folder.join("runs/story-2");
    for (name, moment) in [("KILL", 2), ("INT", 5), ("KILL", 9)] {
        signal_when(&mut child, name, &|| {
            lines(&interrupted, "iterations.csv") > moment
        });
        let code = exit_code(&mut child, HEARD_WITHIN);
        assert_eq!(code, (name == "INT").then_some(130));
        child = start(
            folder,
            &["--resume", "runs/story-2", "--processes-in-one", "3"],
        );
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&interrupted, &folder.join("runs/story-1"));
}

#[test]
fn a_run_that_goes_on_with_another_number_of_processes_says_so() {
    let folder = with_config("story.toml", &config());
    let folder = folder.path();
    let mut child = start(folder, &["story.toml", "--processes-in-one", "2"]);
    let begun = folder.join("runs/story-1");
    signal_when(&mut child, "KILL", &|| lines(&begun, "iterations.csv") > 4);
    child.wait().unwrap();
    let output = run(
        folder,
        &["--resume", "runs/story-1", "--processes-in-one", "3"],
        0,
    );
    let sentence = "2 processes trained this run so far, and 3 go on with it";
    assert!(text(&output.stderr).contains(sentence));
    assert!(
        fs::read_to_string(begun.join("log.txt"))
            .unwrap()
            .contains(sentence)
    );
    assert_eq!(processes_of(&begun), serde_json::json!([2, 3]));
}

#[test]
fn mixed_pictures_are_those_of_one_process() {
    let mixing = "[regularisation]\nmixup = 0.4\ncutmix = 1.0\n";
    let folder = with_config(
        "story.toml",
        &format!("{TWO_BREEDS}\n{mixing}{SHORT_TRAINING}"),
    );
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let together = [
        "story.toml",
        "--processes-in-one",
        "3",
        "--set",
        SYNCHRONISED,
    ];
    run(folder, &together, 0);
    let loss = |run: &str| column(&folder.join("runs").join(run), "iterations.csv", "loss");
    let (found, expected) = (loss("story-2"), loss("story-1"));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() / expected < 2e-3,
            "{found} instead of {expected}"
        );
    }
}

/// A picture that belongs to a part of the split of the run `story-1`, cut short.
fn cut_one_short(folder: &Path, part: &str) -> String {
    let split = fs::read(folder.join("runs/story-1/split.json")).unwrap();
    let split: serde_json::Value = serde_json::from_slice(&split).unwrap();
    let names = split[part].as_array().unwrap();
    let name = names[names.len() - 1].as_str().unwrap().to_owned();
    let path = folder.join("sample/images").join(&name);
    let bytes = fs::read(&path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    name
}

#[test]
fn a_bad_picture_on_one_process_stops_all_with_a_whole_checkpoint_or_is_left_out_by_all() {
    for part in ["train", "valid"] {
        let folder = with_config("story.toml", &short_run());
        let folder = folder.path();
        run(folder, &["story.toml"], 0);
        let name = cut_one_short(folder, part);
        let together = ["story.toml", "--processes-in-one", "3"];
        let said = text(&run(folder, &together, 1).stderr);
        let error = said.lines().last().unwrap();
        assert!(error.starts_with("error: rank "), "{said}");
        assert!(
            error.contains(&name) && error.contains("the run is saved"),
            "{said}"
        );
        assert_eq!(said.matches("error: ").count(), 1, "{said}");
        // As it says; the others go on with it too.
        let on = typed("--resume runs/story-2 --skip-bad-images --processes-in-one 3");
        let said = text(&run(folder, &on, 0).stderr);
        assert_eq!(said.matches("left out (1 so far)").count(), 1, "{said}");
        assert!(said.contains(&name), "{said}");
        let skipping = [&together[..], &["--set", "data.on_bad_image=skip"]].concat();
        run(folder, &skipping, 0);
        let rows = |run: &str| lines(&folder.join("runs").join(run), "iterations.csv");
        assert_eq!(rows("story-3"), rows("story-1"));
    }
}

/// The bad pictures of a class lie on all processes, so that none of them has seen all.
#[test]
fn a_class_without_a_picture_left_ends_any_number_of_processes_with_the_same_sentences() {
    let folder = with_config("story.toml", &short_run());
    let folder = folder.path();
    run(folder, &["preview", "story.toml"], 0);
    let cut_short = |breed: &str| {
        for number in 1..=20 {
            let path = folder.join(format!("sample/images/{breed}_{number}.jpg"));
            let bytes = fs::read(&path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }
    };
    let skip = ["story.toml", "--set", "data.on_bad_image=skip"];
    let said = |count: &str, sets: &[&str]| {
        let arguments = [&skip[..], &["--processes-in-one", count], sets].concat();
        let said = text(&run(folder, &arguments, 1).stderr);
        let warned = said.lines().filter(|line| line.contains("left out ("));
        let warned: Vec<_> = warned.map(ToOwned::to_owned).collect();
        (warned, said.lines().last().map(ToOwned::to_owned))
    };
    cut_short("pug");
    let alone = said("1", &[]);
    let sentence = alone.1.clone().unwrap();
    assert!(
        sentence.starts_with("error: no training picture of the class pug can be decoded"),
        "{sentence}"
    );
    for count in ["2", "3"] {
        assert_eq!(said(count, &[]), alone, "{count} processes");
        let mixed = said(count, &["--set", "regularisation.mixup=0.4"]);
        assert_eq!(mixed, alone, "{count} processes");
    }
    // Of two classes that are lost in one step the first is named.
    cut_short("Siamese");
    let step = ["--set", "stage.0.accumulate=8"];
    let alone = said("1", &step).1;
    assert!(
        alone
            .clone()
            .unwrap()
            .contains("no training picture of the class")
    );
    for count in ["2", "3"] {
        assert_eq!(said(count, &step).1, alone, "{count} processes");
    }
}

#[test]
fn a_loss_that_is_not_finite_is_told_once_and_stops_all() {
    let folder = with_config("story.toml", &short_run());
    let rate = ["--set", "stage.0.max_learning_rate=1e20"];
    let arguments = [&["story.toml", "--processes-in-one", "2"], &rate[..]].concat();
    let said = text(&run(folder.path(), &arguments, 1).stderr);
    assert_eq!(said.matches("training has diverged").count(), 1, "{said}");
    assert!(!said.contains("rank"), "{said}");
}

#[test]
fn a_full_disk_on_rank_0_stops_all_and_leaves_the_checkpoint_before_intact() {
    let folder = with_config("story.toml", &(short_run() + "checkpoint_every = 1\n"));
    let folder = folder.path();
    run(folder, &["preview", "story.toml"], 0);
    let disk = folder.join("disk");
    fs::create_dir(&disk).unwrap();
    // Room for the first checkpoint (weights), not for one with the optimizer's state.
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=700k", "tmpfs"])
        .arg(&disk)
        .output();
    if !mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: no tmpfs may be mounted here");
        return;
    }
    let pictures = format!("data.folder={}", folder.join("sample").display());
    let config = folder.join("story.toml");
    let arguments = [
        config.to_str().unwrap(),
        "--processes-in-one",
        "3",
        "--set",
        &pictures,
    ];
    let output = train(&disk, &arguments).output().unwrap();
    let checkpoints: Vec<_> = fs::read_dir(disk.join("runs/story-1/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let unmounted = Command::new("umount").arg(&disk).status();
    assert!(unmounted.unwrap().success());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("cannot write checkpoint").count(), 1, "{said}");
    assert_eq!(checkpoints, ["iteration-00000000"]);
}

#[test]
fn a_mistake_in_the_config_reads_as_that_of_one_process() {
    let folder = with_config("story.toml", &short_run());
    let wrong = ["--set", "model.batch_norm=global"];
    let said = |arguments: &[&str]| {
        let arguments = [&["story.toml"], arguments, &wrong[..]].concat();
        text(&run(folder.path(), &arguments, 2).stderr)
    };
    let alone = said(&[]);
    assert_eq!(said(&["--processes-in-one", "2"]), alone);
    assert!(alone.contains("did you mean `local`?"), "{alone}");
}
