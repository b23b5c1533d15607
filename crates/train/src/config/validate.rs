//! Values that no run can use, found before anything is downloaded or drawn.

use super::{
    problem::Problem,
    values::{Config, DataConfig, DataSource, Keep, LearningRate, ModelConfig, StageConfig},
};
use crate::{averaging::AveragingConfig, optimizer::OptimizerConfig, pretrained::is_published};
use checkpoint::Run;
use network::weights::registry;
use pictures::folder::{FolderLayout, LabelPattern};
use split::SplitMethod;
use std::{
    fmt::{Display, LowerExp},
    ops::RangeInclusive,
    path::Component,
};
use words::{file_key, file_name};

/// Beginnings of names that checkpoints have without being asked.
const RESERVED: [&str; 2] = ["iteration-", "stage-"];
/// Longest name of a checkpoint, in bytes.
const LONGEST_NAME: usize = 100;

/// Checks every value of `config`.
///
/// # Errors
/// The first value that no run can use.
pub fn check(config: &Config) -> Result<(), Problem> {
    check_stages(config)?;
    check_data(&config.data).map_err(|problem| problem.below("data"))?;
    check_model(&config.model).map_err(|problem| problem.below("model"))?;
    check_optimizer(&config.optimizer).map_err(|problem| problem.below("optimizer"))?;
    if let Some(ema) = &config.ema {
        check_averaging(ema).map_err(|problem| problem.below("ema"))?;
    }
    for mean in config.normalisation.mean {
        within("normalisation.mean", mean, -1e6..=1e6)?;
    }
    for std in config.normalisation.std {
        within("normalisation.std", std, 1e-6..=1e6)?;
    }
    config.augmentation.validate().map_err(|error| {
        let key = format!("augmentation.{}", error.field);
        Problem::new(key, error.value, error.allowed)
    })?;
    if let Some((key, value, allowed)) = config.regularisation.fault() {
        return Err(Problem::new(
            format!("regularisation.{key}"),
            value,
            allowed,
        ));
    }
    check_split(config)?;
    if config.data.source == DataSource::Sample {
        let sample = config.data.sample.check();
        sample.map_err(|error| Problem::sentence("data.sample", error))?;
    }
    Ok(())
}

fn check_split(config: &Config) -> Result<(), Problem> {
    let (by_folders, layout) = (&config.split, config.data.layout);
    if matches!(by_folders, SplitMethod::Folders {}) && layout == FolderLayout::Csv {
        let sentence = "folders: a csv file says the parts in its column `split`: take kind = \"csv\", or another layout";
        return Err(Problem::sentence("split.kind", sentence));
    }
    config.split.check().map_err(|error| {
        let key = format!("split.{}", error.key);
        Problem::new(key, error.value, error.allowed)
    })
}

/// A key that another layout would ignore is a mistake in one of the two.
fn check_data(data: &DataConfig) -> Result<(), Problem> {
    if data.folder.as_os_str().is_empty() {
        return Err(Problem::new("folder", "\"\"", "the path of a folder"));
    }
    within("workers", data.workers, 0..=1024)?;
    if let Some(pattern) = &data.pattern {
        only_with(data, "pattern", FolderLayout::FileNames, "file-names")?;
        LabelPattern::new(pattern)
            .map_err(|error| Problem::sentence("pattern", format_args!("{pattern}: {error}")))?;
    }
    if data
        .corrections
        .as_deref()
        .is_some_and(|path| path.as_os_str().is_empty())
    {
        return Err(Problem::new(
            "corrections",
            "\"\"",
            "the path of a csv file",
        ));
    }
    let Some(csv) = &data.csv else {
        return Ok(());
    };
    only_with(data, "csv", FolderLayout::Csv, "csv")?;
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if csv.file_name().is_none() || !csv.components().all(is_name) {
        let value = format_args!("\"{}\"", csv.display());
        let allowed = "the path of a file below data.folder, such as labels.csv";
        return Err(Problem::new("csv", value, allowed));
    }
    Ok(())
}

fn only_with(
    data: &DataConfig,
    key: &str,
    layout: FolderLayout,
    name: &str,
) -> Result<(), Problem> {
    if data.layout == layout {
        return Ok(());
    }
    let sentence =
        format!("only layout = \"{name}\" reads it: choose that layout, or remove the key");
    Err(Problem::sentence(key, sentence))
}

fn check_stages(config: &Config) -> Result<(), Problem> {
    if config.stages.is_empty() {
        return Err(Problem::sentence("stage", "there is none: add a [[stage]]"));
    }
    for (index, stage) in config.stages.iter().enumerate() {
        let before = &config.stages[..index];
        check_stage(stage)
            .and_then(|()| check_name(stage, before))
            .and_then(|()| check_best(stage, config.keep))
            .map_err(|problem| problem.below(format_args!("stage.{index}")))?;
    }
    Ok(())
}

