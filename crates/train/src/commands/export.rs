use super::shared::{checkpoint_of, open_run};
use crate::cli::KeyLayout;
use anyhow::{Result, ensure};
use checkpoint::Checkpoint;
use network::{HeadKind, weights::layout};
use std::{collections::BTreeMap, path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Writes the weights of `run` under the names that PyTorch users expect.
pub fn export(
    run: &Path,
    to: &Path,
    key_layout: KeyLayout,
    checkpoint: Option<&str>,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let run = open_run(run)?;
    let checkpoint = match checkpoint {
        Some(name) => Checkpoint::load(&run.checkpoint(name).map_err(usage)?)?,
        None => checkpoint_of(run.latest()?, terminal),
    };
    let manifest = &checkpoint.manifest;
    let architecture = manifest.network.architecture;
    let weights = checkpoint.weights()?;
    let state = match key_layout {
        KeyLayout::Fastai => {
            ensure!(
                manifest.network.head == HeadKind::Fastai,
                "this run has a plain head, which fastai's layout has no place for: use --layout torchvision"
            );
            layout::to_fastai(weights, architecture)?
        }
        KeyLayout::Torchvision => layout::to_torchvision(weights, architecture)?,
    };
    let metadata = BTreeMap::from([
        ("architecture".to_owned(), architecture.to_string()),
        (
            "classes".to_owned(),
            serde_json::to_string(&manifest.classes)?,
        ),
        ("format".to_owned(), "pt".to_owned()),
    ]);
    state.write_safetensors(to, &metadata)?;
    terminal.result(&format!(
        "{}: {} tensors of {}",
        to.display(),
        state.len(),
        checkpoint.folder.display()
    ));
    terminal.result(&format!(
        "next: in Python, model.load_state_dict(safetensors.torch.load_file(\"{}\"))",
        to.display()
    ));
    Ok(ExitCode::SUCCESS)
}
