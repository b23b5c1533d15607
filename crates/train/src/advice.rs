//! Advice about a network that diverges.

use crate::{config::StageConfig, shell};

/// The `--set` that trains the stage with index `stage` at a tenth of its learning rate.
pub fn lower_rate(stage: usize, config: &StageConfig) -> String {
    let rate = config.max_learning_rate.tenth();
    let lower = format!("stage.{stage}.max_learning_rate={rate}");
    format!("--set {}", shell::word(&lower))
}
