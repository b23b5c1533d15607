//! How much of a map lies on the animal, and whether it depends on what the head has learnt.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    commands::{chosen, opened::OpenedNetwork},
    explanation::{Asking, Classes, Explanation, explain},
    mapped::Mapped,
    network::{SavedNetwork, batch_size},
    pictures::{Picture, PictureFile},
};
use anyhow::{Error, Result};
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
        together,
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
        SavedNetwork::load_with_shuffled_head(checkpoint, scored.seed, device, *options);
    let shuffled_network = together.agreed(shuffled_network.map_err(Error::from))?;
    let asking = Asking {
        classes: Classes::True,
        ..scored.asking.clone()
    };
    let files = together.agreed(scored.validation(found))?;
    chosen::check_same(opened, &files, together)?;
    let bar = terminal.pictures("scoring", files.len());
    let (mut annotated, mut misfits) = (0, Vec::new());
    let ask = |network: &SavedNetwork, pictures: &[Picture], methods: &[&'static Method]| {
        let explained = explain(network, pictures.to_vec(), &asking, methods)?;
        anyhow::Ok(explained.into_iter().map(Mapped::from).collect::<Vec<_>>())
    };
    let batches: Vec<&[PictureFile]> = files.chunks(batch_size(*size)).collect();
    for round in batches.chunks(together.count()) {
        let mut read = |batch: &&[PictureFile]| {
            read_annotated(batch, &found.annotations, opened, terminal, &mut misfits)
        };
        let read: Vec<Annotated> = together.agreed(round.iter().map(&mut read).collect())?;
        scored.check_read(read.iter().flat_map(|read| &read.pictures))?;
        together.divided(
            &read,
            |Annotated { pictures, .. }| {
                Ok((
                    ask(&shuffled_network, pictures, &class_specific)?,
                    ask(network, pictures, methods)?,
                ))
            },
            |Annotated { pictures, truths }, (shuffled, explained)| {
                annotated += pictures.len();
                let both = explained.into_iter().zip(shuffled);
                for ((picture, truth), (explained, shuffled)) in
                    pictures.iter().zip(truths).zip(both)
                {
                    let [explained, shuffled] =
                        [explained, shuffled].map(|mapped| mapped.of(picture.clone()));
                    add(gathered, &explained, &shuffled, truth);
                }
                Ok(())
            },
        )?;
        bar.advance(round.iter().map(|batch| batch.len()).sum());
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

/// Pictures with what is known of them.
#[derive(Default)]
struct Annotated {
    pictures: Vec<Picture>,
    truths: Vec<Truth>,
}

/// The pictures of a batch that can be read and have annotations. A trimap that does not fit its picture is added to
/// `misfits`.
fn read_annotated(
    batch: &[PictureFile],
    annotations: &Path,
    opened: &OpenedNetwork,
    terminal: &Terminal,
    misfits: &mut Vec<String>,
) -> Result<Annotated> {
    let mut annotated = Annotated::default();
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
            annotated.pictures.push(picture);
            annotated.truths.push(truth);
        }
    }
    Ok(annotated)
}

fn misfit(name: &str, trimap: [u32; 2], stored: [u32; 2]) -> String {
    let pixels = |[width, height]: [u32; 2]| format!("{width} x {height}");
    format!("{name} ({} for {})", pixels(trimap), pixels(stored))
}
