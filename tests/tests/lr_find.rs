//! The search for a learning rate, as a user types it: what it suggests can be typed, and it changes nothing but its own files.

#[path = "../../crates/files/tests/helpers/listed.rs"]
mod listed;

use listed::files_below;
use std::fs;
use stories::folders::with_config;
use stories::program::{run, short_run, stage, text, train};

fn folder_with_config() -> tempfile::TempDir {
    let second = stage(64, 1, "head", "[1e-4, 1e-3]");
    with_config(
        "story.toml",
        &format!("{}save = \"first\"\n{second}", short_run()),
    )
}

/// What follows `--set` in the line that says what to type next.
fn suggested(said: &str) -> String {
    let next = said
        .lines()
        .find(|line| line.starts_with("next: "))
        .unwrap();
    next.split_once("--set ").unwrap().1.replace('\'', "")
}

#[test]
fn a_search_writes_a_curve_and_nothing_else_and_its_suggestion_can_be_typed() {
    let folder = folder_with_config();
    let folder = folder.path();
    run(folder, &["story.toml", "--set", "stage.0.epochs=1"], 0);
    let before = files_below(folder);
    let first = run(folder, &["lr-find", "story.toml"], 0);
    let mut after = files_below(folder);
    let csv = after.remove("lr-find.csv").unwrap();
    let svg = after.remove("lr-find.svg").unwrap();
    assert!(after == before, "something else has changed");
    assert!(text(&svg).contains("stage 1 of 2"));
    let csv = text(&csv);
    assert!(csv.starts_with("learning_rate,loss,smoothed_loss\n1e-7,"));
    assert!((12..=101).contains(&csv.lines().count()));
    let said = text(&first.stdout);
    let set = suggested(&said);
    assert!(set.starts_with("stage.0.max_learning_rate="), "{set}");
    run(folder, &["story.toml", "--set", &set], 0);

    // Twice the same, and the first batches are those of the training.
    let again = ["lr-find", "story.toml", "--out", "again.SVG"];
    run(folder, &again, 0);
    assert_eq!(fs::read_to_string(folder.join("again.csv")).unwrap(), csv);
    let steps = fs::read_to_string(folder.join("runs/story-1/iterations.csv")).unwrap();
    let loss_of_training = steps.lines().nth(1).unwrap().split(',').nth(3).unwrap();
    let loss_of_search = csv.lines().nth(1).unwrap().split(',').nth(1).unwrap();
    assert_eq!(loss_of_search, loss_of_training);
}

#[test]
fn behind_a_stage_of_a_run_the_search_begins_with_what_it_has_learnt() {
    let folder = folder_with_config();
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let before = files_below(folder);
    let search = ["lr-find", "--run", "story-1", "--after", "first"];
    let said = run(folder, &search, 0);
    let csv = fs::read_to_string(folder.join("lr-find.csv")).unwrap();
    // The run's second stage begins with the same batch and the same weights.
    let steps = fs::read_to_string(folder.join("runs/story-1/iterations.csv")).unwrap();
    let second = steps.lines().find(|line| line.starts_with("2,")).unwrap();
    assert_eq!(
        csv.lines().nth(1).unwrap().split(',').nth(1),
        second.split(',').nth(3)
    );
    let set = suggested(&text(&said.stdout));
    assert!(set.starts_with("stage.1.max_learning_rate=["), "{set}");
    let mut after = files_below(folder);
    after.retain(|path, _| !["lr-find.csv", "lr-find.svg"].contains(&path.as_str()));
    assert!(after == before, "something else has changed");
    // Behind the last stage there is none: its own settings are taken, and it is said.
    let last = run(
        folder,
        &["lr-find", "--run", "story-1", "--out", "last.svg"],
        0,
    );
    assert!(text(&last.stderr).contains("no stage is behind this checkpoint"));
}

#[test]
fn what_cannot_be_searched_is_one_sentence_before_anything_is_drawn() {
    let folder = folder_with_config();
    let folder = folder.path();
    fs::write(folder.join("labels.csv"), "name,label\n").unwrap();
    let cases: [(&[&str], &str); 6] = [
        (
            &["story.toml", "--stage", "3"],
            "no such stage; the config has first, stage-2",
        ),
        (
            &["story.toml", "--stage", "fist"],
            "--stage fist: there is no such stage",
        ),
        (
            &["story.toml", "--out", "labels.svg"],
            "labels.csv exists and is no curve",
        ),
        (&["story.toml", "--out", "curve.png"], "ends in .svg"),
        (&["--after", "first"], "--run <RUN>"),
        (&["story.toml", "--run", "story-1"], "cannot be used with"),
    ];
    for (arguments, expected) in cases {
        let output = train(folder, &[&["lr-find"], arguments].concat())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert_eq!(files_below(folder).len(), 2);
}
