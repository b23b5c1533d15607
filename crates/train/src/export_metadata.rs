//! What the user of an exported network must know besides its weights, as text under keys. docs/export.md lists them.

use anyhow::{Context, Result};
use checkpoint::{Checkpoint, Run};
use pictures::transform::ResizeGeometry;
use serde::Serialize;
use std::collections::BTreeMap;

/// Keys and values for the network of `checkpoint`. Lists are JSON.
///
/// # Errors
/// None that a checkpoint can cause.
pub fn of(run: &Run, checkpoint: &Checkpoint) -> Result<BTreeMap<String, String>> {
    let manifest = &checkpoint.manifest;
    let size = manifest.size;
    let name = checkpoint.folder.file_name().unwrap_or_default();
    let mut entries = vec![
        ("architecture", manifest.network.architecture.to_string()),
        ("head", word(&manifest.network.head)?),
        ("classes", json(&manifest.classes)?),
        ("colour_order", "RGB".to_owned()),
        ("range", json(&[0, 1])?),
        ("mean", json(&manifest.normalisation.mean)?),
        ("std", json(&manifest.normalisation.std)?),
        ("size", size.to_string()),
        ("resize_shorter_side", shorter_side(size).to_string()),
        ("interpolation", "bilinear".to_owned()),
        ("crop", "centre".to_owned()),
        ("padding", word(&manifest.padding)?),
        ("orientation", word(&manifest.orientation)?),
        ("run", run.name()),
        ("checkpoint", name.to_string_lossy().into_owned()),
        ("iterations", manifest.iterations.to_string()),
    ];
    if let Some(error_rate) = manifest.error_rate {
        entries.push(("error_rate", error_rate.to_string()));
    }
    let owned = |(key, value): (&str, String)| (key.to_owned(), value);
    Ok(entries.into_iter().map(owned).collect())
}

/// Shorter side in pixels of a picture before the square of `size` is cut out.
fn shorter_side(size: usize) -> usize {
    ResizeGeometry::new(size, size, size).target
}

fn json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// The word that stands for a value in configs and manifests.
fn word(value: &impl Serialize) -> Result<String> {
    let value = serde_json::to_value(value)?;
    Ok(value.as_str().context("a word in configs")?.to_owned())
}
