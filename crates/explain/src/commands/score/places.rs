//! How much of a map lies on the animal, and whether it depends on what the head has learnt.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    commands::opened::OpenedNetwork,
    explanation::{Asking, Classes, Explanation, explain},
    network::{SavedNetwork, batch_size},
    pictures::{self, Picture},
};
use ::pictures::annotations::AnnotationError;
use anyhow::Result;
use cam::Method;
use measure::Truth;
use serde::{Deserialize, Serialize};
use words::{counted, first_three};

/// How many pictures there were.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All of them.
    pub pictures: usize,
    /// Those that have a trimap or a head box.
    pub annotated: usize,
}

/// Measures on all pictures; where the maps should lie is known only of those that have a trimap or a head box.
///
/// # Errors
/// Annotations that cannot be read, a network that gives no numbers.
pub fn measure(scored: &Scored, gathered: &mut Gathered) -> Result<Counts> {
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
    let files = scored.enough();
    let bar = terminal.pictures("scoring", files.len());
    let (mut counts, mut misfits) = (Counts::default(), Vec::new());
    let batches = pictures::batches(&files, batch_size(*size));
    scored.divided(
        &batches,
        gathered,
        |batch, gathered| {
            let pictures = opened.read_all(batch, terminal);
            let mut misfits = Vec::new();
            let truths = truths(scored, &pictures, &mut misfits)?;
            let is_annotated = |truth: &&Truth| truth.animal.is_some() || truth.head.is_some();
            let counts = Counts {
                pictures: pictures.len(),
                annotated: truths.iter().filter(is_annotated).count(),
            };
            let shuffled = explain(
                &shuffled_network,
                pictures.clone(),
                &asking,
                &class_specific,
            )?;
            let explanations = explain(network, pictures, &asking, methods)?;
            for ((explanation, shuffled), truth) in explanations.iter().zip(&shuffled).zip(&truths)
            {
                add(scored, gathered, explanation, shuffled, truth);
            }
            Ok((counts, misfits, batch.len()))
        },
        |(of_batch, of_pictures, done): (Counts, Vec<String>, usize)| {
            counts.pictures += of_batch.pictures;
            counts.annotated += of_batch.annotated;
            misfits.extend(of_pictures);
            bar.advance(done);
        },
    )?;
    drop(bar);
    if !misfits.is_empty() {
        terminal.warning(&format!(
            "left out {} of another size than the picture: {}",
            counted(misfits.len(), "trimap"),
            first_three(&misfits)
        ));
    }
    Ok(counts)
}

fn add(
    scored: &Scored,
    gathered: &mut Gathered,
    explanation: &Explanation,
    shuffled: &Explanation,
    truth: &Truth,
) {
    let Explanation {
        picture, predicted, ..
    } = explanation;
    let about = scored.about(picture, picture.file.true_class.unwrap_or(*predicted));
    for (method, tally) in &mut gathered.methods {
        for map in maps_of(explanation, method) {
            tally.add_map(&about, &map.raw, truth);
            // Where the truth is not known, the shuffled network may have answered another class.
            for shuffled in maps_of(shuffled, method).filter(|other| other.class == map.class) {
                tally.add_shuffled(&about, &map.raw, &shuffled.raw);
            }
        }
    }
    let baselines = scored.baseline_maps(picture);
    gathered.baselines.add(&about, &baselines, truth);
    gathered.baselines.add_noise(&about, &baselines);
}

/// What is known of where the animals are in pictures. A trimap that does not fit its picture is added to `misfits`.
fn truths(
    scored: &Scored,
    pictures: &[Picture],
    misfits: &mut Vec<String>,
) -> Result<Vec<Truth>, AnnotationError> {
    let mut truths = Vec::new();
    for picture in pictures {
        let truth = match &scored.annotations {
            None => Truth::unknown(picture.crop.frame),
            Some(folder) => Truth::read(
                folder,
                picture.file.stem(),
                &picture.crop,
                picture.turned,
                picture.upright,
            )?,
        };
        if let Some([trimap, stored]) = truth.misfit {
            misfits.push(misfit(&picture.file.name, trimap, stored));
        }
        truths.push(truth);
    }
    Ok(truths)
}

fn misfit(name: &str, trimap: [u32; 2], stored: [u32; 2]) -> String {
    let pixels = |[width, height]: [u32; 2]| format!("{width} x {height}");
    format!("{name} ({} for {})", pixels(trimap), pixels(stored))
}
