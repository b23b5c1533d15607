//! Whether maps are about the class, and whether they are stable.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Classes, Explanation},
    pictures::Picture,
    random::{Purpose, generator_for},
};
use anyhow::Result;
use cam::{HeatMap, argmax};
use measure::{
    LIGHT, MIRRORED, Measure, NOISY, RUNNER_UP, SHIFTED, correlation, imputation::gaussian,
};

/// What the pixels of darker and lighter pictures are multiplied by.
const LIGHT_FACTORS: [f32; 2] = [0.9, 1.1];

/// Standard deviation of the noise on pixels of 0..1: five of 255 steps.
const NOISE: f32 = 0.02;

/// Adds how like the maps for the class said are those for the runner-up, and those of the picture when it is hardly changed.
///
/// # Errors
/// A network that gives no numbers.
pub fn measure(scored: &Scored, explanation: &Explanation, gathered: &mut Gathered) -> Result<()> {
    let picture = &explanation.picture;
    let mut others = explanation.probabilities.clone();
    others[explanation.predicted] = f64::NEG_INFINITY;
    let (said, runner_up) = (explanation.predicted, argmax(&others));
    let classes = Classes::These(vec![said, runner_up]);
    let both = scored.explained(picture.clone(), classes)?;
    let changes = changes(picture, scored.seed);
    let changed = changes.iter().map(|(_, picture)| picture.clone()).collect();
    let changed = scored.explained_all(changed, Classes::These(vec![said]))?;
    let about = scored.about(picture, said);
    for (method, tally) in &mut gathered.methods {
        let maps: Vec<&HeatMap> = maps_of(&both, method).map(|map| &map.raw).collect();
        let Some(map) = maps.first() else { continue };
        let like = |other: &HeatMap| correlation(&map.values, &other.values);
        let runner_up = maps.get(1).and_then(|other| like(other));
        tally.add(&RUNNER_UP, &about, runner_up);
        for ((measure, _), changed) in changes.iter().zip(&changed) {
            let other = maps_of(changed, method).next().map(|map| map.raw.clone());
            let back = match *measure == &MIRRORED {
                true => other.as_ref().map(flipped),
                false => other,
            };
            let value = back.as_ref().and_then(like);
            tally.add(measure, &about, value);
        }
    }
    Ok(())
}

/// The picture as it would still be the same to anybody, each with what it is measured in.
fn changes(picture: &Picture, seed: u64) -> Vec<(&'static Measure, Picture)> {
    let with = |frame: Vec<f32>| Picture {
        frame,
        ..picture.clone()
    };
    let pixels = || picture.frame.iter();
    let mut random = generator_for(seed, Purpose::Noise, &[&picture.file.name]);
    let noisy = pixels().map(|value| (value + NOISE * gaussian(&mut random)).clamp(0.0, 1.0));
    let mut changes = vec![
        (
            &MIRRORED,
            with_columns(picture.clone(), |column, width| width - 1 - column),
        ),
        (
            &SHIFTED,
            with_columns(picture.clone(), |column, _| column.saturating_sub(1)),
        ),
        (&NOISY, with(noisy.collect())),
    ];
    for light in LIGHT_FACTORS {
        let lit = pixels().map(|value| (light * value).clamp(0.0, 1.0));
        changes.push((&LIGHT, with(lit.collect())));
    }
    changes
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
