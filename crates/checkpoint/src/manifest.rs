use network::NetworkSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a checkpoint is, beside its tensors: enough to build the network and to feed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout; a reader refuses any other.
    pub format: u32,
    /// The network's shape.
    pub network: NetworkSpec,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// What was done to the pixels.
    pub normalisation: Normalisation,
    /// Side of the square pictures of the last stage, in pixels.
    pub size: usize,
    /// Name of the run's config.
    pub config: String,
    /// Training iterations behind this checkpoint, over all stages.
    pub iterations: u64,
    /// Share of the validation pictures that were wrong at the last validation, if there was one.
    pub error_rate: Option<f64>,
    /// SHA-256 of every other file, in hex.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// The version that this program writes.
    pub const FORMAT: u32 = 1;
}

/// `(pixel - mean) / std` per channel (red, green, blue), pixels in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// Subtracted.
    pub mean: [f32; 3],
    /// Divided by.
    pub std: [f32; 3],
}
