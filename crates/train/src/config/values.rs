use crate::{
    averaging::AveragingConfig, optimizer::OptimizerConfig, regularisation::Regularisation,
};
use burn::tensor::{Device, FloatDType};
use kernels::is_cpu;
use network::{Algorithm, Architecture, HeadKind, NetworkSpec, Trainable};
use pictures::{
    decode::Orientation,
    folder::FolderLayout,
    loader::{Normalisation, OnBadImage},
    transform::Augmentation,
};
use sample::SampleSpec;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
};
use split::SplitMethod;
use std::{
    fmt::{self, Display, Formatter},
    path::{Path, PathBuf},
};

/// A whole experiment. Its serialised form, with all defaults, is the `config.toml` of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Start of every random number: weights, order of pictures, augmentation, dropout.
    #[serde(default)]
    pub seed: u64,
    /// Checkpoints kept beside those of the stages and the newest.
    #[serde(default, skip_serializing_if = "Keep::is_newest")]
    pub keep: Keep,
    /// Numbers in which the body is trained.
    #[serde(default, skip_serializing_if = "Precision::is_f32")]
    pub precision: Precision,
    /// Origin of the pictures.
    pub data: DataConfig,
    /// Choice of the validation pictures.
    #[serde(default)]
    pub split: SplitMethod,
    /// Random changes to training pictures.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// Normalisation of the pixels.
    #[serde(default = "default_normalisation")]
    pub normalisation: Normalisation,
    /// The network.
    pub model: ModelConfig,
    /// Adam and the schedule.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// Smoothed labels, mixed pictures, weighted classes.
    #[serde(default, skip_serializing_if = "Regularisation::is_off")]
    pub regularisation: Regularisation,
    /// Averaged weights beside the trained ones; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema: Option<AveragingConfig>,
    /// Stages of training, in order.
    #[serde(rename = "stage")]
    pub stages: Vec<StageConfig>,
}

/// Checkpoints that are kept of a run beside those of its stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The newest.
    #[default]
    Newest,
    /// Also the best: the one with the lowest validation error rate so far, of equal ones with the lowest loss.
    Best,
}

impl Keep {
    fn is_newest(&self) -> bool {
        *self == Self::Newest
    }
}

/// Numbers in which the layers before the head multiply in training, and in which a GPU keeps their maps. Parameters,
/// statistics of batch norms, head and loss are f32 in any case, and so is the validation on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 24 bits of mantissa; tensor cores of NVIDIA multiply 11 of them (TF32).
    #[default]
    F32,
    /// 8 bits of mantissa, the range of f32.
    Bf16,
    /// 11 bits of mantissa, a small range: the loss is scaled (see [`crate::loss_scale`]).
    F16,
}

impl Precision {
    /// As in a config.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// Type of tensors.
    pub fn float_dtype(self) -> FloatDType {
        match self {
            Self::F32 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
            Self::F16 => FloatDType::F16,
        }
    }

    /// Numbers that the convolutions of the CPU multiply; those of a GPU go by the type of their maps.
    pub fn of_convolutions(self, device: &Device) -> network::Precision {
        match self {
            Self::Bf16 if is_cpu(device) => network::Precision::Bf16,
            _ => network::Precision::F32,
        }
    }

    fn is_f32(&self) -> bool {
        *self == Self::F32
    }
}

