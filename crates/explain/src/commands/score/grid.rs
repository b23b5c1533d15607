//! Whether a map for a class lies on the one of four pictures that shows it.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Classes, Explanation},
    mapped::Mapped,
    network::batch_size,
    pictures::{Picture, PictureFile, normalised},
    random::{Purpose, generator},
};
use anyhow::Result;
use cam::{argmax, softmax};
use checkpoint::RunPictures;
use image::RgbImage;
use measure::{GRID, PictureRow, grid_share, grids, joined};
use pictures::{decode::Turn, transform::CropMap};

/// Probability of the right class from which on a picture may be in a grid.
const CONFIDENT: f64 = 0.9;

/// Grids that are enough: with a standard deviation of 0.1, as Grad-CAM's has, their interval is ± 2 points.
const MOST: usize = 96;

/// Measures on grids of two by two right and confident validation pictures; returns how many there were.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(scored: &Scored, found: &RunPictures, gathered: &mut Gathered) -> Result<usize> {
    let files = scored.together.agreed(scored.validation(found))?;
    let confident = confident(scored, files)?;
    let classes: Vec<usize> = confident.iter().map(|(_, class)| *class).collect();
    let mut random = generator(scored.seed, Purpose::Grids);
    let grids = grids(&classes, scored.enough_of(MOST), &mut random);
    if grids.is_empty() {
        scored.terminal.message(&format!(
            "no grid pointing game: it takes pictures of four classes that the network is right about with {:.0} % or more",
            100.0 * CONFIDENT
        ));
    }
    let bar = scored.terminal.pictures("grids", grids.len());
    let mut measured = 0;
    scored.together.divided(
        &grids,
        |grid| {
            let files = grid.map(|position| confident[position].0.clone());
            let pictures = scored.opened.read_squares(&files, scored.terminal);
            let Ok(pictures) = <[Picture; 4]>::try_from(pictures) else {
                return Ok(None);
            };
            let classes = Classes::These(grid.map(|position| classes[position]).to_vec());
            let picture = together(pictures);
            let size = picture.crop.frame;
            Ok(Some((
                Mapped::from(scored.explained(picture, classes)?),
                size,
            )))
        },
        |grid, mapped| {
            bar.advance(1);
            let Some((mapped, size)) = mapped else {
                return Ok(());
            };
            let files = grid.map(|position| &confident[position].0);
            // Its figures are those of the maps alone.
            let explanation = mapped.of(joint(files, size, Vec::new()));
            let classes = grid.map(|position| classes[position]);
            add(gathered, scored.opened.classes(), &explanation, classes);
            measured += 1;
            Ok(())
        },
    )?;
    Ok(measured)
}

/// The pictures that the network is right and sure about, with their classes.
fn confident(scored: &Scored, files: Vec<PictureFile>) -> Result<Vec<(PictureFile, usize)>> {
    let network = &scored.opened.network;
    let bar = scored.terminal.pictures("looking for grids", files.len());
    // Of each batch the places of such pictures, with their classes.
    let confident_of = |batch: &&[PictureFile]| -> Result<Vec<(usize, usize)>> {
        let pictures = scored.opened.read_squares(batch, scored.terminal);
        let Some(first) = pictures.first() else {
            return Ok(Vec::new());
        };
        let frames = normalised(&pictures, &network.normalisation());
        let answer = network.look(frames, first.crop.frame);
        answer.check(pictures.iter().map(|picture| picture.file.name.as_str()))?;
        let answered = pictures.iter().zip(&answer.logits);
        let found = answered.filter_map(|(Picture { file, .. }, logits)| {
            let probabilities = softmax(logits);
            let class = argmax(&probabilities);
            let is_right = file.true_class == Some(class);
            let place = batch.iter().position(|other| other.path == file.path)?;
            (is_right && probabilities[class] >= CONFIDENT).then_some((place, class))
        });
        Ok(found.collect())
    };
    let batches: Vec<_> = files.chunks(batch_size(scored.opened.size)).collect();
    let mut confident = Vec::new();
    scored
        .together
        .divided(&batches, confident_of, |batch, found| {
            let found = found.into_iter();
            confident.extend(found.map(|(place, class)| (batch[place].clone(), class)));
            bar.advance(batch.len());
            Ok(())
        })?;
    Ok(confident)
}

/// Four squares as one picture of twice their side.
fn together(pictures: [Picture; 4]) -> Picture {
    let [width, height] = pictures[0].crop.frame;
    let frames = pictures.each_ref().map(|picture| picture.frame.as_slice());
    let frame = joined(frames, [width, height]);
    let files = pictures.each_ref().map(|picture| &picture.file);
    joint(files, [2 * width, 2 * height], frame)
}

/// The picture of this `frame` that four files make.
fn joint(files: [&PictureFile; 4], size: [usize; 2], frame: Vec<f32>) -> Picture {
    Picture {
        file: PictureFile {
            name: files.map(|file| file.name.as_str()).join(" + "),
            true_class: None,
            path: files[0].path.clone(),
        },
        digest: String::new(),
        pixels: RgbImage::new(1, 1),
        turned: Turn::NONE,
        upright: Turn::NONE,
        crop: CropMap {
            frame: size,
            picture_size: size,
            scale: [1.0; 2],
            offset: [0.0; 2],
        },
        frame,
    }
}

/// Adds the shares of a grid's maps; `classes` are those of its quarters.
fn add(gathered: &mut Gathered, names: &[String], explanation: &Explanation, classes: [usize; 4]) {
    let Picture { file, crop, .. } = &explanation.picture;
    for (method, tally) in &mut gathered.methods {
        let mut shares = Vec::new();
        for (cell, class) in classes.iter().enumerate() {
            let mut maps = maps_of(explanation, method);
            // A class-blind map stands for every class.
            let map = maps.find(|map| map.class.is_none_or(|about| about == *class));
            let share = map.map_or(0.0, |map| grid_share(&map.raw, crop.frame, cell));
            gathered.pictures.push(PictureRow {
                picture: file.name.clone(),
                method: tally.title.clone(),
                class: names[*class].clone(),
                measure: GRID,
                value: share,
            });
            shares.push(share);
        }
        tally
            .grid
            .push(shares.iter().sum::<f64>() / shares.len() as f64);
    }
    // The same map for four classes has a quarter of itself in each quarter, on average.
    let baselines = gathered.baselines.tallies_mut();
    baselines.iter_mut().for_each(|tally| tally.grid.push(0.25));
}
