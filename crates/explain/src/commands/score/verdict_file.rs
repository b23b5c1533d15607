//! What came out about each method, for who draws its maps later.

use crate::output::OutputFolder;
use anyhow::{Context, Result};
use cam::Method;
use checkpoint::Checkpoint;
use measure::{Judgement, Verdict, csv};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

const FILE: &str = "verdict.csv";

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct VerdictRow {
    /// Name of the checkpoint's folder.
    checkpoint: String,
    /// The method, as printed.
    method: String,
    /// Name of the [`Judgement`].
    verdict: String,
}

/// Writes what came out about the methods of a checkpoint.
///
/// # Errors
/// The disk refuses.
pub fn write(output: &OutputFolder, checkpoint: &Checkpoint, verdict: &Verdict) -> Result<()> {
    let rows = verdict
        .methods
        .iter()
        .map(|(method, judgement)| VerdictRow {
            checkpoint: name(&checkpoint.folder),
            method: method.clone(),
            verdict: judgement.name().to_owned(),
        });
    output.write(FILE, &csv(rows)?)?;
    Ok(())
}

/// A sentence about those of `methods` that failed when `checkpoint` was scored into the folder `score`; `None` if there is none,
/// or it was not scored.
///
/// # Errors
/// A score whose file is broken.
pub fn failing(score: &Path, checkpoint: &Path, methods: &[&Method]) -> Result<Option<String>> {
    let path = score.join(FILE);
    let Ok(bytes) = fs::read(&path) else {
        return Ok(None);
    };
    let rows = ::csv::Reader::from_reader(bytes.as_slice())
        .into_deserialize()
        .collect::<Result<Vec<VerdictRow>, _>>()
        .with_context(|| format!("cannot read {}; score the run again", path.display()))?;
    let name = name(checkpoint);
    let failed = |method: &&&Method| {
        rows.iter().any(|row| {
            row.checkpoint == name
                && row.method == method.title()
                && row.verdict == Judgement::Fails.name()
        })
    };
    let failed = methods.iter().filter(failed);
    let titles: Vec<&str> = failed.map(|method| method.title()).collect();
    Ok((!titles.is_empty()).then(|| {
        format!(
            "Failed when this network was scored: {}. Much the same map is drawn with a head that has learnt nothing, so that it \
             does not explain the class (see {}).",
            titles.join(", "),
            score.join("index.html").display()
        )
    }))
}

/// The last part of a checkpoint's path.
fn name(checkpoint: &Path) -> String {
    let name = checkpoint.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cam::method;

    #[test]
    fn methods_that_failed_on_this_checkpoint_are_named_if_they_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let methods = ["grad-cam", "layer-cam"].map(|name| method(name).unwrap());
        let said = |checkpoint: &str, methods: &[&Method]| {
            failing(folder.path(), Path::new(checkpoint), methods)
        };
        assert_eq!(said("runs/a/checkpoints/64", &methods).unwrap(), None);
        let lines = "checkpoint,method,verdict\n64,Grad-CAM,use\n64,LayerCAM,fails\n";
        fs::write(folder.path().join(FILE), lines).unwrap();
        let sentence = said("runs/a/checkpoints/64", &methods).unwrap().unwrap();
        assert!(
            sentence.starts_with("Failed when this network was scored: LayerCAM."),
            "{sentence}"
        );
        assert_eq!(said("runs/a/checkpoints/128", &methods).unwrap(), None);
        assert_eq!(said("runs/a/checkpoints/64", &methods[..1]).unwrap(), None);
        fs::write(folder.path().join(FILE), "a,b\n1,2\n").unwrap();
        let broken = said("runs/a/checkpoints/64", &methods)
            .unwrap_err()
            .to_string();
        assert!(broken.contains("score the run again"), "{broken}");
    }
}
