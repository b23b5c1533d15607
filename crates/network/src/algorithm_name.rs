//! [`Algorithm`] as configs and checkpoints write it, for serde's `with`: `"exact"` or `"fast"`.

use kernels::Algorithm;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes the word.
///
/// # Errors
/// Those of the format.
pub fn serialize<S: Serializer>(value: &Algorithm, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match value {
        Algorithm::Exact => "exact",
        Algorithm::Fast => "fast",
    })
}

/// Reads the word.
///
/// # Errors
/// It is another word.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "exact" => Ok(Algorithm::Exact),
        "fast" => Ok(Algorithm::Fast),
        other => Err(D::Error::unknown_variant(other, &["exact", "fast"])),
    }
}
