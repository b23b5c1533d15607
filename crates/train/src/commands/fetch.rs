use super::shared::resolve;
use crate::{cli::ConfigArgs, config::DataSource, data, interrupt::Interrupt};
use anyhow::Result;
use std::process::ExitCode;
use terminal::Terminal;

/// Config whose pictures are fetched if none is typed.
const PETS: &str = "pets-resnet34";

/// Brings the pictures of a config to the disk.
pub fn fetch(mut args: ConfigArgs, terminal: &Terminal) -> Result<ExitCode> {
    args.config.get_or_insert_with(|| PETS.into());
    let (_, config) = resolve(&args)?;
    let interrupt = Interrupt::listen(terminal)?;
    match config.data.source {
        DataSource::OxfordIiitPet => data::fetch_pets(&config.data, terminal, &interrupt)?,
        _ => data::prepare(&config.data, terminal, &interrupt)?,
    }
    terminal.result(&format!("data: {}", config.data.folder.display()));
    terminal.result(&format!("next: cargo run -p train -- {}", args.typed(PETS)));
    Ok(ExitCode::SUCCESS)
}
