//! The programs as a user runs them.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

/// `train` with `arguments` in `folder`.
pub fn train(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("train"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

#[allow(dead_code, reason = "not every story needs it")]
/// Runs to the end; fails the test with everything that was said if the exit code is another.
pub fn run(folder: &Path, arguments: &[&str], code: i32) -> Output {
    let output = train(folder, arguments).output().unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "train {arguments:?} said:\n{said}"
    );
    output
}

/// Starts in the background, silent.
#[allow(dead_code, reason = "not every story kills a program")]
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
