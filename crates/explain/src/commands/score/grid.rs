//! Whether a map for a class lies on the one of four pictures that shows it.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    disconnected,
    explanation::{Classes, Explanation},
    network::batch_size,
    pictures::{Picture, PictureFile, normalised},
    random::{Purpose, generator},
};
use anyhow::Result;
use cam::{HeatMap, argmax, softmax};
use image::RgbImage;
use measure::{DIFULL, GRID, grid_share, joined};
use pictures::{decode::Turn, transform::CropMap};

/// Probability of the right class from which on a picture may be in a grid.
const CONFIDENT: f64 = 0.9;

/// Grids that are enough: with a standard deviation of 0.1, as Grad-CAM's has, their interval is ± 2 points.
const MOST: usize = 96;

/// So many grids are seen as separate pictures too: there methods differ by far more than the interval.
const SEPARATE: usize = 32;

/// Measures on grids of two by two right and confident validation pictures; returns how many there were.
///
/// # Errors
/// Pictures that are not found, a network that gives no numbers.
pub fn measure(scored: &Scored, gathered: &mut Gathered) -> Result<usize> {
    // Every process looks for them: all need the same.
    let grids = scored.together.agreed(found(scored))?;
    let bar = scored.terminal.pictures("grids", grids.len());
    let mut measured = 0;
    let numbered: Vec<_> = grids.iter().enumerate().collect();
    scored.divided(
        &numbered,
        gathered,
        |(number, grid), gathered| {
            let files = grid.each_ref().map(|(file, _)| file.clone());
            let pictures = scored.opened.read_squares(&files, scored.terminal);
            let Ok(pictures) = <[Picture; 4]>::try_from(pictures) else {
                return Ok(false);
            };
            let classes = grid.each_ref().map(|(_, class)| *class);
            let separate = match *number < SEPARATE {
                true => disconnected::maps(
                    &scored.opened.network,
                    &pictures,
                    classes,
                    &scored.asking,
                    &scored.methods,
                )?,
                false => Vec::new(),
            };
            let explanation =
                scored.explained(together(pictures), Classes::These(classes.to_vec()))?;
            add(scored, gathered, &explanation, &separate, classes);
            Ok(true)
        },
        |is_measured: bool| {
            measured += usize::from(is_measured);
            bar.advance(1);
        },
    )?;
    Ok(measured)
}

/// Pictures that the network is right and sure about, four of different classes each, with their classes: as many as are
/// enough, or as there are.
fn found(scored: &Scored) -> Result<Vec<[(PictureFile, usize); 4]>> {
    let most = scored.enough_of(MOST);
    // All of them are looked at until there are enough: a tenth of them would seldom make grids enough.
    let files = match scored.quick {
        true => scored.drawn_all(),
        false => scored.files.clone(),
    };
    let bar = scored.terminal.pictures("looking for grids", files.len());
    let (mut confident, mut grids) = (Vec::new(), Vec::new());
    for batch in files.chunks(batch_size(scored.opened.size)) {
        confident.extend(confident_of(scored, batch)?);
        let classes: Vec<usize> = confident.iter().map(|(_, class)| *class).collect();
        let mut random = generator(scored.seed, Purpose::Grids);
        grids = measure::grids(&classes, most, &mut random);
        if grids.len() == most && scored.quick {
            break;
        }
        bar.advance(batch.len());
    }
    let grid = |places: [usize; 4]| places.map(|place: usize| confident[place].clone());
    Ok(grids.into_iter().map(grid).collect())
}

/// The pictures that the network is right and sure about, with their classes.
fn confident_of(scored: &Scored, files: &[PictureFile]) -> Result<Vec<(PictureFile, usize)>> {
    let network = &scored.opened.network;
    let pictures = scored.opened.read_squares(files, scored.terminal);
    let Some(first) = pictures.first() else {
        return Ok(Vec::new());
    };
    let frames = normalised(&pictures, &network.normalisation());
    let answer = network.look(frames, first.crop.frame);
    answer.check(pictures.iter().map(|picture| picture.file.name.as_str()))?;
    let answered = pictures.into_iter().zip(&answer.logits);
    let sure = answered.filter_map(|(picture, logits)| {
        let probabilities = softmax(logits);
        let class = argmax(&probabilities);
        let is_right = picture.file.true_class == Some(class);
        (is_right && probabilities[class] >= CONFIDENT).then_some((picture.file, class))
    });
    Ok(sure.collect())
}

/// Four squares as one picture of twice their side.
fn together(pictures: [Picture; 4]) -> Picture {
    let [width, height] = pictures[0].crop.frame;
    let names = pictures
        .each_ref()
        .map(|picture| picture.file.name.as_str());
    let frames = pictures.each_ref().map(|picture| picture.frame.as_slice());
    let size = [2 * width, 2 * height];
    Picture {
        file: PictureFile {
            name: names.join(" + "),
            true_class: None,
            path: pictures[0].file.path.clone(),
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
        frame: joined(frames, [width, height]),
    }
}

/// Adds the shares of a grid's maps, `separate` those of a network that saw its pictures one by one, for each method if at all; `classes` are those of its
/// quarters.
fn add(
    scored: &Scored,
    gathered: &mut Gathered,
    explanation: &Explanation,
    separate: &[[HeatMap; 4]],
    classes: [usize; 4],
) {
    let picture = &explanation.picture;
    let size = picture.crop.frame;
    for (cell, class) in classes.iter().enumerate() {
        let about = scored.about(picture, *class);
        for (place, (method, tally)) in gathered.methods.iter_mut().enumerate() {
            let mut maps = maps_of(explanation, method);
            // A class-blind map stands for every class.
            let map = maps.find(|map| map.class.is_none_or(|about| about == *class));
            let share = map.map_or(0.0, |map| grid_share(&map.raw, size, cell));
            tally.add(&GRID, &about, Some(share));
            let separate = separate.get(place);
            let share = separate.map(|maps| grid_share(&maps[cell], size, cell));
            tally.add(&DIFULL, &about, share);
        }
        // The same map for four classes has a quarter of itself in each quarter, on average.
        for tally in gathered.baselines.tallies_mut() {
            tally.add(&GRID, &about, Some(0.25));
            tally.add(&DIFULL, &about, (!separate.is_empty()).then_some(0.25));
        }
    }
}
