//! Whether the network cares about what maps mark.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::Explanation,
    network::{NotANumber, SavedNetwork, batch_of},
    pictures::{Picture, normalised},
    random::{Purpose, generator_for},
};
use anyhow::Result;
use cam::softmax;
use measure::{
    About, DELETION, INSERTION, ROAD_LEAST, ROAD_MOST, Tally,
    imputation::noisily_imputed,
    removal::{STEPS, area, blurred, ranking, replaced},
};
use rayon::prelude::*;
use std::iter;

/// Shares of the pixels that ROAD takes away.
const SHARES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];

/// Adds the areas under the curves of each method's map for the true class, and of the baselines, and ROAD's means.
///
/// # Errors
/// A network that gives no numbers.
pub fn measure(scored: &Scored, explanation: &Explanation, gathered: &mut Gathered) -> Result<()> {
    let picture = &explanation.picture;
    let class = picture.file.true_class.unwrap_or(explanation.predicted);
    let removal = Removal::new(scored, picture, class)?;
    let baselines = scored.baseline_maps(picture);
    let tallies = gathered.methods.iter_mut().map(|(method, tally)| {
        let map = maps_of(explanation, method).next();
        (tally, map.map(|map| map.raw.spread(picture.crop.frame)))
    });
    let of_baselines = gathered.baselines.tallies_mut().iter_mut();
    // The first is level, and calls no pixel more important than another.
    let of_baselines = of_baselines.zip(baselines.maps.map(Some)).skip(1);
    for (tally, map) in tallies.chain(of_baselines) {
        if let Some(map) = map {
            removal.add(&map, tally)?;
        }
    }
    Ok(())
}

/// A picture whose pixels are taken away and put back.
pub struct Removal<'a> {
    network: &'a SavedNetwork,
    seed: u64,
    size: [usize; 2],
    about: About,
    class: usize,
    /// The normalised frame.
    frame: Vec<f32>,
    /// The same, blurred.
    blurred: Vec<f32>,
    /// The mean colour everywhere.
    mean: Vec<f32>,
    /// The class's probability for these three.
    ends: [f64; 3],
}

impl<'a> Removal<'a> {
    /// `picture`, of which the probability of `class` is asked.
    ///
    /// # Errors
    /// An answer that is not a number.
    pub fn new(scored: &'a Scored, picture: &Picture, class: usize) -> Result<Self, NotANumber> {
        let network = &scored.opened.network;
        let frame = normalised([picture], &network.normalisation());
        let mut removal = Self {
            network,
            seed: scored.seed,
            size: picture.crop.frame,
            about: scored.about(picture, class),
            class,
            blurred: blurred(&frame, picture.crop.frame),
            // The mean colour of the normalisation is 0 behind it.
            mean: vec![0.0; frame.len()],
            frame,
            ends: [0.0; 3],
        };
        let ends = [&removal.frame, &removal.blurred, &removal.mean].map(Clone::clone);
        let ends = removal.probabilities(&mut ends.into_iter())?;
        removal.ends.copy_from_slice(&ends);
        Ok(removal)
    }

    /// Adds the figures of `map`, which is as large as the frame.
    ///
    /// # Errors
    /// An answer that is not a number.
    pub fn add(&self, map: &[f64], tally: &mut Tally) -> Result<(), NotANumber> {
        let names = [self.about.picture.as_str(), &tally.title];
        let ranking = ranking(map, &mut generator_for(self.seed, Purpose::Ranking, &names));
        let [frame, blurred, mean] = self.ends;
        let deletion = self.area(&self.frame, &self.mean, &ranking, [frame, mean])?;
        let insertion = self.area(&self.blurred, &self.frame, &ranking, [blurred, frame])?;
        tally.add(&DELETION, &self.about, Some(deletion));
        tally.add(&INSERTION, &self.about, Some(insertion));
        let most = self.road(&ranking, &tally.title)?;
        let reverse: Vec<usize> = ranking.into_iter().rev().collect();
        let least = self.road(&reverse, &tally.title)?;
        tally.add(&ROAD_MOST, &self.about, Some(most));
        tally.add(&ROAD_LEAST, &self.about, Some(least));
        Ok(())
    }

    /// The area under the curve from one frame to another, whose ends are known.
    fn area(
        &self,
        from: &[f32],
        to: &[f32],
        ranking: &[usize],
        [first, last]: [f64; 2],
    ) -> Result<f64, NotANumber> {
        let mut between = replaced(from, to, ranking).skip(1).take(STEPS - 1);
        let mut curve = vec![first];
        curve.extend(self.probabilities(&mut between)?);
        curve.push(last);
        Ok(area(&curve))
    }

    /// The mean of the class's probabilities when [`SHARES`] of the pixels are imputed, the first of `ranking` first.
    fn road(&self, ranking: &[usize], title: &str) -> Result<f64, NotANumber> {
        let imputed = |share: &f64| {
            let mut missing = vec![false; ranking.len()];
            let count = (share * ranking.len() as f64).round() as usize;
            ranking[..count]
                .iter()
                .for_each(|pixel| missing[*pixel] = true);
            let names = [&self.about.picture, title, &share.to_string()];
            let mut random = generator_for(self.seed, Purpose::Imputation, &names);
            noisily_imputed(&self.frame, self.size, &missing, &mut random)
        };
        let frames: Vec<Vec<f32>> = SHARES.par_iter().map(imputed).collect();
        let probabilities = self.probabilities(&mut frames.into_iter())?;
        Ok(probabilities.iter().sum::<f64>() / SHARES.len() as f64)
    }

    /// The class's probability for each frame.
    fn probabilities(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
    ) -> Result<Vec<f64>, NotANumber> {
        let mut probabilities = Vec::new();
        loop {
            let batch: Vec<f32> = frames.take(batch_of(self.size)).flatten().collect();
            if batch.is_empty() {
                return Ok(probabilities);
            }
            let answer = self.network.look(batch, self.size);
            answer.check(iter::repeat(self.about.picture.as_str()))?;
            let of_class = |logits: &Vec<f32>| softmax(logits)[self.class];
            probabilities.extend(answer.logits.iter().map(of_class));
        }
    }
}
