//! Pictures that are bad, gone, changed, new or there twice: found before training, and no reason to lose a run.

use image::{Rgb, RgbImage};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use stories::{
    moments::{exit_code, signal_when},
    program::{OWN_FOLDERS, SHORT_TRAINING, run, says, text, train},
};
use tempfile::TempDir;

const SKIP: &str = "data.on_bad_image=skip";

/// A folder with `own.toml` and forty small pictures of two classes, no two alike.
fn prepared() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, colour) in [("Siamese", 60), ("pug", 180)] {
        let below = folder.path().join("mine").join(class);
        fs::create_dir_all(&below).unwrap();
        for number in 1..=20 {
            let drawn = RgbImage::from_fn(40, 30, |x, y| {
                Rgb([colour, (x * number) as u8, (y * 7) as u8])
            });
            drawn
                .save(below.join(format!("{class}_{number}.png")))
                .unwrap();
        }
    }
    // A second stage, so that there is something to continue.
    let stage = &SHORT_TRAINING[SHORT_TRAINING.find("[[stage]]").unwrap()..];
    let config = format!("{OWN_FOLDERS}{SHORT_TRAINING}\n{stage}");
    fs::write(folder.path().join("own.toml"), config).unwrap();
    folder
}

fn picture(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("mine").join(name)
}

fn cut_short(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Names of a part of the split of `runs/own-1`.
fn part(folder: &TempDir, part: &str) -> Vec<String> {
    let split = fs::read(folder.path().join("runs/own-1/split.json")).unwrap();
    let split: serde_json::Value = serde_json::from_slice(&split).unwrap();
    let names = split[part].as_array().unwrap().iter();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn check_decodes_every_picture_and_names_all_bad_ones_with_the_way_to_go_on() {
    let folder = prepared();
    let check = ["own.toml", "--check"];
    let said = text(&run(folder.path(), &check, 0).stdout);
    assert!(said.contains("40 pictures decoded\n"), "{said}");
    let bad: Vec<String> = (1..=15)
        .map(|number| format!("pug/pug_{number}.png"))
        .collect();
    for name in &bad {
        cut_short(&picture(&folder, name));
    }
    let output = run(folder.path(), &check, 1);
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    let unnamed: Vec<&String> = bad.iter().filter(|name| !out.contains(*name)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?} are not in {out}");
    assert!(
        error.contains("15 of 40 pictures cannot be decoded") && error.contains(SKIP),
        "{error}"
    );
    // With leave to go on without them it is no error, and they are named all the same.
    let output = run(folder.path(), &["own.toml", "--check", "--set", SKIP], 0);
    assert!(
        text(&output.stdout).contains("15 cannot be"),
        "{}",
        text(&output.stdout)
    );
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn ctrl_c_while_check_decodes_ends_the_program_at_once() {
    let folder = prepared();
    let large = picture(&folder, "pug/large.png");
    RgbImage::from_fn(2000, 2000, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]))
        .save(&large)
        .unwrap();
    for number in 0..500 {
        fs::hard_link(&large, picture(&folder, &format!("pug/large_{number}.png"))).unwrap();
    }
    let mut child = train(folder.path(), &["own.toml", "--check"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("decoding 541 pictures") {
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "{line}");
    }
    signal_when(&mut child, "INT", &|| true);
    assert_eq!(exit_code(&mut child, Duration::from_secs(20)), Some(130));
    said.read_to_string(&mut line).unwrap();
    assert!(line.contains("`--check` has written nothing"), "{line}");
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn check_says_that_a_part_has_no_picture_left_even_if_bad_ones_may_be_left_out() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    for name in part(&folder, "valid") {
        cut_short(&picture(&folder, &name));
    }
    let said = text(&run(folder.path(), &["own.toml", "--check", "--set", SKIP], 1).stderr);
    assert!(said.contains("none of the 8 validation pictures"), "{said}");
}

#[test]
fn a_class_of_which_no_training_picture_can_be_decoded_is_an_error_in_training_as_in_check() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    for name in part(&folder, "train") {
        if name.starts_with("pug") {
            cut_short(&picture(&folder, &name));
        }
    }
    for more in [&["--check"][..], &[]] {
        let arguments = [&["own.toml", "--set", SKIP], more].concat();
        let said = text(&run(folder.path(), &arguments, 1).stderr);
        says(&said, &["no training picture of", "never shown"]);
    }
}

#[test]
fn the_same_bytes_with_two_labels_or_in_two_parts_are_a_warning_with_their_names() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    let copy =
        |from: &str, to: &str| fs::copy(picture(&folder, from), picture(&folder, to)).unwrap();
    copy("pug/pug_1.png", "Siamese/odd.png");
    // Copies are listed behind their originals; of many some come into the other part.
    for number in 2..=19 {
        copy(
            &format!("pug/pug_{number}.png"),
            &format!("pug/z_{number}.png"),
        );
    }
    let said = text(&run(folder.path(), &["own.toml", "--check"], 0).stderr);
    says(
        &said,
        &[
            "1 picture is there more than once with two labels",
            "Siamese/odd.png (Siamese) = pug/pug_1.png (pug)",
        ],
    );
    let parts = said
        .lines()
        .find(|line| line.contains("in different parts"));
    let parts = parts.expect(&said);
    assert_eq!(parts.matches(" = ").count(), 3, "{parts}");
    assert!(parts.contains(" more; keep one"), "{parts}");
}

