//! The first weights of a network: a published file by name, or any file by path.

use crate::{
    interrupt::Interrupt,
    transfer::{DOWNLOAD_KEPT, Transfer},
};
use anyhow::{Result, bail};
use network::{
    Network, is_of_head,
    weights::{StateDict, layout, registry},
};
use std::path::{Path, PathBuf};
use terminal::Terminal;

/// Folder of downloaded weights.
pub const CACHE_FOLDER: &str = "data/weights";

/// Numbers beyond this one are a fault in a file: weights are of the order of 1, variances of pixels below 10⁵.
const LARGEST: f32 = 1e10;

/// `network` with the weights `name` (see `model.weights` in a config). The head stays as it is unless the file has all
/// of it.
pub fn load(
    network: Network,
    name: &str,
    terminal: &Terminal,
    interrupt: &Interrupt,
) -> Result<Network> {
    load_file(network, &locate(name, terminal, interrupt)?, terminal)
}

/// `network` with the weights in the file at `path`.
pub fn load_file(network: Network, path: &Path, terminal: &Terminal) -> Result<Network> {
    let mut state = layout::to_canonical(StateDict::read(path)?, network.architecture())?;
    if let Some(tensor) = state.first_not_finite() {
        bail!(
            "{}: tensor `{tensor}` holds a number that is not finite: take another file of weights",
            path.display()
        );
    }
    if let Some(tensor) = negative_variance(&state) {
        bail!(
            "{}: tensor `{tensor}` holds a negative variance: take another file of weights",
            path.display()
        );
    }
    let report = state
        .check(&network.shapes(), is_of_head)
        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    terminal.message(&format!(
        "weights: {} tensors of {}{}",
        report.loaded.len(),
        path.display(),
        if report.unexpected.is_empty() {
            String::new()
        } else {
            format!(", without {}", words::abbreviated(&report.unexpected))
        }
    ));
    state.retain(|name| report.loaded.iter().any(|loaded| loaded == name));
    if let Some(fault) = useless(&state) {
        bail!("{}: {fault}: take another file of weights", path.display());
    }
    Ok(network.with_state(state))
}

/// The first running variance with a number that no variance can be; its root would be NaN.
fn negative_variance(state: &StateDict) -> Option<&str> {
    let mut variances = state
        .iter()
        .filter(|(name, _)| name.ends_with("running_var"));
    variances.find_map(|(name, tensor)| {
        let values = tensor.as_floats().unwrap_or_default();
        values.iter().any(|value| *value < 0.0).then_some(name)
    })
}

/// What is wrong with the first tensor that no training can begin with: a number far beyond any that a network learns, or a
/// convolution of zeros, which lets nothing through.
fn useless(state: &StateDict) -> Option<String> {
    state.iter().find_map(|(name, tensor)| {
        let values = tensor.as_floats()?;
        let largest = values.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        if largest.abs() > LARGEST {
            return Some(format!(
                "tensor `{name}` holds the number {largest:e}, and no network learns one beyond {LARGEST:e}"
            ));
        }
        let is_convolution = tensor.shape.len() == 4;
        (is_convolution && largest == 0.0)
            .then(|| format!("tensor `{name}` is all zeros, which let nothing through"))
    })
}

/// Returns true if `name` is that of a published file and not a path.
pub fn is_published(name: &str) -> bool {
    let path = Path::new(name);
    path.extension().is_none() && path.components().count() == 1
}

fn locate(name: &str, terminal: &Terminal, interrupt: &Interrupt) -> Result<PathBuf> {
    if !is_published(name) {
        return Ok(PathBuf::from(name));
    }
    let mut bar = Transfer::new(terminal);
    let file = format!("{name}.pth");
    let on_progress = &mut |progress: download::Progress| {
        bar.progress(&file, &progress);
    };
    let cache = Path::new(CACHE_FOLDER);
    Ok(interrupt.leaving(DOWNLOAD_KEPT, || {
        registry::fetch_named(name, cache, registry::BASE_URL, on_progress)
    })?)
}
