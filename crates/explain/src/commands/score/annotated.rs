//! How much of a map lies on the animal, and whether it depends on what the head has learnt.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    commands::opened::OpenedNetwork,
    explanation::{Asking, Classes, Explanation, explain},
    network::{SavedNetwork, batch_size},
    pictures::{Picture, PictureFile},
};
use anyhow::Result;
use cam::Method;
use checkpoint::RunPictures;
use measure::Truth;
use std::path::Path;
use terminal::Terminal;
use words::{counted, first_three};

/// Measures on the validation pictures that have a trimap or a head box; returns how many those are.
///
/// # Errors
/// Annotations that cannot be read, a network that gives no numbers.
pub fn measure(scored: &Scored, found: &RunPictures, gathered: &mut Gathered) -> Result<usize> {
    let Scored {
        opened,
        terminal,
        methods,
        ..
    } = scored;
    let class_specific: Vec<&'static Method> = methods
        .iter()
        .copied()
        .filter(|method| method.is_class_specific())
        .collect();
    let OpenedNetwork {
        checkpoint,
        device,
        options,
        network,
        size,
        ..
    } = opened;
    let shuffled_network =
        SavedNetwork::load_with_shuffled_head(checkpoint, scored.seed, device, *options)?;
    let asking = Asking {
        classes: Classes::True,
        ..scored.asking.clone()
    };
    let files = scored.validation(found)?;
    let bar = terminal.pictures("scoring", files.len());
    let (mut annotated, mut misfits) = (0, Vec::new());
    for batch in files.chunks(batch_size(*size)) {
        let annotations = &found.annotations;
        let (pictures, truths) =
            read_annotated(batch, annotations, opened, terminal, &mut misfits)?;
        annotated += pictures.len();
        let shuffled = explain(
            &shuffled_network,
            pictures.clone(),
            &asking,
            &class_specific,
        )?;
        let explanations = explain(network, pictures, &asking, methods)?;
        for ((explanation, shuffled), truth) in explanations.iter().zip(&shuffled).zip(&truths) {
            add(gathered, explanation, shuffled, truth);
        }
        bar.advance(batch.len());
    }
    drop(bar);
    if !misfits.is_empty() {
        terminal.warning(&format!(
            "left out {} of another size than the picture: {}",
            counted(misfits.len(), "trimap"),
            first_three(&misfits)
        ));
    }
    Ok(annotated)
}

fn add(gathered: &mut Gathered, explanation: &Explanation, shuffled: &Explanation, truth: &Truth) {
    for (method, tally) in &mut gathered.methods {
        for map in maps_of(explanation, method) {
            tally.add(&map.raw, truth);
            // Where the truth is not known, the shuffled network may have answered another class.
            for shuffled in maps_of(shuffled, method).filter(|other| other.class == map.class) {
                tally.add_shuffled(&map.raw, &shuffled.raw);
            }
        }
    }
    let baselines = gathered.baseline_maps(&explanation.picture);
    gathered.baselines.add(&baselines, truth);
}

/// The pictures of a batch that can be read and have annotations. A trimap that does not fit its picture is added to
/// `misfits`.
fn read_annotated(
    batch: &[PictureFile],
    annotations: &Path,
    opened: &OpenedNetwork,
    terminal: &Terminal,
    misfits: &mut Vec<String>,
) -> Result<(Vec<Picture>, Vec<Truth>)> {
    let (mut pictures, mut truths) = (Vec::new(), Vec::new());
    for picture in opened.read_all(batch, terminal) {
        let truth = Truth::read(
            annotations,
            picture.file.stem(),
            &picture.crop,
            picture.turned,
            picture.upright,
        )?;
        if let Some([trimap, stored]) = truth.misfit {
            misfits.push(misfit(&picture.file.name, trimap, stored));
        }
        if truth.animal.is_some() || truth.head.is_some() {
            pictures.push(picture);
            truths.push(truth);
        }
    }
    Ok((pictures, truths))
}

fn misfit(name: &str, trimap: [u32; 2], stored: [u32; 2]) -> String {
    let pixels = |[width, height]: [u32; 2]| format!("{width} x {height}");
    format!("{name} ({} for {})", pixels(trimap), pixels(stored))
}
