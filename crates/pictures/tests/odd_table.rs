//! The odd pictures of `tests/fixtures/odd_table`, each beside what Pillow makes of it.
//!
//! `scripts/odd-pictures.py` made both. Where the answers differ, [`DIFFERENT`] says why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use image::RgbImage;
use pictures::decode::{DecodeError, Decoded, MAX_PIXELS, decode};

/// The largest mean difference from Pillow's pixels, of 255.
const MEAN: f64 = 2.0;

/// An answer other than Pillow's.
enum Different {
    /// It is refused with a sentence that contains this, though Pillow makes a picture of it.
    Refused(&'static str),
    /// It is a picture, though Pillow refuses it.
    Read,
    /// It is a picture of other pixels.
    Pixels,
}
use Different::{Pixels, Read, Refused};

/// Files about which we answer otherwise than Pillow, with the reason.
const DIFFERENT: [(&str, Different, &str); 0] = [];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/odd_table")
}

/// The files by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder()).expect("the fixtures"); // XX
    entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_file() && entry.file_name() != "refused.json")
        .map(|entry| {
            let name = entry.file_name().into_string().expect("plain names");
            (name, std::fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// Pillow's pixels; `None` where it refused.
fn pillow(name: &str) -> Option<RgbImage> {
    let path = folder().join("expected").join(format!("{name}.png"));
    let bytes = std::fs::read(path).ok()?;
    Some(
        image::load_from_memory(&bytes)
            .expect("a picture")
            .into_rgb8(),
    )
}

fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let differences = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| f64::from(a.abs_diff(*b)));
    differences.sum::<f64>() / a.len() as f64
}

/// What is wrong with our answer, if anything is.
fn fault(
    answer: Result<Decoded, DecodeError>,
    expected: Option<RgbImage>,
    different: Option<&Different>,
) -> Option<String> {
    let picture = match (answer.map(|decoded| decoded.picture), different) {
        (Err(error), Some(Refused(words))) if expected.is_some() => {
            let said = error.to_string();
            return (!said.contains(words)).then(|| format!("says `{said}`, not `{words}`"));
        }
        (Err(_), None) if expected.is_none() => return None,
        (Err(error), _) => return Some(format!("is refused: {error}")),
        (Ok(picture), _) => picture,
    };
    let Some(expected) = expected else {
        return (!matches!(different, Some(Read))).then(|| "is read, Pillow refuses it".to_owned());
    };
    if matches!(different, Some(Refused(_) | Read)) {
        return Some("is read, as Pillow reads it".to_owned());
    }
    let fault = if picture.dimensions() != expected.dimensions() {
        Some(format!(
            "has {:?} pixels, not {:?}",
            picture.dimensions(),
            expected.dimensions()
        ))
    } else {
        let mean = mean_difference(&picture, &expected);
        (mean > MEAN).then(|| format!("is {mean:.2} from Pillow's pixels"))
    };
    match (fault, different) {
        (Some(_), Some(Pixels)) => None,
        (None, Some(Pixels)) => Some("has Pillow's pixels".to_owned()),
        (fault, _) => fault,
    }
}

#[test]
fn odd_pictures_are_what_pillow_makes_of_them_or_differ_for_a_stated_reason() {
    let files = files();
    assert!(files.len() >= 60);
    let mut faults = Vec::new();
    for (name, bytes) in &files {
        if std::env::var("NOTIFF").is_ok() && name.ends_with("tif") {
            continue;
        }
        let different = DIFFERENT.iter().find(|(other, ..)| other == name);
        let different = different.map(|(_, different, _)| different);
        if let Some(fault) = fault(decode(bytes), pillow(name), different) {
            faults.push(format!("{name} {fault}"));
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