fn check_stage(stage: &StageConfig) -> Result<(), Problem> {
    within("size", stage.size, 32..=2048)?;
    // Batch normalisation needs more than one picture.
    within("batch_size", stage.batch_size, 2..=65536)?;
    within("accumulate", stage.accumulate, 1..=65536)?;
    within("epochs", stage.epochs, 1..=1_000_000)?;
    within("pct_start", stage.pct_start, 0.0..=1.0)?;
    within(
        "checkpoint_every",
        stage.checkpoint_every,
        1..=1_000_000_000,
    )?;
    let rate = |rate| within("max_learning_rate", rate, 1e-30..=1e30);
    match stage.max_learning_rate {
        LearningRate::Head(head) => rate(head),
        LearningRate::Range([low, high]) => rate(low).and_then(|()| rate(high)),
    }
}

/// The name of a checkpoint becomes a folder of its own.
fn check_name(stage: &StageConfig, before: &[StageConfig]) -> Result<(), Problem> {
    let Some(name) = &stage.save else {
        return Ok(());
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_reserved = RESERVED.iter().any(|prefix| name.starts_with(prefix));
    // Windows keeps some names, such as `aux`, for its devices.
    let is_file_name = file_name(name, LONGEST_NAME) == *name;
    if is_reserved || !name.chars().all(is_plain) || !is_file_name {
        let allowed = format!(
            "a name of at most {LONGEST_NAME} letters, digits, - and _ that does not begin with {}, and no device of Windows",
            RESERVED.join(" or ")
        );
        return Err(Problem::new("save", format_args!("\"{name}\""), allowed));
    }
    let is_same = |other: &str| file_key(other) == file_key(name);
    match before
        .iter()
        .position(|other| other.save.as_deref().is_some_and(is_same))
    {
        Some(other) => Err(Problem::new(
            "save",
            format_args!("\"{name}\""),
            format!("another name: stage.{other} has this one, and its checkpoint would be lost"),
        )),
        None => Ok(()),
    }
}

/// The checkpoint that `keep = "best"` replaces must not be a stage's.
fn check_best(stage: &StageConfig, keep: Keep) -> Result<(), Problem> {
    match &stage.save {
        Some(name) if keep == Keep::Best && file_key(name) == file_key(Run::BEST) => {
            let allowed = "another name: keep = \"best\" keeps the best checkpoint under this one";
            Err(Problem::new("save", format_args!("\"{name}\""), allowed))
        }
        _ => Ok(()),
    }
}

fn check_model(model: &ModelConfig) -> Result<(), Problem> {
    for share in model.dropout {
        below_1("dropout", share)?;
    }
    within("base_width", model.base_width, 1..=1024)?;
    match &model.weights {
        Some(name) if name.is_empty() => {
            let allowed = "the name of published weights or the path of a file";
            Err(Problem::new("weights", "\"\"", allowed))
        }
        Some(name) if is_published(name) && !registry::names().any(|known| known == name) => {
            Err(Problem::unknown_word("weights", name, registry::names()))
        }
        _ => Ok(()),
    }
}

fn check_optimizer(optimizer: &OptimizerConfig) -> Result<(), Problem> {
    for beta1 in optimizer.momentum {
        below_1("momentum", beta1)?;
    }
    below_1("beta2", optimizer.beta2)?;
    if let Some(norm) = optimizer.clip_norm {
        within("clip_norm", norm, 1e-6..=1e9)?;
    }
    within("div_factor", optimizer.div_factor, 1.0..=1e9)?;
    within("weight_decay", optimizer.weight_decay, 0.0..=1e3)?;
    within("epsilon", optimizer.epsilon, 1e-30..=1.0)
}

fn check_averaging(ema: &AveragingConfig) -> Result<(), Problem> {
    below_1("decay", ema.decay)?;
    within("warmup_gamma", ema.warmup_gamma, 1e-3..=1e9)?;
    within("warmup_power", ema.warmup_power, 1e-3..=10.0)
}

/// NaN is outside every range.
fn within<T: PartialOrd + Display + LowerExp>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), Problem> {
    if range.contains(&value) {
        return Ok(());
    }
    let [least, most] = [range.start(), range.end()].map(short);
    Err(Problem::new(
        key,
        short(&value),
        format!("within {least} and {most}"),
    ))
}

fn below_1(key: &str, share: f64) -> Result<(), Problem> {
    if (0.0..1.0).contains(&share) {
        return Ok(());
    }
    Err(Problem::new(key, short(&share), "at least 0 and below 1"))
}

/// Characters up to which a number is written without a power of ten.
const LONGEST_NUMBER: usize = 7;

/// `1e-30` and not thirty zeros.
fn short<T: Display + LowerExp>(number: &T) -> String {
    let (plain, power) = (number.to_string(), format!("{number:e}"));
    if plain.len() > LONGEST_NUMBER && power.len() < plain.len() {
        power
    } else {
        plain
    }
}
