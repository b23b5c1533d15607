//! The network that is asked, and where it came from.

use crate::{cli::NetworkArgs, network::SavedNetwork, screen};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, Run, SplitRecord};
use std::path::{Path, PathBuf};

/// Where runs are kept.
const RUNS_FOLDER: &str = "runs";
/// What a checkpoint's folder holds and a run's does not.
const MANIFEST_FILE: &str = "manifest.json";
/// Smaller squares leave a map of too few cells to say where something is, so pictures are enlarged. A network that was
/// trained on the drawn sample at 64 pixels has 67 % of Grad-CAM's energy on the right one of two animals when it sees
/// them at 64, 83 % at 128, 70 % at 192 (`explain score --size`); but it is less often right than at 64.
const SMALLEST_SIZE: usize = 128;

/// A network with the run it belongs to.
#[derive(Debug)]
pub struct Source {
    /// Its run.
    pub run: Run,
    /// Its checkpoint.
    pub checkpoint: Checkpoint,
    /// The network itself.
    pub network: SavedNetwork,
    /// Where it computes.
    pub device: Device,
    /// Side of the squares it is shown, in pixels.
    pub size: usize,
}

impl Source {
    /// Opens what was asked for, and says which it is.
    pub fn open(arguments: &NetworkArgs) -> Result<Self> {
        let (device, which) = arguments.device.open()?;
        let (run, checkpoint) = open_checkpoint(arguments.run.as_deref())?;
        let network = SavedNetwork::load(&checkpoint, &device)?;
        let trained = checkpoint.manifest.size;
        let size = arguments
            .size
            .map_or_else(|| default_size(trained), usize::from);
        screen::message(&format!(
            "network: {} ({which})",
            checkpoint.folder.display()
        ));
        if size != trained {
            screen::message(&format!(
                "pictures: {size} x {size} pixels, {}; the network was trained at {trained}",
                cells(size)
            ));
        }
        Ok(Self {
            run,
            checkpoint,
            network,
            device,
            size,
        })
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.checkpoint.manifest.classes
    }

    /// Which pictures it was trained and validated with.
    pub fn split(&self) -> Result<SplitRecord> {
        Ok(SplitRecord::read(&self.run.split_file())?)
    }

    /// Sentences for pages: which network saw what.
    pub fn notes(&self) -> Vec<String> {
        let manifest = &self.checkpoint.manifest;
        let error = manifest.error_rate.map_or_else(String::new, |rate| {
            format!(", error rate {:.1} %", 100.0 * rate)
        });
        vec![format!(
            "Network: {} of run {}, {} iterations{error}, trained at {} pixels. It saw squares of {} pixels, {}.",
            manifest.network.architecture.name(),
            self.run.name(),
            manifest.iterations,
            manifest.size,
            self.size,
            cells(self.size)
        )]
    }
}

/// The size of the training, or its smallest multiple that is large enough.
fn default_size(trained: usize) -> usize {
    trained * SMALLEST_SIZE.div_ceil(trained.max(1)).max(1)
}

/// How fine the maps are: the body halves five times.
fn cells(size: usize) -> String {
    let side = size.div_ceil(32);
    format!("so that maps have {side} x {side} cells")
}

fn open_checkpoint(typed: Option<&Path>) -> Result<(Run, Checkpoint)> {
    let root = Path::new(RUNS_FOLDER);
    if let Some(folder) = typed.filter(|folder| folder.join(MANIFEST_FILE).is_file()) {
        let checkpoint = Checkpoint::load(folder)?;
        let run = Run::open(root, &run_of(folder))
            .with_context(|| format!("{} lies in no run", folder.display()))?;
        return Ok((run, checkpoint));
    }
    let run = match typed {
        Some(name) => Run::open(root, name)?,
        None => Run::newest(root)?,
    };
    let found = run.latest()?;
    for error in &found.passed_over {
        screen::message(&format!("passed over: {error}"));
    }
    Ok((run, found.checkpoint))
}

/// The run's folder: the second one above a checkpoint.
fn run_of(checkpoint: &Path) -> PathBuf {
    let absolute = std::path::absolute(checkpoint).unwrap_or_else(|_| checkpoint.to_owned());
    absolute
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new(""))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sizes_are_multiplied_until_a_map_has_cells_enough() {
        assert_eq!(
            [32, 64, 96, 128, 192, 352].map(default_size),
            [128, 128, 192, 128, 192, 352]
        );
    }
}