#[test]
fn a_bad_validation_picture_stops_a_run_that_is_saved_and_goes_on_without_it() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    let bad = part(&folder, "valid")[3].clone();
    fs::remove_dir_all(folder.path().join("runs")).unwrap();
    cut_short(&picture(&folder, &bad));
    let said = text(&run(folder.path(), &["own.toml"], 1).stderr);
    assert!(
        said.contains(&bad)
            && said.contains("on_bad_image = \"skip\"")
            && said.contains("train --resume runs/own-1 --skip-bad-images"),
        "{said}"
    );
    // The whole epoch was saved, not only what the last checkpoint had.
    let resumed = ["--resume", "runs/own-1", "--skip-bad-images"];
    let said = text(&run(folder.path(), &resumed, 0).stderr);
    assert!(said.contains("after 4 iterations"), "{said}");
    says(&said, &["left out (1 so far)", &bad]);
}

#[test]
fn a_run_whose_picture_is_gone_names_it_and_goes_on_with_leave() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    let gone = [
        part(&folder, "train")[0].clone(),
        part(&folder, "valid")[0].clone(),
    ];
    for name in &gone {
        fs::remove_file(picture(&folder, name)).unwrap();
    }
    forget_the_last_stage(&folder);
    let said = text(&run(folder.path(), &["--resume", "runs/own-1"], 1).stderr);
    assert!(
        said.contains("2 pictures of this run are gone")
            && gone.iter().all(|name| said.contains(name))
            && said.contains("train --resume runs/own-1 --skip-bad-images"),
        "{said}"
    );
    let resumed = ["--resume", "runs/own-1", "--skip-bad-images"];
    let said = text(&run(folder.path(), &resumed, 0).stderr);
    assert!(said.contains("going on without them"), "{said}");
    says(&said, &["no longer those of the run without interruption"]);
    let log = fs::read_to_string(folder.path().join("runs/own-1/log.txt")).unwrap();
    assert!(log.contains("going on without them"), "{log}");
}

#[test]
fn a_run_that_leaves_bad_pictures_out_goes_on_without_one_that_is_gone() {
    let folder = prepared();
    run(folder.path(), &["own.toml", "--set", SKIP], 0);
    fs::remove_file(picture(&folder, &part(&folder, "train")[0])).unwrap();
    forget_the_last_stage(&folder);
    let said = text(&run(folder.path(), &["--resume", "runs/own-1"], 0).stderr);
    says(
        &said,
        &["1 picture of this run is gone", "going on without"],
    );
}

#[test]
fn a_run_of_which_no_validation_picture_is_left_does_not_go_on() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    for name in part(&folder, "valid") {
        fs::remove_file(picture(&folder, &name)).unwrap();
    }
    let resumed = ["--resume", "runs/own-1", "--skip-bad-images"];
    let said = text(&run(folder.path(), &resumed, 1).stderr);
    assert!(said.contains("none is left to validate with"), "{said}");
}

#[test]
fn new_pictures_stay_out_of_a_run_that_continues_to_the_same_figures() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    let figures = folder.path().join("runs/own-1/epochs.csv");
    let whole = fs::read(&figures).unwrap();
    forget_the_last_stage(&folder);
    fs::copy(
        picture(&folder, "pug/pug_1.png"),
        picture(&folder, "pug/a_new.png"),
    )
    .unwrap();
    let said = text(&run(folder.path(), &["--resume", "runs/own-1"], 0).stderr);
    says(
        &said,
        &["1 picture in mine is not of this run and left out of it: pug/a_new.png"],
    );
    assert!(!said.contains("no longer those"), "{said}");
    assert_eq!(fs::read(&figures).unwrap(), whole);
}

#[test]
fn changed_pictures_are_named_when_a_run_continues_or_is_repeated() {
    let folder = prepared();
    run(folder.path(), &["own.toml"], 0);
    let changed = part(&folder, "train")[5].clone();
    fs::copy(
        picture(&folder, &part(&folder, "train")[9]),
        picture(&folder, &changed),
    )
    .unwrap();
    forget_the_last_stage(&folder);
    let said = text(&run(folder.path(), &["--resume", "runs/own-1"], 0).stderr);
    says(
        &said,
        &[
            "1 picture of this run is not what it was",
            &changed,
            "no longer those of the run without interruption",
        ],
    );
    let said = text(&run(folder.path(), &["rerun", "runs/own-1"], 1).stderr);
    says(&said, &["the figures will differ: 1 changed"]);
}

#[test]
fn check_says_what_to_do_when_the_measured_step_diverges() {
    let folder = prepared();
    let rate = "stage.0.max_learning_rate=1e25";
    let said = text(&run(folder.path(), &["own.toml", "--check", "--set", rate], 1).stderr);
    says(
        &said,
        &[
            "in stage 1: training would diverge",
            "--set stage.0.max_learning_rate=1e24",
        ],
    );
}

/// Leaves of `runs/own-1` what it had after its first stage, so that there is something to continue.
fn forget_the_last_stage(folder: &TempDir) {
    let checkpoints = folder.path().join("runs/own-1/checkpoints");
    for entry in fs::read_dir(&checkpoints).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("stage-1") {
            fs::remove_dir_all(path).unwrap();
        }
    }
}