/// Origin of the pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Folder of the pictures: for `oxford-iiit-pet` and `sample` the one that holds `images/` and `annotations/`.
    #[serde(serialize_with = "as_portable")]
    pub folder: PathBuf,
    /// Content of the folder.
    #[serde(default)]
    pub source: DataSource,
    /// Rule by which files are labelled.
    #[serde(default)]
    pub layout: FolderLayout,
    /// Regular expression of the names when `layout = "file-names"`, whose first group is the class; absent: a class, an
    /// underscore, a number and any ending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// List of the pictures when `layout = "csv"`, below `folder`; absent: `labels.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<PathBuf>,
    /// A csv file with the columns `path` and `action` that corrects labels and leaves pictures out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrections: Option<PathBuf>,
    /// Address from which `train fetch` gets the archives.
    #[serde(default = "default_url")]
    pub url: String,
    /// Treatment of a file that is not a picture.
    #[serde(default)]
    pub on_bad_image: OnBadImage,
    /// Whether pictures are turned upright as their files ask. `ignore` is fastai 1.0.30's.
    #[serde(default)]
    pub orientation: Orientation,
    /// Threads that decode and augment; 0 is one for each processor. No result depends on it.
    #[serde(default)]
    pub workers: usize,
    /// MiB of decoded pictures that later epochs find in memory; 0 keeps none. No result depends on it.
    #[serde(default)]
    pub cache_mebibytes: usize,
    /// Drawing to make when `source = "sample"`.
    #[serde(default)]
    pub sample: SampleSpec,
}

/// Kind of a data folder, which says where it comes from when it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataSource {
    /// The Oxford-IIIT Pets, fetched when missing.
    #[default]
    OxfordIiitPet,
    /// The drawn sample, drawn when missing.
    Sample,
    /// Your own pictures.
    Folder,
}

/// The network and its first weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Depth.
    pub architecture: Architecture,
    /// Channels after the first convolution.
    #[serde(default = "default_base_width")]
    pub base_width: usize,
    /// Layers after the feature map.
    #[serde(default)]
    pub head: HeadKind,
    /// Shares dropped before the two linear layers of fastai's head.
    #[serde(default = "default_dropout")]
    pub dropout: [f64; 2],
    /// Name of a published file (`resnet34-b627a593`), path of a `.pth` or `.safetensors` file, or absent: from scratch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// `exact` multiplies as the definition says; `fast` may use Winograd's convolution.
    #[serde(default = "default_kernels", with = "network::algorithm_name")]
    pub kernels: Algorithm,
    /// Pictures whose statistics batch norms take where several processes train.
    #[serde(default, skip_serializing_if = "BatchNormKind::is_local")]
    pub batch_norm: BatchNormKind,
}

/// Pictures whose statistics batch norms take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchNormKind {
    /// Those that a process has of the batch.
    #[default]
    Local,
    /// The whole batch.
    Synchronised,
}

impl BatchNormKind {
    fn is_local(&self) -> bool {
        *self == Self::Local
    }
}

/// One call of fastai's `fit_one_cycle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageConfig {
    /// Side of the square pictures in pixels.
    pub size: usize,
    /// Pictures in a batch.
    pub batch_size: usize,
    /// Batches of one step of the optimizer.
    #[serde(
        default = "default_accumulate",
        skip_serializing_if = "is_default_accumulate"
    )]
    pub accumulate: usize,
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Parameters that it trains.
    pub train: Trainable,
    /// Highest learning rate.
    pub max_learning_rate: LearningRate,
    /// Share of the iterations in which the learning rate rises.
    #[serde(default = "default_pct_start")]
    pub pct_start: f64,
    /// Name of the checkpoint at the end of the stage, kept for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<String>,
    /// Iterations between checkpoints from which an interrupted run continues.
    #[serde(default = "default_checkpoint_every")]
    pub checkpoint_every: usize,
}

/// fastai's `slice`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LearningRate {
    /// `x`: the head at x, the layers before at x/10.
    Head(f64),
    /// `[low, high]`: spread over the layer groups in equal ratios.
    Range([f64; 2]),
}

impl Config {
    /// The network for `classes` classes.
    pub fn network_spec(&self, classes: usize) -> NetworkSpec {
        NetworkSpec {
            architecture: self.model.architecture,
            base_width: self.model.base_width,
            classes,
            head: self.model.head,
            dropout: self.model.dropout,
        }
    }

