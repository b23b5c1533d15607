//! Networks for other programs: both formats say the same of a network, and a name that says no format is refused.

use onnx::Model;
use prost::Message;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use stories::folders::made_anew;
use stories::program::{run, short_run, text};

/// A folder with the run `own-1`.
fn story() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = made_anew(env!("CARGO_TARGET_TMPDIR"), "exports-story");
        let config = short_run();
        fs::write(folder.join("own.toml"), config).unwrap();
        run(&folder, &["own.toml"], 0);
        folder
    })
}

#[test]
fn both_formats_say_the_same_of_a_network_and_an_export_has_the_same_bytes_again() {
    let folder = story();
    for file in ["model.onnx", "again.onnx", "model.safetensors"] {
        run(folder, &["export", "own-1", "--to", file], 0);
    }
    let bytes = |file: &str| fs::read(folder.join(file)).unwrap();
    assert!(bytes("model.onnx") == bytes("again.onnx"));
    let model = Model::decode(&*bytes("model.onnx")).unwrap();
    let of_onnx: BTreeMap<String, String> = model
        .metadata_props
        .into_iter()
        .map(|property| (property.key, property.value))
        .collect();
    let mut of_safetensors = header(&bytes("model.safetensors"));
    assert_eq!(of_safetensors.remove("format").as_deref(), Some("pt"));
    assert_eq!(of_safetensors.remove("layout").as_deref(), Some("fastai"));
    assert_eq!(of_onnx, of_safetensors);
    for (key, value) in [
        ("architecture", "resnet18"),
        ("head", "fastai"),
        ("classes", r#"["Siamese","pug"]"#),
        ("colour_order", "RGB"),
        ("range", "[0,1]"),
        ("mean", "[0.485,0.456,0.406]"),
        ("std", "[0.229,0.224,0.225]"),
        ("size", "32"),
        ("resize_shorter_side", "32"),
        ("interpolation", "bilinear"),
        ("crop", "centre"),
        ("padding", "reflection"),
        ("orientation", "exif"),
        ("run", "own-1"),
        ("checkpoint", "stage-1"),
        ("iterations", "4"),
    ] {
        assert_eq!(of_onnx.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert!(of_onnx["error_rate"].parse::<f64>().unwrap() <= 1.0);
    assert_eq!(of_onnx.len(), 17, "{:?}", of_onnx.keys());
}

#[test]
fn a_name_that_says_no_format_or_another_one_than_the_arguments_is_refused_and_nothing_is_written()
{
    let folder = story();
    for (to, more, expected) in [
        ("model", &[][..], "model does not say its format"),
        ("model.pt", &[], ".safetensors"),
        ("onnx", &[], "does not say its format"),
        (".onnx", &[], "does not say its format"),
        (
            "m.ONNX",
            &["--layout", "fastai"],
            "--layout is for safetensors",
        ),
    ] {
        let arguments = [&["export", "own-1", "--to", to][..], more].concat();
        let said = text(&run(folder, &arguments, 2).stderr);
        assert!(said.contains(expected), "{said}");
        assert!(!folder.join(to).exists(), "{to}");
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_what_was_there() {
    let folder = story();
    fs::create_dir(folder.join("full.onnx")).unwrap();
    fs::write(folder.join("full.onnx/kept"), "").unwrap();
    let arguments = ["export", "own-1", "--to", "full.onnx"];
    let said = text(&run(folder, &arguments, 1).stderr);
    assert!(said.contains("cannot write full.onnx"), "{said}");
    assert!(folder.join("full.onnx/kept").is_file());
    let missing = ["export", "own-1", "--to", "nowhere/model.onnx"];
    let said = text(&run(folder, &missing, 1).stderr);
    assert!(said.contains("nowhere/model.onnx"), "{said}");
}

/// The metadata of a safetensors file.
fn header(bytes: &[u8]) -> BTreeMap<String, String> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let metadata = header["__metadata__"].as_object().unwrap().iter();
    metadata
        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}
