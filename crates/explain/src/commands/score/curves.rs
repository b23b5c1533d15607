//! Whether the network cares about what maps mark, whether they are about the class, and whether they are stable.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Classes, Explanation},
    network::{NotANumber, SavedNetwork, batch_of},
    pictures::{Picture, normalised},
    random::{Purpose, generator_for},
};
use anyhow::Result;
use cam::{HeatMap, argmax, softmax};
use measure::{
    MIRRORED, RUNNER_UP, SHIFTED, correlation,
    removal::{Areas, area, blurred, ranking, replaced},
};
use rand::Rng;
use std::iter;

/// Measures on `count` of the pictures, drawn by the seed; returns how many that were.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(scored: &Scored, count: usize, gathered: &mut Gathered) -> Result<usize> {
    let files = scored.drawn(count);
    let bar = scored.terminal.pictures("deleting, inserting", files.len());
    let mut measured = 0;
    for file in &files {
        for picture in scored
            .opened
            .read_all(std::slice::from_ref(file), scored.terminal)
        {
            let explanation = scored.explained(picture, Classes::True)?;
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
    let about = scored.about(picture, class);
    let baselines = scored.baseline_maps(picture);
    let tallies = gathered.methods.iter_mut().map(|(method, tally)| {
        let map = maps_of(explanation, method).next();
        (tally, map.map(|map| map.raw.spread(picture.crop.frame)))
    });
    let of_baselines = gathered.baselines.tallies_mut().iter_mut();
    // The first is level, and calls no pixel more important than another.
    let of_baselines = of_baselines.zip(baselines.maps.map(Some)).skip(1);
    for (tally, map) in tallies.chain(of_baselines) {
        let Some(map) = map else { continue };
        let names = [about.picture.as_str(), &tally.title];
        let mut random = generator_for(scored.seed, Purpose::Ranking, &names);
        tally.add_areas(&about, removal.areas(&map, &mut random)?);
    }
    Ok(())
}

/// A picture whose pixels are taken away and put back.
struct Removal<'a> {
    network: &'a SavedNetwork,
    picture: &'a Picture,
    class: usize,
    /// The normalised frame.
    frame: Vec<f32>,
    /// The same, blurred.
    blurred: Vec<f32>,
}

impl<'a> Removal<'a> {
    fn new(network: &'a SavedNetwork, picture: &'a Picture, class: usize) -> Self {
        let frame = normalised([picture], &network.normalisation());
        Self {
            network,
            picture,
            class,
            blurred: blurred(&frame, picture.crop.frame),
            frame,
        }
    }

    /// Areas under both curves for `map`, which is as large as the frame.
    fn areas(&self, map: &[f64], random: &mut impl Rng) -> Result<Areas, NotANumber> {
        let ranking = ranking(map, random);
        // The mean colour of the normalisation is 0 behind it.
        let mean = vec![0.0; self.frame.len()];
        let mut deleted = replaced(&self.frame, &mean, &ranking);
        let mut inserted = replaced(&self.blurred, &self.frame, &ranking);
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
    let both = scored.explained(picture.clone(), classes)?;
    let moved = |turn: fn(usize, usize) -> usize| {
        let classes = Classes::These(vec![said]);
        scored.explained(with_columns(picture.clone(), turn), classes)
    };
    let about = scored.about(picture, said);
    let mirrored = moved(|column, width| width - 1 - column)?;
    let shifted = moved(|column, _| column.saturating_sub(1))?;
    for (method, tally) in &mut gathered.methods {
        let of = |explanation: &Explanation| -> Vec<HeatMap> {
            maps_of(explanation, method)
                .map(|map| map.raw.clone())
                .collect()
        };
        let maps = of(&both);
        let like = |other: Option<&HeatMap>| correlation(&maps.first()?.values, &other?.values);
        let back = of(&mirrored).first().map(flipped);
        tally.add(&RUNNER_UP, &about, like(maps.get(1)));
        tally.add(&MIRRORED, &about, like(back.as_ref()));
        tally.add(&SHIFTED, &about, like(of(&shifted).first()));
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
