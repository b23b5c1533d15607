//! The first weights of a network: a published file by name, or any file by path.

use crate::transfer::Transfer;
use anyhow::Result;
use network::{
    Network, is_of_head,
    weights::{StateDict, layout, registry},
};
use std::path::{Path, PathBuf};
use terminal::Terminal;

/// Where downloaded weights are kept.
pub const CACHE_FOLDER: &str = "data/weights";

/// `network` with the weights `name` (see `model.weights` in a config). The head stays as it is unless the file has all
/// of it.
pub fn load(network: Network, name: &str, terminal: &Terminal) -> Result<Network> {
    let path = locate(name, terminal)?;
    let mut state = layout::to_canonical(StateDict::read(&path)?, network.architecture())?;
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
    Ok(network.with_state(state))
}

fn locate(name: &str, terminal: &Terminal) -> Result<PathBuf> {
    let path = Path::new(name);
    let looks_like_a_path = path.extension().is_some() || path.components().count() > 1;
    if looks_like_a_path {
        return Ok(path.to_owned());
    }
    let mut bar = Transfer::new(terminal);
    let file = format!("{name}.pth");
    let on_progress = &mut |progress: download::Progress| {
        bar.progress(&file, &progress);
    };
    let cache = Path::new(CACHE_FOLDER);
    Ok(registry::fetch_named(
        name,
        cache,
        registry::BASE_URL,
        on_progress,
    )?)
}
