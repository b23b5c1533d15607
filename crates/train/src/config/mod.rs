//! One experiment as a TOML file: what was typed, with every default filled in.

mod deserialize;
mod lines;
mod problem;
mod read;
mod validate;
mod values;

pub use crate::averaging::AveragingConfig;
pub use crate::optimizer::OptimizerConfig;
pub use problem::{Fault, Problem};
pub use read::{ConfigError, ConfigSource, EMBEDDED};
pub use values::{
    BatchNormKind, Config, DataConfig, DataSource, Keep, LearningRate, ModelConfig, Precision,
    StageConfig,
};
