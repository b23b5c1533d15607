use super::shared::resolve;
use crate::{cli::ConfigArgs, config::Config, config::DataSource, data::Data};
use anyhow::Result;
use network::{Summary, Trainable};
use std::process::ExitCode;
use terminal::Terminal;

/// Classes of the Oxford-IIIT Pets, for a summary before the data is there.
const PETS_CLASSES: usize = 37;

/// Prints fastai's `model_summary`.
pub fn summary(
    args: &ConfigArgs,
    size: Option<u16>,
    batch_size: Option<u16>,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let (_, config) = resolve(args)?;
    let last = &config.stages[config.stages.len() - 1];
    let spec = config.network_spec(classes(&config, terminal)?);
    let summary = Summary::new(
        &spec,
        size.map_or(last.size, usize::from),
        batch_size.map_or(last.batch_size, usize::from),
    );
    terminal.result(summary.to_string().trim_end());
    terminal.result(&format!(
        "Trainable params, head: {}",
        summary.trainable(Trainable::Head)
    ));
    terminal.result(&format!(
        "Trainable params, all:  {}",
        summary.trainable(Trainable::All)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Number of classes: counted in the data if it is there, else known from where it comes.
fn classes(config: &Config, terminal: &Terminal) -> Result<usize> {
    match (Data::open(config, terminal), config.data.source) {
        (Ok(data), _) => Ok(data.classes.len()),
        (Err(_), DataSource::OxfordIiitPet) => Ok(PETS_CLASSES),
        (Err(_), DataSource::Sample) => Ok(config.data.sample.breeds.len()),
        (Err(error), DataSource::Folder) => Err(error),
    }
}
