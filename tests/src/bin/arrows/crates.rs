//! Arrows between crates.

use serde_json::Value;
use std::{error::Error, path::Path, process::Command};

/// Each crate with the crates that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("words", &[]),
    ("terminal", &[]),
    ("files", &[]),
    ("download", &["files"]),
    ("cpu", &[]),
    ("kernels", &["cpu", "processes"]),
    ("sheet", &["files"]),
    ("sample", &["files"]),
    ("pictures", &["download", "files", "words"]),
    ("split", &["pictures", "words"]),
    ("network", &["download", "files", "kernels", "words"]),
    ("onnx", &["network"]),
    ("checkpoint", &["files", "network", "pictures", "words"]),
    ("cam", &[]),
    ("measure", &["cam", "pictures", "words"]),
    ("evaluation", &[]),
    ("processes", &[]),
    (
        "train",
        &[
            "checkpoint",
            "download",
            "files",
            "kernels",
            "network",
            "onnx",
            "pictures",
            "processes",
            "sample",
            "sheet",
            "split",
            "terminal",
            "words",
        ],
    ),
    (
        "explain",
        &[
            "cam",
            "checkpoint",
            "evaluation",
            "files",
            "kernels",
            "measure",
            "network",
            "pictures",
            "processes",
            "sheet",
            "terminal",
            "words",
        ],
    ),
    ("stories", &[]),
];

/// A crate of the workspace.
pub struct Package {
    /// Its name.
    pub name: String,
    /// The folder of its `Cargo.toml`.
    pub folder: String,
    /// Crates of the workspace that it depends on, tests and benches left out.
    dependencies: Vec<String>,
}

/// The crates of the workspace, as Cargo lists them.
pub fn packages() -> Result<Vec<Package>, Box<dyn Error>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let names: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    packages
        .iter()
        .map(|package| read(package, &names).ok_or_else(|| "a package without a name".into()))
        .collect()
}

/// The number of arrows, and a sentence for each that is not drawn.
pub fn undrawn(packages: &[Package]) -> (usize, Vec<String>) {
    let arrows: Vec<(&str, &str)> = packages
        .iter()
        .flat_map(|package| {
            let targets = package.dependencies.iter();
            targets.map(|to| (package.name.as_str(), to.as_str()))
        })
        .collect();
    let is_drawn = |(from, to): (&str, &str)| {
        ARROWS
            .iter()
            .any(|(name, targets)| *name == from && targets.contains(&to))
    };
    let undrawn = arrows.iter().filter(|arrow| !is_drawn(**arrow));
    let problems = undrawn
        .map(|(from, to)| format!("{from} depends on {to}: ARCHITECTURE.md has no such arrow"))
        .collect();
    (arrows.len(), problems)
}

fn read(package: &Value, names: &[&str]) -> Option<Package> {
    let dependencies = package["dependencies"].as_array()?.iter();
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        folder: Path::new(package["manifest_path"].as_str()?)
            .parent()?
            .to_str()?
            .to_owned(),
        dependencies: dependencies
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|name| names.contains(name))
            .map(str::to_owned)
            .collect(),
    })
}
