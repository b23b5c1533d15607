//! Fails on any dependency between the workspace's crates that ARCHITECTURE.md does not draw.

use serde_json::Value;
use std::process::{Command, ExitCode};

/// Crate, and the crates it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("words", &[]),
    ("terminal", &[]),
    ("files", &[]),
    ("download", &["files"]),
    ("cpu", &[]),
    ("kernels", &["cpu"]),
    ("sheet", &["files"]),
    ("sample", &["files"]),
    ("pictures", &["download", "files"]),
    ("network", &["download", "files", "kernels", "words"]),
    ("checkpoint", &["files", "network", "pictures"]),
    ("cam", &[]),
    ("measure", &["cam", "pictures", "words"]),
    (
        "train",
        &[
            "checkpoint",
            "download",
            "files",
            "kernels",
            "network",
            "pictures",
            "sample",
            "sheet",
            "terminal",
            "words",
        ],
    ),
    (
        "explain",
        &[
            "cam",
            "checkpoint",
            "files",
            "kernels",
            "measure",
            "network",
            "pictures",
            "sheet",
            "terminal",
            "words",
        ],
    ),
    ("stories", &[]),
];

fn main() -> ExitCode {
    let found = match arrows() {
        Ok(found) => found,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let wrong: Vec<_> = found
        .iter()
        .filter(|(from, to)| !allowed(from, to))
        .collect();
    for (from, to) in &wrong {
        eprintln!("error: {from} names things of {to}: ARCHITECTURE.md has no such arrow");
    }
    println!(
        "{} arrows between crates, {} wrong",
        found.len(),
        wrong.len()
    );
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn allowed(from: &str, to: &str) -> bool {
    ARROWS
        .iter()
        .any(|(name, targets)| *name == from && targets.contains(&to))
}

/// Pairs of workspace crates of which the first depends on the second, tests and benches left out.
fn arrows() -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let names: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut arrows = Vec::new();
    for package in packages {
        let dependencies = package["dependencies"]
            .as_array()
            .ok_or("no dependencies")?;
        for dependency in dependencies
            .iter()
            .filter(|d| d["kind"].as_str() != Some("dev"))
        {
            let (Some(from), Some(to)) = (package["name"].as_str(), dependency["name"].as_str())
            else {
                continue;
            };
            if names.contains(&to) {
                arrows.push((from.to_owned(), to.to_owned()));
            }
        }
    }
    Ok(arrows)
}
