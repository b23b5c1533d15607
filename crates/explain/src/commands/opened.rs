//! The network that is asked, and where it came from.

use crate::{
    cli::NetworkArgs,
    network::SavedNetwork,
    pictures::{Picture, PictureFile},
};
use anyhow::{Context, Result};
use burn::tensor::Device;
use checkpoint::{Checkpoint, RUNS_FOLDER, Run, SplitRecord};
use network::Architecture;
use pictures::decode::DecodeError;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use terminal::{Terminal, usage};

/// A map of fewer cells along a side hardly says where something is. A network is asked at the size it was trained at all
/// the same: the drawn sample's, trained at 64 pixels alone, is right about 190 of 192 pictures at 64 and 124 at 128.
const FINE_ENOUGH: usize = 4;

/// A saved network that was opened, with the run it belongs to.
#[derive(Debug)]
pub struct OpenedNetwork {
    /// Its run.
    pub run: Run,
    /// Its checkpoint.
    pub checkpoint: Checkpoint,
    /// The network itself.
    pub network: SavedNetwork,
    /// Its device.
    pub device: Device,
    /// Side of the squares it is shown, in pixels.
    pub size: usize,
}

impl OpenedNetwork {
    /// Opens what was asked for, and says which it is.
    pub fn open(arguments: &NetworkArgs, terminal: &Terminal) -> Result<Self> {
        let (device, which) = arguments.device.open().map_err(usage)?;
        let (run, checkpoint) = open_checkpoint(arguments.run.as_deref(), terminal)?;
        let network = SavedNetwork::load(&checkpoint, &device)?;
        let trained = checkpoint.manifest.size;
        let size = arguments.size.map_or(trained, usize::from);
        let architecture = checkpoint.manifest.network.architecture;
        terminal.message(&format!(
            "network: {} ({which})",
            checkpoint.folder.display()
        ));
        if size != trained {
            terminal.message(&format!(
                "pictures: {size} x {size} pixels, {}; the network was trained at {trained}",
                cells(architecture, size)
            ));
        } else if architecture.cells(size) < FINE_ENOUGH {
            terminal.message(&format!(
                "pictures: {size} x {size} pixels, {}; a larger --size gives more cells, and worse predictions",
                cells(architecture, size)
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

    /// Reads a picture as the network was validated with it, but for the size that was asked for.
    ///
    /// # Errors
    /// A file that cannot be read or decoded.
    pub fn read(&self, file: &PictureFile) -> Result<Picture, DecodeError> {
        let manifest = &self.checkpoint.manifest;
        file.read(self.size, manifest.padding, manifest.orientation)
    }

    /// Reads the pictures of a batch on all threads; warns of each that cannot be read.
    pub fn read_all(&self, batch: &[PictureFile], terminal: &Terminal) -> Vec<Picture> {
        let results: Vec<_> = batch.par_iter().map(|file| self.read(file)).collect();
        let mut pictures = Vec::new();
        for result in results {
            match result {
                Ok(picture) => pictures.push(picture),
                Err(error) => terminal.warning(&format!("left out: {error}")),
            }
        }
        pictures
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.checkpoint.manifest.classes
    }

    /// The pictures it was trained and validated with.
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
            cells(manifest.network.architecture, self.size)
        )]
    }
}

/// The fineness of the maps, in words.
fn cells(architecture: Architecture, size: usize) -> String {
    let side = architecture.cells(size);
    format!("so that maps have {side} x {side} cells")
}

fn open_checkpoint(typed: Option<&Path>, terminal: &Terminal) -> Result<(Run, Checkpoint)> {
    let root = Path::new(RUNS_FOLDER);
    if let Some(folder) = typed.filter(|folder| Checkpoint::is_one(folder)) {
        let checkpoint = Checkpoint::load(folder)?;
        let run = Run::open(root, &run_of(folder))
            .with_context(|| format!("{} lies in no run", folder.display()))?;
        return Ok((run, checkpoint));
    }
    let run = match typed {
        Some(name) => Run::open(root, name).map_err(usage)?,
        None => {
            let newest = Run::newest(root)?;
            for run in &newest.passed_over {
                let folder = run.folder().display();
                terminal.message(&format!("passed over: {folder} has not been trained yet"));
            }
            newest.run
        }
    };
    let found = run.latest()?;
    for error in &found.passed_over {
        terminal.warning(&format!("passed over a checkpoint: {error}"));
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
