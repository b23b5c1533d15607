//! Which values no run can use.

use super::{Config, OptimizerConfig, StageConfig};
use std::ops::RangeInclusive;

/// Largest share: all but the last bit.
const BELOW_1: f64 = 1.0 - f64::EPSILON;

impl Config {
    /// The first value that no run can use, with its range, in one sentence.
    pub(super) fn problem(&self) -> Option<String> {
        if self.stages.is_empty() {
            return Some("there is no [[stage]]: add at least one".to_owned());
        }
        let groups = self.model.architecture.groups().len();
        let stages = self.stages.iter().enumerate().find_map(|(number, stage)| {
            let problem = stage.problem(groups)?;
            Some(format!("stage.{number}.{problem}"))
        });
        stages
            .or_else(|| self.model_problem())
            .or_else(|| self.optimizer.problem())
            .or_else(|| Some(self.augmentation.validate().err()?.to_string()))
    }

    fn model_problem(&self) -> Option<String> {
        let [first, second] = self.model.dropout;
        outside("model.dropout", first, 0.0..=BELOW_1)
            .or_else(|| outside("model.dropout", second, 0.0..=BELOW_1))
            .or_else(|| {
                outside(
                    "model.base_width",
                    self.model.base_width as f64,
                    1.0..=1024.0,
                )
            })
            .or_else(|| {
                let mut deviations = self.normalisation.std.into_iter();
                deviations.find_map(|std| outside("normalisation.std", f64::from(std), 1e-6..=1e6))
            })
    }
}

impl OptimizerConfig {
    fn problem(&self) -> Option<String> {
        let [ends, peak] = self.momentum;
        outside("optimizer.momentum", ends, 0.0..=BELOW_1)
            .or_else(|| outside("optimizer.momentum", peak, 0.0..=BELOW_1))
            .or_else(|| outside("optimizer.beta2", self.beta2, 0.0..=BELOW_1))
            .or_else(|| outside("optimizer.div_factor", self.div_factor, 1.0..=1e9))
            .or_else(|| outside("optimizer.weight_decay", self.weight_decay, 0.0..=1e3))
            .or_else(|| outside("optimizer.epsilon", self.epsilon, 1e-30..=1.0))
    }
}

impl StageConfig {
    fn problem(&self, groups: usize) -> Option<String> {
        let mut rates = self.max_learning_rate.per_group(groups).into_iter();
        outside("size", self.size as f64, 32.0..=2048.0)
            // Batch normalisation needs more than one picture.
            .or_else(|| outside("batch_size", self.batch_size as f64, 2.0..=65536.0))
            .or_else(|| outside("epochs", self.epochs as f64, 1.0..=1e6))
            .or_else(|| outside("pct_start", self.pct_start, 0.0..=1.0))
            .or_else(|| outside("checkpoint_every", self.checkpoint_every as f64, 1.0..=1e9))
            .or_else(|| rates.find_map(|rate| outside("max_learning_rate", rate, 1e-30..=1e30)))
            .or_else(|| self.save_problem())
    }

    /// A name becomes a folder.
    fn save_problem(&self) -> Option<String> {
        let name = self.save.as_deref()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let reserved = name.starts_with("iteration-") || name.starts_with("stage-");
        (name.is_empty() || reserved || !name.chars().all(plain)).then(|| {
            format!(
                "save is \"{name}\": use letters, digits, - and _, and not the beginnings iteration- and stage-"
            )
        })
    }
}

/// A sentence if `value` is not in `range`; a value that is no number is in none.
fn outside(key: &str, value: f64, range: RangeInclusive<f64>) -> Option<String> {
    let (low, high) = (range.start(), range.end());
    let words = if *high == BELOW_1 {
        format!("must be at least {low} and below 1")
    } else {
        format!("must be within {low} and {high}")
    };
    (!range.contains(&value)).then(|| format!("{key} is {value}: {words}"))
}
