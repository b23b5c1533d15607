//! Whether the network cares about what maps mark, whether they are about the class, and whether they are stable.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Classes, Explanation},
    mapped::Mapped,
    network::{NotANumber, SavedNetwork, batch_of},
    pictures::{self, Picture, normalised},
};
use anyhow::{Error, Result};
use cam::{HeatMap, argmax, softmax};
use checkpoint::RunPictures;
use measure::{
    DELETION, INSERTION, MIRRORED, PictureRow, RUNNER_UP, SHIFTED, correlation,
    removal::{Areas, area, blurred, ranking, replaced},
};
use std::iter;

/// Measures on `count` of the validation pictures, drawn by the seed; returns how many that were.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(
    scored: &Scored,
    found: &RunPictures,
    count: usize,
    gathered: &mut Gathered,
) -> Result<usize> {
    let files = scored.together.agreed(scored.validation(found))?;
    let files = pictures::drawn(files, scored.enough_of(count), scored.seed);
    let bar = scored.terminal.pictures("deleting, inserting", files.len());
    let mut measured = 0;
    for file in &files {
        let read = scored
            .opened
            .read_all(std::slice::from_ref(file), scored.terminal);
        scored.check_read(&read)?;
        for picture in read {
            let explanation = scored.together.agreed(
                scored
                    .explained(picture, Classes::True)
                    .map_err(Error::from),
            )?;
            areas(scored, &explanation, gathered)?;
            likeness(scored, &explanation, gathered)?;
            measured += 1;
        }
        bar.advance(1);
    }
    Ok(measured)
}

/// Adds the areas of each method's map for the true class, and of the baselines.
fn areas(scored: &Scored, explanation: &Explanation, gathered: &mut Gathered) -> Result<()> {
    let picture = &explanation.picture;
    let class = picture.file.true_class.unwrap_or(explanation.predicted);
    let removal = Removal::new(&scored.opened.network, picture, class);
    let baselines = gathered.baseline_maps(picture);
    let tallies_of_methods = gathered.methods.iter_mut().map(|(method, tally)| {
        let map = maps_of(explanation, method).next();
        (tally, map.map(|map| map.raw.spread(picture.crop.frame)))
    });
    let of_baselines = gathered.baselines.tallies_mut().iter_mut();
    // The first is level, and calls no pixel more important than another.
    let of_baselines = of_baselines.zip(baselines.maps.map(Some)).skip(1);
    let (mut tallies, mut rankings) = (Vec::new(), Vec::new());
    for (tally, map) in tallies_of_methods.chain(of_baselines) {
        let Some(map) = map else { continue };
        tallies.push(tally);
        rankings.push(ranking(&map, &mut gathered.random));
    }
    let mut tallies = tallies.into_iter();
    scored.together.divided(
        &rankings,
        |ranking| {
            let areas = removal.areas(ranking)?;
            Ok([areas.deletion, areas.insertion])
        },
        |_, [deletion, insertion]| {
            let Some(tally) = tallies.next() else {
                return Ok(());
            };
            tally.add_areas(Areas {
                deletion,
                insertion,
            });
            for (measure, value) in [(DELETION, deletion), (INSERTION, insertion)] {
                gathered.pictures.push(PictureRow {
                    picture: picture.file.name.clone(),
                    method: tally.title.clone(),
                    class: scored.opened.classes()[class].clone(),
                    measure,
                    value,
                });
            }
            Ok(())
        },
    )
}

/// A picture whose pixels are taken away and put back.
pub struct Removal<'a> {
    network: &'a SavedNetwork,
    picture: &'a Picture,
    class: usize,
    /// The normalised frame.
    frame: Vec<f32>,
    /// The same, blurred.
    blurred: Vec<f32>,
}

impl<'a> Removal<'a> {
    /// `picture`, of which the probability of `class` is asked.
    pub fn new(network: &'a SavedNetwork, picture: &'a Picture, class: usize) -> Self {
        let frame = normalised([picture], &network.normalisation());
        Self {
            network,
            picture,
            class,
            blurred: blurred(&frame, picture.crop.frame),
            frame,
        }
    }

