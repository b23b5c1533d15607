//! The command line.

use crate::shell;
use burn::tensor::Device;
use clap::{Args, Parser, Subcommand};
use kernels::{DeviceCheck, DeviceChoice, DeviceError};
use std::path::PathBuf;
use terminal::VolumeArgs;

/// Fine-tune a network on pictures, one config file per experiment.
///
/// Without arguments it trains on the drawn sample: no download, a minute or two. Every run gets a folder of its own in
/// `runs/` with its config, figures, curves and checkpoints; `explain` reads it from there.
#[derive(Debug, Parser)]
#[command(name = "train", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Another thing to do than to train.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Volume.
    #[command(flatten)]
    pub volume: VolumeArgs,
    /// Arguments of a training run.
    #[command(flatten)]
    pub train: TrainArgs,
}

const EXAMPLES: &str = "\
Examples:
  train                                     the drawn sample
  train configs/pets-resnet34.toml          the notebook: ResNet-34 on the Oxford-IIIT Pets
  train configs/pets-resnet34.toml --set stage.0.epochs=1 --set seed=7
  train configs/pets-resnet34.toml --check  what would happen, how long it would take
  train --resume runs/sample-1              continue after Ctrl-C, a crash, a power cut";

/// Arguments of a training run.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Config to train.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Decode every picture and name the bad ones, print the plan with expected memory and time, and write nothing.
    #[arg(long)]
    pub check: bool,
    /// Continue this run from its newest whole checkpoint.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "set", "check"])]
    pub resume: Option<PathBuf>,
    /// With --resume: the data folder of the run, if it was moved.
    #[arg(long, value_name = "FOLDER", requires = "resume")]
    pub data: Option<PathBuf>,
    /// With --resume: go on without pictures that are gone or cannot be decoded, as on_bad_image = "skip" does.
    #[arg(long, requires = "resume")]
    pub skip_bad_images: bool,
    /// Processes that are threads of this one, for tests.
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub processes_in_one: Option<u8>,
}

/// Where to compute.
#[derive(Debug, Clone, Copy, Args)]
pub struct DeviceArgs {
    /// Device.
    #[arg(long, default_value = "auto", help = DeviceChoice::help())]
    pub device: DeviceChoice,
    /// Trust a GPU without comparing its numbers with the CPU's first.
    #[arg(long)]
    pub skip_device_check: bool,
}

impl DeviceArgs {
    /// The device, and a sentence that says which one was taken and why.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn open(self) -> Result<(Device, String), DeviceError> {
        self.device
            .open(DeviceCheck::unless(self.skip_device_check))
    }
}

/// A config and changes to it.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// A config file, or the name of an embedded one: sample (default), pets-resnet34, pets-resnet50, pets-resnet50-best.
    pub config: Option<PathBuf>,
    /// Override one value of the config; may be given more than once.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl ConfigArgs {
    /// Arguments that name the same config again, as a shell takes them; `default` is the config if none was typed.
    pub fn typed(&self, default: &str) -> String {
        let config = match &self.config {
            Some(path) => shell::word(&path.to_string_lossy()),
            None => default.to_owned(),
        };
        let sets = self
            .set
            .iter()
            .map(|set| format!(" --set {}", shell::word(set)));
        config + &sets.collect::<String>()
    }
}

/// Other things that the program does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Bring the data of a config to the disk (default: the Oxford-IIIT Pets); safe to interrupt and to repeat.
    Fetch(ConfigArgs),
    /// Print the layers of the network with output shapes and numbers of parameters.
    Summary {
        /// Which network.
        #[command(flatten)]
        config: ConfigArgs,
        /// Side of the pictures in pixels (default: that of the last stage).
        #[arg(long, value_parser = clap::value_parser!(u16).range(32..=2048))]
        size: Option<u16>,
        /// Pictures in a batch (default: that of the last stage).
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        batch_size: Option<u16>,
    },
    /// Draw nine augmented training pictures with their labels, and one picture under nine draws.
    Preview {
        /// Which pictures and transforms.
        #[command(flatten)]
        config: ConfigArgs,
        /// Where to write the picture.
        #[arg(long, default_value = "preview.png")]
        out: PathBuf,
    },
    /// Find a learning rate: try rates from 1e-7 to 10 on a copy of the network, draw the loss over them, and suggest two.
    ///
    /// The first step is taken at 1e-7, the hundredth at 8.3, each at the same factor above the one before, with every group
    /// of layers at the same rate: fastai 1.0.30's finder. It ends early when the smoothed loss is more than four times the
    /// best. Take a rate from where the loss falls, well before it rises: too low a rate learns slowly, too high a one
    /// diverges.
    ///
    /// Nothing is trained by it: pictures and first weights are brought to the disk if they are missing, as for a training,
    /// and beside them only the curve is written.
    LrFind(LrFindArgs),
    /// List the runs with their config, error rate and date.
    Runs,
    /// List the devices that this build and this machine have, as `--device` takes them.
    Devices,
    /// Repeat a run from its own saved config and say whether every figure came out bit-identical.
    Rerun {
        /// A run's folder, or its name in `runs/`.
        run: PathBuf,
        /// The data folder of the run, if it was moved.
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
        /// Where to compute.
        #[command(flatten)]
        device: DeviceArgs,
    },
    /// Write a run's network for other programs: as an ONNX model, or its weights for PyTorch.
    Export {
        /// A run's folder, or its name in `runs/`.
        run: PathBuf,
        /// The file to write; its ending, .onnx or .safetensors, chooses the format.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// With .safetensors: names of the tensors, fastai 1's (the default) or torchvision's.
        #[arg(long, value_enum)]
        layout: Option<KeyLayout>,
        /// Name of a checkpoint (default: the newest).
        #[arg(long)]
        checkpoint: Option<String>,
    },
}

/// Arguments of the search for a learning rate.
#[derive(Debug, Args)]
#[command(after_help = LR_FIND_EXAMPLES)]
pub struct LrFindArgs {
    /// Config to search for.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Search for this stage: its name, or its number from 1 (default: the first; with --run the one behind the checkpoint).
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Begin with the weights of this run, and search for its config.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["config", "set"])]
    pub run: Option<PathBuf>,
    /// With --run: begin with this checkpoint, such as the name of a stage (default: the newest).
    #[arg(long, value_name = "NAME", requires = "run")]
    pub after: Option<String>,
    /// With --run: the data folder of the run, if it was moved.
    #[arg(long, value_name = "FOLDER", requires = "run")]
    pub data: Option<PathBuf>,
    /// Where to draw the curve, with the numbers as .csv beside it: a file that ends in .svg, or a folder.
    #[arg(long, value_name = "FILE.svg", default_value = crate::lr_curve::DEFAULT_FILE)]
    pub out: PathBuf,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArgs,
}

const LR_FIND_EXAMPLES: &str = "\
Examples:
  train lr-find                                    the first stage of the drawn sample
  train lr-find configs/my-pets.toml --set stage.0.batch_size=64
  train lr-find configs/my-pets.toml --stage 2     the second stage, with the first weights
  train lr-find --run my-pets-1 --after stage-1    the second stage, with what the first has learnt";

/// Names of tensors in an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyLayout {
    /// `0.0.weight`, …, `1.9.bias`.
    Fastai,
    /// `conv1.weight`, …, `fc.weight`.
    Torchvision,
}
