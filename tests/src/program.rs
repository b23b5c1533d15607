//! The programs as a user runs them.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

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
