//! How the programs speak: all that a person reads of them, kept in `snapshots/` so that a change is reviewed as a diff.
//!
//! `INSTA_UPDATE=always cargo test --workspace --test speech` writes the snapshots anew; numbers that depend on the processor and times are
//! left out of them.

use std::{fs, path::Path};
use stories::folders::with_config;
use stories::program::{SMALLEST, TWO_BREEDS, command, stage, text};

/// Two stages with progressive resizing, which take some seconds.
fn config() -> String {
    let data = format!("{TWO_BREEDS}two_breeds_pictures = 2\n");
    let small = stage(32, 1, "head", "1e-2");
    let large = stage(64, 1, "all", "[1e-4, 1e-3]");
    format!("{data}{SMALLEST}{small}{large}save = \"64\"\n")
}

/// What stands in a snapshot for what differs from run to run, or from processor to processor.
const FILTERS: &[(&str, &str)] = &[
    (r"\d{4}-\d\d-\d\dT[\d:]+Z", "[date]"),
    (r"\b\d\d:\d\d\b", "[time]"),
    (
        r"expected time .*, memory .*",
        "expected time [time], memory [memory]",
    ),
    (r"-?\d+\.\d+(e-?\d+)?", "[number]"),
    (r"mine.jpg: .*", "mine.jpg: [classes and probabilities]"),
    (
        r"for \w+, \[number\] %: .*",
        "for [class], [number] %: [range]",
    ),
    (r"\d+ of (12|1)\b", "[count] of $1"),
    // What a network that has learnt hardly anything is said to be good for.
    (
        r"(((Use |Do not use|Nothing certain|Another map|Much the same|Neither clearly|Not tried|The same map|In |Some of this)[^\n]*)\n)+",
        "[verdict]\n",
    ),
    // Columns are as wide as the numbers in them.
    (r"(\S)   +", "$1  "),
    (r" +\n", "\n"),
];

/// What `program` said to `arguments` in `folder`, and its exit code.
fn said(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let output = command(name, folder, arguments)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let code = output.status.code();
    format!(
        "$ {name} {}\n--- exit code {}\n--- stdout\n{}--- stderr\n{}",
        arguments.join(" "),
        code.map_or("none".to_owned(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr),
    )
    .replace(&folder.display().to_string(), "[folder]")
}

/// Compares what was said with the snapshot `name`, but for what `filters` replace.
fn check(name: &str, filters: &[(&str, &str)], said: &[String]) {
    insta::with_settings!({
        filters => filters.to_vec(),
        omit_expression => true,
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!(name, said.join("\n"));
    });
}

#[test]
fn help_teaches_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let verbs = [
        "fetch", "summary", "preview", "lr-find", "runs", "rerun", "export",
    ];
    let help = |program, arguments: &[&str]| said(folder.path(), program, arguments);
    let mut train = vec![help("train", &["--help"])];
    train.extend(verbs.map(|verb| help("train", &[verb, "--help"])));
    check("train_help", &[], &train);
    check(
        "explain_help",
        &[],
        &[
            help("explain", &["--help"]),
            help("explain", &["score", "--help"]),
        ],
    );
}

#[test]
fn a_run_is_told_from_its_data_to_its_scores() {
    let folder = with_config("story.toml", &config());
    let folder = folder.path();
    let train = |arguments: &[&str]| said(folder, "train", arguments);
    check(
        "story_of_a_run",
        FILTERS,
        &[
            train(&["story.toml", "--check"]),
            train(&["fetch", "story.toml"]),
            train(&["story.toml", "--check"]),
            train(&["story.toml"]),
            train(&["--resume", "runs/story-1"]),
            train(&["rerun", "runs/story-1"]),
            train(&["runs"]),
            train(&["export", "story-1", "--to", "model.safetensors"]),
            train(&["export", "story-1", "--to", "model.onnx"]),
            train(&["preview", "story.toml"]),
            train(&["story.toml", "--quiet", "--set", "stage.0.epochs=2"]),
        ],
    );
    // A name that tells no class: whether an untrained network is right is nobody's business.
    fs::copy(
        folder.join("sample/images/pug_1.jpg"),
        folder.join("mine.jpg"),
    )
    .unwrap();
    let explain = |arguments: &[&str]| said(folder, "explain", arguments);
    check(
        "story_of_explanations",
        FILTERS,
        &[
            explain(&["--run", "story-1", "mine.jpg"]),
            explain(&["score", "--run", "story-1"]),
            explain(&["--quiet", "--run", "story-1", "mine.jpg"]),
        ],
    );
}

#[test]
fn mistakes_get_one_sentence_that_says_what_to_do() {
    let folder = with_config("key.toml", &config().replace("base_width", "base_with"));
    let folder = folder.path();
    let train = |arguments: &[&str]| said(folder, "train", arguments);
    let set = |set: &str| said(folder, "train", &["--set", set]);
    let explain = |arguments: &[&str]| said(folder, "explain", arguments);
    check(
        "mistakes",
        &[],
        &[
            train(&["nowhere.toml"]),
            train(&["key.toml"]),
            train(&["--resume", "runs/nothing-1"]),
            train(&["--device", "cuda"]),
            train(&["--device", "tpu"]),
            set("stage.0.epoch=1"),
            set("stage.0.max_learning_rate=[1e-3,1e-2,1e-1]"),
            set("model.architecture=resnet43"),
            set("stage.0.pct_start=2"),
            set("model.weights=resnet34-b627a594"),
            explain(&[]),
            explain(&["nothing.jpg"]),
        ],
    );
}
