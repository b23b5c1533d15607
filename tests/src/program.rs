//! The programs as a user runs them.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// A drawn data set: the beginning of a config, to which `[data.sample]` must be continued.
pub const DRAWN: &str = r#"
[data]
source = "sample"
folder = "sample"

[data.sample]
"#;

/// A small drawn data set: the beginning of a config, to which `[data.sample]` may be continued.
pub const TWO_BREEDS: &str = r#"
[data]
source = "sample"
folder = "sample"

[data.sample]
breeds = ["Siamese", "pug"]
pictures_per_breed = 20
"#;

/// Pictures of one's own in class folders: the beginning of a config.
pub const OWN_FOLDERS: &str = r#"
[data]
source = "folder"
folder = "mine"
layout = "folders"
"#;

/// The smallest network and a stage of one epoch: the end of a config, to which the stage may be continued.
pub const SHORT_TRAINING: &str = r#"
[model]
architecture = "resnet18"
base_width = 4

[[stage]]
size = 32
batch_size = 8
epochs = 1
train = "all"
max_learning_rate = 1e-3
"#;

/// The smallest network, to which `[model]` may be continued; stages of training come after it.
pub const SMALLEST: &str = r#"
[model]
architecture = "resnet18"
base_width = 4
"#;

/// A narrow network that learns a drawn data set in seconds; stages of training come after it.
pub const NARROW: &str = r#"
[model]
architecture = "resnet18"
base_width = 16
dropout = [0.1, 0.2]
"#;

/// A config that trains in seconds: [`TWO_BREEDS`] and [`SHORT_TRAINING`].
pub fn short_run() -> String {
    format!("{TWO_BREEDS}{SHORT_TRAINING}")
}

/// A stage of training, to which lines may be added.
pub fn stage(size: u32, epochs: u32, train: &str, max_learning_rate: &str) -> String {
    stage_in_batches(8, size, epochs, train, max_learning_rate)
}

/// The same in batches of another size.
pub fn stage_in_batches(
    batch_size: u32,
    size: u32,
    epochs: u32,
    train: &str,
    max_learning_rate: &str,
) -> String {
    format!(
        "\n[[stage]]\nsize = {size}\nbatch_size = {batch_size}\nepochs = {epochs}\ntrain = \"{train}\"\n\
         max_learning_rate = {max_learning_rate}\n"
    )
}

/// Two stages, to the second of which lines may be added: the head at 32 pixels, then all of the network at 64, for `epochs`
/// each, with a checkpoint after so many steps.
pub fn head_then_all(epochs: u32, checkpoint_every: [u32; 2]) -> String {
    let stages = [
        stage(32, epochs, "head", "1e-2"),
        stage(64, epochs, "all", "[1e-4, 1e-3]"),
    ];
    let lines = checkpoint_every.map(|steps| format!("checkpoint_every = {steps}\n"));
    stages
        .into_iter()
        .zip(lines)
        .map(|(stage, line)| stage + &line)
        .collect()
}

/// The program `name` with `arguments` in `folder`.
pub fn command(name: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program(name));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// `train` with `arguments` in `folder`.
pub fn train(folder: &Path, arguments: &[&str]) -> Command {
    command("train", folder, arguments)
}

/// Runs `train` to its end; fails the test with everything that was said if the exit code is another than `code`.
pub fn run(folder: &Path, arguments: &[&str], code: i32) -> Output {
    run_program("train", folder, arguments, code)
}

/// Runs `explain` to its end, as [`run`] does.
pub fn explain(folder: &Path, arguments: &[&str], code: i32) -> Output {
    run_program("explain", folder, arguments, code)
}

fn run_program(name: &str, folder: &Path, arguments: &[&str], code: i32) -> Output {
    let output = command(name, folder, arguments).output().unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{name} {arguments:?} said:\n{said}"
    );
    output
}

/// Starts `train` in the background, silent.
pub fn start(folder: &Path, arguments: &[&str]) -> Child {
    train(folder, arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The words of a command as they are typed, none of which has a space in it.
pub fn typed(words: &str) -> Vec<&str> {
    words.split_whitespace().collect()
}

/// Fails unless all `parts` were said.
#[track_caller]
pub fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}

/// What a program said.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program `name`, built beside this test by `cargo test --workspace`.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo test --workspace`",
        path.display()
    );
    path
}
