//! The network that is asked, and where it came from.

use super::outside;
use crate::{
    cli::{NetworkArgs, ViewArgs, ViewChoice},
    network::SavedNetwork,
    pictures::{Picture, PictureFile, cut_off},
    truth::Truths,
};
use anyhow::{Context, Error, Result};
use burn::tensor::Device;
use cam::Method;
use checkpoint::{
    Checkpoint, Manifest, PlaceError, RUNS_FOLDER, Run, RunPictures, SavedData, SplitRecord,
};
use kernels::{DeviceCheck, Precision, is_cpu};
use network::{Architecture, InferenceOptions};
use pictures::{
    decode::DecodeError,
    folder::{LabelPattern, Rules},
    transform::{ResizeGeometry, View},
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use terminal::{Terminal, usage};

/// A map of fewer cells along a side hardly says where something is. A network is asked at the size it was trained at all
/// the same: the drawn sample's, trained at 64 pixels alone, is right about 190 of 192 pictures at 64 and 124 at 128.
const FINE_ENOUGH: usize = 4;

/// A saved network that was opened, with the run it belongs to.
#[derive(Debug)]
pub struct OpenedNetwork {
    /// Its run; none of weights that lie in a file.
    run: Option<Run>,
    /// Its checkpoint, or its file.
    pub checkpoint: Checkpoint,
    /// The network itself.
    pub network: SavedNetwork,
    /// Its device.
    pub device: Device,
    /// How it predicts.
    pub options: InferenceOptions,
    /// Side of the squares it is shown, in pixels, or the short side of whole pictures.
    pub size: usize,
    /// The part of pictures that it is shown.
    pub view: View,
    /// The data folder as typed.
    data: Option<PathBuf>,
    /// The file with the names of the classes as typed.
    classes_file: Option<PathBuf>,
}

impl OpenedNetwork {
    /// Opens what was asked for to answer about pictures that are seen as `view` says, and says which it is.
    pub fn open(arguments: &NetworkArgs, view: ViewChoice, terminal: &Terminal) -> Result<Self> {
        let mut opened = Self::open_with(arguments, false, terminal)?;
        if view == ViewChoice::Whole {
            opened.view = opened.whole();
            let short = opened.short_side();
            terminal.message(&format!(
                "whole pictures: short side {short} pixels; the network was trained on squares"
            ));
        }
        Ok(opened)
    }

    /// The same for maps by `methods`, which are seen as `view` says.
    pub fn open_for_maps(
        arguments: &NetworkArgs,
        view: &ViewArgs,
        methods: &[&'static Method],
        terminal: &Terminal,
    ) -> Result<Self> {
        let to_pixels = methods.iter().any(|method| method.goes_back_to_pixels());
        let gradients = to_pixels || !view.layer.is_empty();
        Ok(Self::open_with(arguments, gradients, terminal)?.seeing(view.view, terminal))
    }

    fn open_with(arguments: &NetworkArgs, gradients: bool, terminal: &Terminal) -> Result<Self> {
        let (device, which) = arguments
            .device
            .open(DeviceCheck::unless(arguments.skip_device_check))
            .map_err(usage)?;
        check_precision(arguments.precision, &device)?;
        let (run, checkpoint) = open_checkpoint(arguments, terminal)?;
        let precision = match arguments.precision {
            Some(precision) => precision,
            None if is_cpu(&device) => checkpoint.manifest.precision,
            None => Precision::F32,
        };
        let options = InferenceOptions {
            precision,
            gradients,
        };
        let network = SavedNetwork::load(&checkpoint, &device, options)?;
        say_precision(precision, terminal);
        let trained = checkpoint.manifest.size;
        let size = arguments.size.map_or(trained, usize::from);
        terminal.message(&format!(
            "network: {} ({which})",
            checkpoint.folder.display()
        ));
        if run.is_none() {
            outside::say(&checkpoint.manifest, terminal);
        }
        if let Some(file) = &checkpoint.manifest.answering_weights {
            terminal.message(&format!(
                "weights: the averaged ones of {file}, with which it was validated"
            ));
        }
        if size != trained {
            terminal.message(&format!(
                "pictures: {size} x {size} pixels; the network was trained at {trained}"
            ));
        }
        Ok(Self {
            run,
            checkpoint,
            network,
            device,
            options,
            size,
            view: View::Square,
            data: arguments.data.clone(),
            classes_file: arguments.weights.classes.clone(),
        })
    }

    /// The same network that is shown this part of pictures for its maps; says how fine they are, where that is not what
    /// somebody who trained it expects.
    fn seeing(mut self, choice: ViewChoice, terminal: &Terminal) -> Self {
        let Manifest { network, size, .. } = &self.checkpoint.manifest;
        let cells = cells(network.architecture, self.size);
        let is_coarse = self.size == *size && network.architecture.cells(self.size) < FINE_ENOUGH;
        let advice = match is_coarse {
            true => "; a larger --size gives more, and worse predictions",
            false => "",
        };
        if choice == ViewChoice::Whole {
            let stride = network.architecture.stride();
            self.view = self.whole();
            let short = self.short_side();
            let trained = match self.is_outside() {
                true => "",
                false => "; the network was trained on squares",
            };
            terminal.message(&format!(
                "whole pictures: short side {short} pixels, a cell of the map for each {stride} x {stride}{trained}{advice}"
            ));
        } else if is_coarse || self.size != *size {
            terminal.message(&format!("maps: {cells}{advice}"));
        }
        self
    }

    /// The view of whole pictures.
    fn whole(&self) -> View {
        let architecture = self.checkpoint.manifest.network.architecture;
        let stride = architecture.stride();
        View::Whole { stride }
    }

    /// Positions of the network's stages that were named, from the first to the last, each once; none for none.
    ///
    /// # Errors
    /// There is no such stage, or there is nothing to fuse, which was typed wrongly.
    pub fn stages(&self, view: &ViewArgs) -> Result<Vec<usize>> {
        let known = self.network.stages();
        let position = |name: &String| {
            let found = known.iter().position(|stage| stage == name);
            found.ok_or_else(|| {
                let known = known.join(", ");
                usage(format!(
                    "there is no layer `{name}`; this network has: {known}"
                ))
            })
        };
        let positions = view.layer.iter().map(position);
        let mut positions = positions.collect::<Result<Vec<_>, _>>()?;
        positions.sort_unstable();
        positions.dedup();
        if view.fuse.is_some() && positions.len() < 2 {
            return Err(usage(
                "--fuse makes one map of those of several layers: name them, as in --layer layer2,layer4",
            )
            .into());
        }
        Ok(positions)
    }

    /// The short side of whole pictures before they are filled up.
    fn short_side(&self) -> usize {
        ResizeGeometry::new(1, 1, self.size).target
    }

    /// Reads a picture as the network was validated with it, but for the size that was asked for.
    ///
    /// # Errors
    /// A file that cannot be read or decoded.
    pub fn read(&self, file: &PictureFile) -> Result<Picture, DecodeError> {
        let manifest = &self.checkpoint.manifest;
        file.read(self.size, self.view, manifest.padding, manifest.orientation)
    }

    /// Reads the pictures of a batch on all threads; warns of each that cannot be read.
    pub fn read_all(&self, batch: &[PictureFile], terminal: &Terminal) -> Vec<Picture> {
        self.read_batch(batch, self.view, terminal)
    }

    /// The same with the squares in their middle, whatever is seen of them otherwise.
    pub fn read_squares(&self, batch: &[PictureFile], terminal: &Terminal) -> Vec<Picture> {
        self.read_batch(batch, View::Square, terminal)
    }

    fn read_batch(&self, batch: &[PictureFile], view: View, terminal: &Terminal) -> Vec<Picture> {
        let manifest = &self.checkpoint.manifest;
        let read =
            |file: &PictureFile| file.read(self.size, view, manifest.padding, manifest.orientation);
        let results: Vec<_> = batch.par_iter().map(read).collect();
        let mut pictures = Vec::new();
        for result in results {
            match result {
                Ok(picture) => {
                    if let Some(line) = cut_off(&picture.file.name, view, &picture.crop) {
                        terminal.message(&line);
                    }
                    pictures.push(picture);
                }
                Err(error) => terminal.warning(&format!("left out: {error}")),
            }
        }
        pictures
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.checkpoint.manifest.classes
    }

    /// The folder for results called `name`, unless somebody says where they go: in the run's, or in the current one.
    pub fn results(&self, name: &str) -> PathBuf {
        match &self.run {
            Some(run) => run.file(name),
            None => {
                let file = self.checkpoint.folder.file_stem().unwrap_or_default();
                PathBuf::from(format!("{}-{name}", file.to_string_lossy()))
            }
        }
    }

    /// What chooses this network on a command line.
    pub fn typed(&self) -> String {
        let quoted = |path: &Path| words::quoted(&path.display().to_string());
        match (&self.run, &self.classes_file) {
            (Some(run), _) => format!("--run {}", quoted(run.folder())),
            (None, None) => format!("--weights {}", quoted(&self.checkpoint.folder)),
            (None, Some(classes)) => format!(
                "--weights {} --classes {}",
                quoted(&self.checkpoint.folder),
                quoted(classes)
            ),
        }
    }

    /// True if it lies in a file and in no run, and has no pictures of its own.
    pub fn is_outside(&self) -> bool {
        self.run.is_none()
    }

    /// The pictures it was trained and validated with; of weights that lie in a file, those of the data folder, as if it were
    /// validated with all of them.
    pub fn split(&self) -> Result<SplitRecord> {
        match &self.run {
            Some(run) => Ok(SplitRecord::read(&run.split_file())?),
            None => outside::split(self.data.as_deref(), self.classes()),
        }
    }

    /// The folders of the run's pictures as they are now.
    ///
    /// # Errors
    /// They are not found.
    pub fn find_pictures(&self, terminal: &Terminal) -> Result<RunPictures> {
        let Some(run) = &self.run else {
            return outside::find_pictures(self.data.as_deref());
        };
        let found = run.find_pictures(self.data.as_deref());
        let found = found.map_err(|error| match error {
            PlaceError::NotInTyped { .. } => usage(error).into(),
            error => anyhow::Error::from(error),
        })?;
        found.warnings().for_each(|line| terminal.warning(&line));
        let list = run.saved_data()?.list_in(&found.pictures);
        if let Some(list) = list
            && let Some(line) = self.split()?.other_labels(&list)
        {
            terminal.warning(&line);
        }
        Ok(found)
    }

    /// As [`OpenedNetwork::find_pictures`], for who can do without them: `None` if they are not there and nobody said where.
    ///
    /// # Errors
    /// They are not where somebody said, or the run cannot be read.
    pub fn find_pictures_if_there(&self, terminal: &Terminal) -> Result<Option<RunPictures>> {
        if self.run.is_none() && self.data.is_none() {
            return Ok(None);
        }
        let found = self.find_pictures(terminal);
        match found {
            Err(error) if is_missing(&error) => Ok(None),
            found => found.map(Some),
        }
    }

    /// The rule by which pictures have their classes, for a run whose pictures are in the folder `pictures`.
    pub fn truths(&self, pictures: Option<&Path>) -> Result<Truths<'_>> {
        let Some(run) = &self.run else {
            return outside::truths(pictures, self.classes());
        };
        let SavedData {
            layout,
            pattern,
            folders_are_parts,
            ..
        } = run.saved_data()?;
        let pattern = pattern.as_deref().map(LabelPattern::new);
        let rules = Rules {
            pattern: pattern.transpose().map_err(Error::msg)?,
            folders_are_parts,
            ..Rules::of(layout)
        };
        let run = match pictures {
            Some(folder) => Some((self.split()?, folder.to_owned())),
            None => None,
        };
        Ok(Truths::new(self.classes(), rules, run))
    }

    /// Sentences for pages: which network saw what.
    pub fn notes(&self) -> Vec<String> {
        let manifest = &self.checkpoint.manifest;
        let error = manifest.error_rate.map_or_else(String::new, |rate| {
            format!(", error rate {:.1} %", 100.0 * rate)
        });
        let saw = match self.view {
            View::Square => format!(
                "squares of {} pixels, so that maps have {}",
                self.size,
                cells(manifest.network.architecture, self.size)
            ),
            View::Whole { stride } => format!(
                "whole pictures with a short side of {} pixels, so that maps have a cell for each {stride} x {stride} of \
                 them{}",
                self.short_side(),
                if self.is_outside() {
                    ""
                } else {
                    "; the error rate of its training is that of squares"
                }
            ),
        };
        let name = manifest.network.architecture.name();
        let mut notes = vec![match &self.run {
            Some(run) => format!(
                "Network: {name} of run {}, {} iterations{error}, trained at {} pixels. It saw {saw}.",
                run.name(),
                manifest.iterations,
                manifest.size,
            ),
            None => format!(
                "Network: {name} of the file {}; which pictures it has learnt from is not known here. It saw {saw}.",
                self.checkpoint.folder.display()
            ),
        }];
        if self.options.precision == Precision::Bf16 {
            notes.push("Its convolutions multiplied in bf16.".to_owned());
        }
        notes
    }
}

/// # Errors
/// A GPU would compute in another precision than the one that was asked for.
fn check_precision(precision: Option<Precision>, device: &Device) -> Result<()> {
    if precision == Some(Precision::Bf16) && !is_cpu(device) {
        let line = "--precision bf16 is for the CPU: add --device cpu, or leave --precision out";
        return Err(usage(line).into());
    }
    Ok(())
}

fn say_precision(precision: Precision, terminal: &Terminal) {
    if !precision.is_fast() {
        terminal.message(
            "precision: bf16, which this processor can only imitate: the same numbers as with AVX512-BF16, later than in f32",
        );
    }
}

/// Tells whether the pictures of a run are nowhere where it looks for them.
fn is_missing(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(PlaceError::Missing { .. }))
}