    /// Areas under both curves for pixels in this order.
    ///
    /// # Errors
    /// An answer that is not a number.
    pub fn areas(&self, ranking: &[usize]) -> Result<Areas, NotANumber> {
        // The mean colour of the normalisation is 0 behind it.
        let mean = vec![0.0; self.frame.len()];
        let mut deleted = replaced(&self.frame, &mean, ranking);
        let mut inserted = replaced(&self.blurred, &self.frame, ranking);
        Ok(Areas {
            deletion: area(&self.probabilities(&mut deleted)?),
            insertion: area(&self.probabilities(&mut inserted)?),
        })
    }

    /// The class's probability for each frame.
    fn probabilities(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
    ) -> Result<Vec<f64>, NotANumber> {
        let size = self.picture.crop.frame;
        let mut probabilities = Vec::new();
        loop {
            let batch: Vec<f32> = frames.take(batch_of(size)).flatten().collect();
            if batch.is_empty() {
                return Ok(probabilities);
            }
            let answer = self.network.look(batch, size);
            answer.check(iter::repeat(self.picture.file.name.as_str()))?;
            let of_class = |logits: &Vec<f32>| softmax(logits)[self.class];
            probabilities.extend(answer.logits.iter().map(of_class));
        }
    }
}

/// Adds how like the maps for the class said are those for the runner-up, and those of the picture mirrored and shifted.
fn likeness(scored: &Scored, explanation: &Explanation, gathered: &mut Gathered) -> Result<()> {
    let picture = &explanation.picture;
    let mut others = explanation.probabilities.clone();
    others[explanation.predicted] = f64::NEG_INFINITY;
    let (said, runner_up) = (explanation.predicted, argmax(&others));
    let classes = Classes::These(vec![said, runner_up]);
    let moved = |turn: fn(usize, usize) -> usize| {
        let classes = Classes::These(vec![said]);
        (with_columns(picture.clone(), turn), classes)
    };
    let asked = [
        (picture.clone(), classes),
        moved(|column, width| width - 1 - column),
        moved(|column, _| column.saturating_sub(1)),
    ];
    let mut explained = Vec::new();
    scored.together.divided(
        &asked,
        |(picture, classes)| {
            Ok(Mapped::from(
                scored.explained(picture.clone(), classes.clone())?,
            ))
        },
        |(picture, _), mapped| {
            explained.push(mapped.of(picture.clone()));
            Ok(())
        },
    )?;
    let [both, mirrored, shifted] = explained.as_slice() else {
        anyhow::bail!("three explanations of {}", picture.file.name);
    };
    for (method, tally) in &mut gathered.methods {
        let of = |explanation: &Explanation| -> Vec<HeatMap> {
            maps_of(explanation, method)
                .map(|map| map.raw.clone())
                .collect()
        };
        let maps = of(both);
        let like = |other: Option<&HeatMap>| correlation(&maps.first()?.values, &other?.values);
        let back = of(mirrored).first().map(flipped);
        let found = [
            (RUNNER_UP, like(maps.get(1)), &mut tally.runner_up),
            (MIRRORED, like(back.as_ref()), &mut tally.mirrored),
            (SHIFTED, like(of(shifted).first()), &mut tally.shifted),
        ];
        for (measure, value, values) in found {
            let Some(value) = value else { continue };
            values.push(value);
            gathered.pictures.push(PictureRow {
                picture: picture.file.name.clone(),
                method: tally.title.clone(),
                class: scored.opened.classes()[said].clone(),
                measure,
                value,
            });
        }
    }
    Ok(())
}

/// The picture with other columns in its frame: `from` says for a column, and the width, which one is there.
fn with_columns(mut picture: Picture, from: fn(usize, usize) -> usize) -> Picture {
    let width = picture.crop.frame[0];
    let rows = picture.frame.chunks_exact(width);
    let moved = rows.flat_map(|row| (0..width).map(|column| row[from(column, width)]));
    picture.frame = moved.collect();
    picture
}

/// The map with left and right exchanged.
fn flipped(map: &HeatMap) -> HeatMap {
    let rows = map.values.chunks_exact(map.width);
    HeatMap {
        values: rows.flat_map(|row| row.iter().rev().copied()).collect(),
        ..*map
    }
}
