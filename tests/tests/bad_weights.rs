//! Files of weights with a fault: each one sentence that names the file, and the tensor where there is one, before a run is
//! begun, and in `--check` too.

use serde_json::{Value, json};
use std::{fs, path::Path};
use stories::folders::with_config;
use stories::program::{run, short_run, text, train, typed};

/// The header of a safetensors file, and its numbers.
struct Weights {
    header: Value,
    data: Vec<u8>,
}

impl Weights {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let (length, rest) = bytes.split_at(8);
        let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        Self {
            header: serde_json::from_slice(&rest[..length]).unwrap(),
            data: rest[length..].to_vec(),
        }
    }

    fn write(&self, path: &Path) {
        let header = self.header.to_string();
        let length = (header.len() as u64).to_le_bytes();
        fs::write(path, [&length[..], header.as_bytes(), &self.data].concat()).unwrap();
    }

    /// Makes the first number of `tensor` a `value`.
    fn set(&mut self, tensor: &str, value: f32) {
        let start = self.header[tensor]["data_offsets"][0].as_u64().unwrap() as usize;
        self.data[start..start + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Makes every number of `tensor` 0.
    fn clear(&mut self, tensor: &str) {
        let place =
            |end: usize| self.header[tensor]["data_offsets"][end].as_u64().unwrap() as usize;
        self.data[place(0)..place(1)].fill(0);
    }

    /// Gives a tensor another name.
    fn rename(&mut self, tensor: &str, name: &str) {
        let tensors = self.header.as_object_mut().unwrap();
        let taken = tensors.remove(tensor).unwrap();
        tensors.insert(name.to_owned(), taken);
    }
}

type Fault = fn(&mut Weights);

/// What is done to a sound file, and what the sentence must have in it.
const TENSORS: &[(&str, Fault, &[&str])] = &[
    (
        "nan",
        |w| w.set("conv1.weight", f32::NAN),
        &["`conv1.weight`", "not finite"],
    ),
    (
        "infinite",
        |w| w.set("bn1.bias", f32::NEG_INFINITY),
        &["`bn1.bias`", "not finite"],
    ),
    (
        "huge",
        |w| w.set("layer1.0.conv1.weight", 3e38),
        &["`layer1.0.conv1.weight`", "3e38", "no network learns"],
    ),
    (
        "far",
        |w| w.set("bn1.running_mean", -1e30),
        &["`bn1.running_mean`", "-1e30"],
    ),
    (
        "zeros",
        |w| w.clear("layer2.0.conv1.weight"),
        &["`layer2.0.conv1.weight`", "all zeros"],
    ),
    (
        "variance",
        |w| w.set("bn1.running_var", -1.0),
        &["`bn1.running_var`", "negative variance"],
    ),
    (
        "shape",
        |w| w.header["conv1.weight"]["shape"] = json!([7, 7, 3, 4]),
        &["conv1.weight ([7, 7, 3, 4]", "[4, 3, 7, 7]"],
    ),
    (
        "missing",
        |w| w.rename("conv1.weight", "other.weight"),
        &["missing: conv1.weight", "unexpected: other.weight"],
    ),
    (
        "integers",
        |w| w.header["bn1.bias"]["dtype"] = json!("I32"),
        &["bn1.bias", "integers"],
    ),
];

/// The whole content of a file.
const FILES: &[(&str, &[u8], &[&str])] = &[
    ("empty.pth", b"", &["empty"]),
    (
        "page.pth",
        b"<!DOCTYPE html><html>404</html>",
        &["web page"],
    ),
    ("text.safetensors", b"hello", &["no weights"]),
    (
        "lfs.pth",
        b"version https://git-lfs.github.com/spec/v1\n",
        &["git lfs pull"],
    ),
    (
        "zip.pth",
        b"PK\x03\x04 and no more",
        &["damaged or cut short"],
    ),
];

#[test]
fn a_file_of_weights_with_a_fault_is_named_with_its_tensor_before_a_run_is_begun() {
    let folder = with_config("own.toml", &short_run());
    let folder = folder.path();
    run(folder, &["own.toml"], 0);
    let export = typed("export own-1 --layout torchvision --to sound.safetensors");
    run(folder, &export, 0);
    run(folder, &with("sound.safetensors", &["--check"]), 0);
    let mut faults = Vec::new();
    for (name, change, parts) in TENSORS {
        let mut weights = Weights::read(&folder.join("sound.safetensors"));
        change(&mut weights);
        let name = format!("{name}.safetensors");
        weights.write(&folder.join(&name));
        faults.extend(fault(folder, &name, parts));
    }
    for (name, content, parts) in FILES {
        fs::write(folder.join(name), content).unwrap();
        faults.extend(fault(folder, name, parts));
    }
    let sound = fs::read(folder.join("sound.safetensors")).unwrap();
    fs::write(folder.join("half.safetensors"), &sound[..sound.len() / 2]).unwrap();
    faults.extend(fault(folder, "half.safetensors", &["damaged or cut short"]));
    fs::create_dir(folder.join("folder.pth")).unwrap();
    faults.extend(fault(folder, "folder.pth", &["cannot read"]));
    faults.extend(fault(folder, "nothing.pth", &["cannot read"]));
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    let runs = fs::read_dir(folder.join("runs")).unwrap();
    assert_eq!(runs.count(), 1);
}

fn with<'a>(weights: &str, more: &[&'a str]) -> Vec<&'a str> {
    let set: &'static str = format!("model.weights=./{weights}").leak();
    [&["own.toml", "--set", set], more].concat()
}

/// What is wrong with the answers to training from `weights` and to its `--check`.
fn fault(folder: &Path, weights: &str, parts: &[&str]) -> Option<String> {
    for more in [&[][..], &["--check"]] {
        let output = train(folder, &with(weights, more)).output().unwrap();
        let said = text(&output.stderr);
        let error = said.lines().find(|line| line.starts_with("error: "));
        let error = error.unwrap_or_default();
        let has_all = parts
            .iter()
            .chain([&weights])
            .all(|part| error.contains(*part));
        if output.status.code() != Some(1) || !has_all {
            return Some(format!("{weights} {more:?}: {said}"));
        }
    }
    None
}
