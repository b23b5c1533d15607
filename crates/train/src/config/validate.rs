//! Values that no run can use, found before anything is downloaded or drawn.

use super::{
    problem::Problem,
    values::{Config, DataConfig, DataSource, LearningRate, ModelConfig, StageConfig},
};
use crate::{optimizer::OptimizerConfig, pretrained::is_published};
use network::weights::registry;
use pictures::split::SplitError;
use std::{
    fmt::{Display, LowerExp},
    ops::RangeInclusive,
};

/// Beginnings of names that checkpoints have without being asked.
const RESERVED: [&str; 2] = ["iteration-", "stage-"];

/// Checks every value of `config`.
///
/// # Errors
/// The first value that no run can use.
pub fn check(config: &Config) -> Result<(), Problem> {
    check_stages(config)?;
    check_model(&config.model).map_err(|problem| problem.below("model"))?;
    check_optimizer(&config.optimizer).map_err(|problem| problem.below("optimizer"))?;
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
    check_data(&config.data).map_err(|problem| problem.below("data"))?;
    config.split.check().map_err(|error| match error {
        SplitError::Fraction(fraction) => {
            let allowed = "a number between 0 and 1, both excluded, such as 0.2";
            Problem::new("split.fraction", fraction, allowed)
        }
        other => Problem::sentence("split", other),
    })?;
    if config.data.source == DataSource::Sample {
        let sample = config.data.sample.check();
        sample.map_err(|error| Problem::sentence("data.sample", error))?;
    }
    Ok(())
}

fn check_data(data: &DataConfig) -> Result<(), Problem> {
    if data.folder.as_os_str().is_empty() {
        return Err(Problem::new("folder", "\"\"", "the path of a folder"));
    }
    within("workers", data.workers, 0..=1024)
}

fn check_stages(config: &Config) -> Result<(), Problem> {
    if config.stages.is_empty() {
        return Err(Problem::sentence("stage", "there is none: add a [[stage]]"));
    }
    for (index, stage) in config.stages.iter().enumerate() {
        let before = &config.stages[..index];
        check_stage(stage)
            .and_then(|()| check_name(stage, before))
            .map_err(|problem| problem.below(format_args!("stage.{index}")))?;
    }
    Ok(())
}

fn check_stage(stage: &StageConfig) -> Result<(), Problem> {
    within("size", stage.size, 32..=2048)?;
    // Batch normalisation needs more than one picture.
    within("batch_size", stage.batch_size, 2..=65536)?;
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
    if name.is_empty() || is_reserved || !name.chars().all(is_plain) {
        let allowed = format!(
            "a name of letters, digits, - and _ that does not begin with {}",
            RESERVED.join(" or ")
        );
        return Err(Problem::new("save", format_args!("\"{name}\""), allowed));
    }
    match before
        .iter()
        .position(|other| other.save.as_ref() == Some(name))
    {
        Some(other) => Err(Problem::new(
            "save",
            format_args!("\"{name}\""),
            format!("another name: stage.{other} has this one, and its checkpoint would be lost"),
        )),
        None => Ok(()),
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
    within("div_factor", optimizer.div_factor, 1.0..=1e9)?;
    within("weight_decay", optimizer.weight_decay, 0.0..=1e3)?;
    within("epsilon", optimizer.epsilon, 1e-30..=1.0)
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
