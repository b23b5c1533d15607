use super::shared::{checkpoint_of, open_run};
use crate::{cli::KeyLayout, export_metadata};
use anyhow::{Context, Result, anyhow, ensure};
use burn::tensor::Device;
use checkpoint::Checkpoint;
use network::{HeadKind, weights::layout};
use std::{collections::BTreeMap, path::Path, process::ExitCode};
use terminal::{Terminal, usage};

/// Text about a network, under keys.
type Metadata = BTreeMap<String, String>;

/// Writes the network of `run` into the file `to`, whose ending chooses the format: weights under the names that PyTorch
/// users expect, or a whole ONNX model.
pub fn export(
    run: &Path,
    to: &Path,
    key_layout: Option<KeyLayout>,
    checkpoint: Option<&str>,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let format = Format::of(to, key_layout).map_err(usage)?;
    let run = open_run(run)?;
    let checkpoint = match checkpoint {
        Some(name) => Checkpoint::load(&run.checkpoint(name).map_err(usage)?)?,
        None => checkpoint_of(run.latest()?, terminal),
    };
    let metadata = export_metadata::of(&run, &checkpoint)?;
    let (content, next) = match format {
        Format::Safetensors(layout) => safetensors(&checkpoint, to, layout, metadata)?,
        Format::Onnx => onnx(&checkpoint, to, &metadata)?,
    };
    let averaged = checkpoint.manifest.answering_weights.as_ref();
    let averaged =
        averaged.map_or_else(String::new, |file| format!(", the averaged ones of {file}"));
    let (file, folder) = (to.display(), checkpoint.folder.display());
    terminal.result(&format!("{file}: {content} of {folder}{averaged}"));
    terminal.result(&format!("next: in Python, {next}"));
    Ok(ExitCode::SUCCESS)
}

/// Format of a file.
enum Format {
    Safetensors(KeyLayout),
    Onnx,
}

impl Format {
    /// The format that the ending of `to` says.
    fn of(to: &Path, layout: Option<KeyLayout>) -> Result<Self> {
        let ending = to.extension().map(|ending| ending.to_ascii_lowercase());
        match ending.as_ref().and_then(|ending| ending.to_str()) {
            Some("safetensors") => Ok(Self::Safetensors(layout.unwrap_or(KeyLayout::Fastai))),
            Some("onnx") if layout.is_none() => Ok(Self::Onnx),
            Some("onnx") => Err(anyhow!(
                "--layout is for safetensors: an ONNX file holds the network itself, leave it out"
            )),
            _ => Err(anyhow!(
                "{} does not say its format: let the name end in .safetensors (weights for PyTorch) or .onnx (a whole model)",
                to.display()
            )),
        }
    }
}

/// Writes weights for PyTorch. Returns what was written and how it is read.
fn safetensors(
    checkpoint: &Checkpoint,
    to: &Path,
    key_layout: KeyLayout,
    mut metadata: Metadata,
) -> Result<(String, String)> {
    let spec = &checkpoint.manifest.network;
    let weights = checkpoint.weights()?;
    let (state, layout) = match key_layout {
        KeyLayout::Fastai => {
            ensure!(
                spec.head == HeadKind::Fastai,
                "this run has a plain head, which fastai's layout has no place for: use --layout torchvision"
            );
            (layout::to_fastai(weights, spec.architecture)?, "fastai")
        }
        KeyLayout::Torchvision => {
            let state = layout::to_torchvision(weights, spec.architecture)?;
            (state, "torchvision")
        }
    };
    metadata.insert("format".to_owned(), "pt".to_owned());
    metadata.insert("layout".to_owned(), layout.to_owned());
    state.write_safetensors(to, &metadata)?;
    let file = to.display();
    Ok((
        format!("{} tensors", state.len()),
        format!("model.load_state_dict(safetensors.torch.load_file(\"{file}\"))"),
    ))
}

/// Writes a whole model. Returns what was written and how it is used.
fn onnx(checkpoint: &Checkpoint, to: &Path, metadata: &Metadata) -> Result<(String, String)> {
    let spec = &checkpoint.manifest.network;
    let kernels = checkpoint.manifest.kernels;
    let network = spec.load(checkpoint.weights()?, kernels, &Device::flex())?;
    let graph = network.graph();
    let model = onnx::model(&graph, spec.architecture.name(), metadata)?;
    files::write_atomically(to, &onnx::encode(&model)?).with_context(|| {
        format!(
            "cannot write {}: check the folder's permissions and the free space",
            to.display()
        )
    })?;
    let content = format!(
        "{} tensors (opset {}, batch norms folded in)",
        graph.tensors().count(),
        onnx::OPSET
    );
    let next = format!(
        "onnxruntime.InferenceSession(\"{}\").run(None, {{\"{}\": x}}); docs/export.md makes x of pictures",
        to.display(),
        onnx::INPUT
    );
    Ok((content, next))
}
