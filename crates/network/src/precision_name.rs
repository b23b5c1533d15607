//! Serialisation of a [`Precision`] as `f32` or `bf16`.

use kernels::Precision;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    F32,
    Bf16,
}

/// Writes the name of `precision`.
///
/// # Errors
/// Those of `serializer`.
pub fn serialize<S: Serializer>(precision: &Precision, serializer: S) -> Result<S::Ok, S::Error> {
    let name = match precision {
        Precision::F32 => Name::F32,
        Precision::Bf16 => Name::Bf16,
    };
    name.serialize(serializer)
}

/// Reads a name.
///
/// # Errors
/// Those of `deserializer`, or an unknown name.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Precision, D::Error> {
    let name = Name::deserialize(deserializer)?;
    Ok(match name {
        Name::F32 => Precision::F32,
        Name::Bf16 => Precision::Bf16,
    })
}