    /// As TOML, with every default filled in.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

impl StageConfig {
    /// `batches of 8`, `batches of 8, 4 of them a step`.
    pub fn batches_in_words(&self) -> String {
        let batches = format!("batches of {}", self.batch_size);
        match self.accumulate {
            1 => batches,
            count => format!("{batches}, {count} of them a step"),
        }
    }

    /// Name of the checkpoint at the end of the stage; `number` from 1.
    pub fn checkpoint_name(&self, number: usize) -> String {
        self.save
            .clone()
            .unwrap_or_else(|| format!("stage-{number}"))
    }
}

impl LearningRate {
    /// A tenth of each rate, to three digits.
    pub fn tenth(self) -> Self {
        match self {
            Self::Head(rate) => Self::Head(three_digits(rate / 10.0)),
            Self::Range(rates) => Self::Range(rates.map(|rate| three_digits(rate / 10.0))),
        }
    }

    /// The same form with `head` as the rate of the head, and the other at the same distance, to three digits.
    pub fn with_head(self, head: f64) -> Self {
        match self {
            Self::Head(_) => Self::Head(three_digits(head)),
            Self::Range([low, high]) => Self::Range([head * (low / high), head].map(three_digits)),
        }
    }

    /// Rates of `groups` layer groups (two or more), the head's last: fastai 1.0.30's `Learner.lr_range`.
    pub fn per_group(self, groups: usize) -> Vec<f64> {
        let steps = groups - 1;
        match self {
            Self::Head(rate) => [vec![rate / 10.0; steps], vec![rate]].concat(),
            Self::Range([low, high]) => {
                let ratio = match steps {
                    // A square root is rounded correctly, which a power need not be.
                    2 => (high / low).sqrt(),
                    _ => (high / low).powf(1.0 / steps as f64),
                };
                std::iter::successors(Some(low), |rate| Some(rate * ratio))
                    .take(groups)
                    .collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LearningRateForms)
    }
}

/// Both forms of a learning rate, with a sentence for any other.
struct LearningRateForms;

impl<'de> Visitor<'de> for LearningRateForms {
    type Value = LearningRate;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "one number (the rate of the head; the layers before it learn at a tenth) or two, \
             [lowest, highest] (spread over the groups of layers)",
        )
    }

    fn visit_f64<E: de::Error>(self, rate: f64) -> Result<LearningRate, E> {
        Ok(LearningRate::Head(rate))
    }

    fn visit_i64<E: de::Error>(self, rate: i64) -> Result<LearningRate, E> {
        Ok(LearningRate::Head(rate as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<LearningRate, A::Error> {
        let mut rates = Vec::new();
        while let Some(rate) = items.next_element()? {
            rates.push(rate);
        }
        match rates[..] {
            [low, high] => Ok(LearningRate::Range([low, high])),
            _ => Err(de::Error::invalid_length(rates.len(), &self)),
        }
    }
}

fn three_digits(rate: f64) -> f64 {
    format!("{rate:.2e}").parse().unwrap_or(rate)
}

/// The rate as a config has it.
impl Display for LearningRate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(rate) => write!(f, "{rate:e}"),
            Self::Range([low, high]) => write!(f, "[{low:e}, {high:e}]"),
        }
    }
}

/// With `/` between the parts, on every system.
fn as_portable<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&words::slashes(path))
}

fn default_normalisation() -> Normalisation {
    Normalisation::IMAGENET
}
fn default_url() -> String {
    pictures::fetch::ArchiveSource::default().address
}
fn default_base_width() -> usize {
    64
}
fn default_dropout() -> [f64; 2] {
    [0.25, 0.5]
}
fn default_kernels() -> Algorithm {
    Algorithm::Fast
}
fn default_accumulate() -> usize {
    1
}
fn is_default_accumulate(batches: &usize) -> bool {
    *batches == default_accumulate()
}
fn default_pct_start() -> f64 {
    0.3
}
fn default_checkpoint_every() -> usize {
    100
}
