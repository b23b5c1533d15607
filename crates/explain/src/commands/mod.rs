//! What each verb does.

mod explain;
mod score;
mod source;

use crate::{
    classes::UnknownClass,
    cli::{Cli, Verb},
    output::OutputError,
    pictures::PicturesError,
};
use anyhow::Result;
use kernels::DeviceError;

/// Does what was typed.
pub fn run(cli: Cli) -> Result<()> {
    match cli.verb {
        None => explain::explain(&cli.explain),
        Some(Verb::Score(arguments)) => score::score(&arguments),
    }
}

/// 2 for what was typed wrongly, 1 for everything else.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let usage = error.is::<UnknownClass>()
        || error.is::<DeviceError>()
        || error.is::<PicturesError>()
        || matches!(error.downcast_ref(), Some(OutputError::Occupied(_)));
    if usage { 2 } else { 1 }
}