/// The fineness of the maps, in words.
fn cells(architecture: Architecture, size: usize) -> String {
    let side = architecture.cells(size);
    format!("{side} x {side} cells")
}

/// The network of the file that was typed, or a run's.
fn open_checkpoint(
    arguments: &NetworkArgs,
    terminal: &Terminal,
) -> Result<(Option<Run>, Checkpoint)> {
    let NetworkArgs {
        run,
        checkpoint,
        size,
        weights,
        ..
    } = arguments;
    if let Some(path) = &weights.weights {
        let checkpoint = outside::open(weights, path, size.map(usize::from), terminal)?;
        return Ok((None, checkpoint));
    }
    let (run, checkpoint) = of_run(run.as_deref(), checkpoint.as_deref(), terminal)?;
    Ok((Some(run), checkpoint))
}

/// The checkpoint `name` of the run that was typed, or its newest.
fn of_run(
    typed: Option<&Path>,
    name: Option<&str>,
    terminal: &Terminal,
) -> Result<(Run, Checkpoint)> {
    let root = Path::new(RUNS_FOLDER);
    let folder = match typed {
        Some(typed) => typed_checkpoint(typed)?,
        None => None,
    };
    if let Some(folder) = folder {
        if let Some(name) = name {
            let sentence = format!(
                "--checkpoint {name}: --run {} is a checkpoint already; type its run there",
                folder.display()
            );
            return Err(usage(sentence).into());
        }
        let checkpoint = Checkpoint::load(&folder)?;
        let run = Run::open(root, &run_of(&folder))
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
    if let Some(name) = name {
        let folder = run.checkpoint(name).map_err(usage)?;
        return Ok((run, Checkpoint::load(&folder)?));
    }
    let found = run.latest()?;
    for error in &found.passed_over {
        terminal.warning(&format!("passed over a checkpoint: {error}"));
    }
    Ok((run, found.checkpoint))
}

/// The folder of the checkpoint that was typed, if it is one: to the letter, or below the folder of a run's checkpoints under
/// a name as [`Run::checkpoint`] finds it.
fn typed_checkpoint(typed: &Path) -> Result<Option<PathBuf>> {
    if Checkpoint::is_one(typed) {
        return Ok(Some(typed.to_owned()));
    }
    let run = typed.parent().and_then(Path::parent);
    let run = run.and_then(|folder| Run::open(Path::new(""), folder).ok());
    let run = run.filter(|run| Some(run.checkpoints_folder().as_path()) == typed.parent());
    let (Some(run), Some(name)) = (run, typed.file_name()) else {
        return Ok(None);
    };
    Ok(Some(
        run.checkpoint(&name.to_string_lossy()).map_err(usage)?,
    ))
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
