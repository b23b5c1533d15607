use std::{collections::BTreeMap, ops::RangeInclusive};

use network::{Algorithm, NetworkSpec, Precision};
use pictures::{decode::Orientation, loader::Normalisation, transform::Padding};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::json::fault;

/// Description of a checkpoint, beside its tensors: enough to build the network and to feed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the layout it was read from or is to be written in.
    pub format: u32,
    /// The network's shape.
    pub network: NetworkSpec,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// Normalisation of the pixels.
    pub normalisation: Normalisation,
    /// Side of the square pictures of the last stage, in pixels.
    pub size: usize,
    /// Padding: what sampling points outside a picture read. Since format 2.
    pub padding: Padding,
    /// Whether pictures were turned upright. Since format 3.
    pub orientation: Orientation,
    /// Algorithm of the convolutions while the network was trained and validated. Since format 2.
    #[serde(with = "network::algorithm_name")]
    pub kernels: Algorithm,
    /// Numbers that the convolutions multiplied while the network was validated; absent: f32.
    #[serde(
        default,
        skip_serializing_if = "is_f32",
        with = "network::precision_name"
    )]
    pub precision: Precision,
    /// Name of the run's config.
    pub config: String,
    /// Training iterations behind this checkpoint, over all stages.
    pub iterations: u64,
    /// Share of the validation pictures that were wrong at the last validation, if there was one.
    pub error_rate: Option<f64>,
    /// File of the weights whose error rate this is and that answer, if they are not those that training goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answering_weights: Option<String>,
    /// True if it is kept for its error rate and not as the newest: no training goes on from here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub best: bool,
    /// Numbers of processes that trained it, one after another; absent: one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<usize>,
    /// SHA-256 of every other file, in hex.
    pub files: BTreeMap<String, String>,
}

fn is_f32(precision: &Precision) -> bool {
    *precision == Precision::F32
}

/// Sides in pixels of pictures that a network can have been trained with.
const SIZES: RangeInclusive<usize> = 32..=2048;

/// The one field that every version has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    /// The version that this program writes. It also reads versions 1 and 2.
    pub const FORMAT: u32 = 3;

    /// Reads the bytes of `manifest.json`; the error is a clause.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let manifest = match serde_json::from_slice(bytes).map(|version: Version| version.format) {
            Ok(1) => serde_json::from_slice(bytes).and_then(from_format_1),
            Ok(2) => serde_json::from_slice(bytes).and_then(from_format_2),
            Ok(Self::FORMAT) => serde_json::from_slice(bytes),
            Ok(other) => {
                let known = Self::FORMAT;
                return Err(format!("format {other}, this program reads 1 to {known}"));
            }
            Err(error) => Err(error),
        };
        let manifest: Self = manifest.map_err(|error| fault(&error))?;
        let (classes, logits) = (manifest.classes.len(), manifest.network.classes);
        if classes != logits {
            return Err(format!("it names {classes} classes for {logits} logits"));
        }
        if !SIZES.contains(&manifest.size) {
            let [least, most] = [SIZES.start(), SIZES.end()];
            return Err(format!(
                "its pictures have {} pixels, not {least} to {most}",
                manifest.size
            ));
        }
        // A name with a path in it would read outside the folder.
        let is_path = |name: &&String| name.contains(['/', '\\']);
        match manifest.files.keys().find(is_path) {
            Some(name) => Err(format!("`{name}` is not a plain file name")),
            None => Ok(manifest),
        }
    }
}

/// Format 1 did not say what was nearly always so.
fn from_format_1(mut fields: Map<String, Value>) -> serde_json::Result<Manifest> {
    fields.insert("padding".to_owned(), json!(Padding::Reflection));
    fields.insert("kernels".to_owned(), json!("fast"));
    from_format_2(fields)
}

/// Until format 2 no picture was turned.
fn from_format_2(mut fields: Map<String, Value>) -> serde_json::Result<Manifest> {
    fields.insert("orientation".to_owned(), json!(Orientation::Ignore));
    serde_json::from_value(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with the saved manifest when `old` is `new` in it.
    fn fault(old: &str, new: &str) -> String {
        let saved = include_str!("../tests/format-1/manifest.json");
        assert!(saved.contains(old));
        Manifest::from_json(saved.replacen(old, new, 1).as_bytes()).unwrap_err()
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused() {
        assert_eq!(
            fault("\"classes\": 2", "\"classes\": 3"),
            "it names 2 classes for 3 logits"
        );
        assert_eq!(
            fault("\"size\": 64", "\"size\": 0"),
            "its pictures have 0 pixels, not 32 to 2048"
        );
    }
}
