//! Whether maps mark the parts of a picture that its score depends on.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::Classes,
    network::NotANumber,
    pictures::{Picture, PictureFile, normalised},
};
use anyhow::{Context, Result};
use measure::{PARTS, PartsPicture, parts_pictures};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a part's absence takes off the score of a picture's class; a line of `parts.csv`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartRow {
    /// Name of the picture.
    pub picture: String,
    /// Name of its class.
    pub class: String,
    /// Name of the part.
    pub part: String,
    /// How much smaller the class's logit is without it.
    #[serde(rename = "score drop")]
    pub drop: f64,
}

/// Measures on the pictures with known parts in `parts` beside the annotations, of classes that the network knows; on none if
/// there are none.
///
/// # Errors
/// A list, a picture or a mask that cannot be read, a network that gives no numbers.
pub fn measure(scored: &Scored, gathered: &mut Gathered) -> Result<Vec<PartRow>> {
    let beside = scored
        .annotations
        .as_deref()
        .and_then(|folder| folder.parent());
    let Some(folder) = beside.map(|folder| folder.join("parts")) else {
        return Ok(Vec::new());
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let classes = scored.opened.classes();
    let class_of = |listed: &PartsPicture| classes.iter().position(|name| *name == listed.class);
    let mut listed = parts_pictures(&folder).context("pictures with known parts")?;
    listed.retain(|listed| class_of(listed).is_some());
    let (count, wanted) = (listed.len(), scored.enough_of(listed.len()));
    // Evenly over the classes, which stand one after the other.
    let places = (0..wanted).map(|place| place * count / wanted);
    let listed: Vec<PartsPicture> = places.map(|place| listed[place].clone()).collect();
    let bar = scored.terminal.pictures("parts", listed.len());
    let mut rows = Vec::new();
    scored.divided(
        &listed,
        gathered,
        |listed, gathered| {
            let class = class_of(listed).unwrap_or_default();
            of_picture(scored, &folder, listed, class, gathered)
        },
        |found: Vec<PartRow>| {
            rows.extend(found);
            bar.advance(1);
        },
    )?;
    Ok(rows)
}

/// Measures on the picture `listed` of `class` in `folder`.
fn of_picture(
    scored: &Scored,
    folder: &Path,
    listed: &PartsPicture,
    class: usize,
    gathered: &mut Gathered,
) -> Result<Vec<PartRow>> {
    let read = |file: &str| {
        scored
            .opened
            .read(&PictureFile::without_class(folder, file))
    };
    let picture = read(&listed.file)?;
    let mask = listed.mask(folder, &picture.crop)?;
    let without = listed.parts.iter().map(|part| read(&part.without));
    let without = without.collect::<Result<Vec<Picture>, _>>()?;
    let drops = drops(scored, &picture, &without, class)?;
    let about = scored.about(&picture, class);
    let rows = listed.parts.iter().zip(&drops).map(|(part, drop)| PartRow {
        picture: about.picture.clone(),
        class: about.class.clone(),
        part: part.name.clone(),
        drop: *drop,
    });
    let rows = rows.collect();
    let baselines = scored.baseline_maps(&picture);
    let frame = picture.crop.frame;
    let explanation = scored.explained(picture, Classes::These(vec![class]))?;
    for (method, tally) in &mut gathered.methods {
        for map in maps_of(&explanation, method) {
            let energy = map.raw.rectified().spread(frame);
            tally.add(&PARTS, &about, listed.correlation(&energy, &mask, &drops));
        }
    }
    let tallies = gathered.baselines.tallies_mut().iter_mut();
    for (tally, energy) in tallies.zip(&baselines.maps) {
        tally.add(&PARTS, &about, listed.correlation(energy, &mask, &drops));
    }
    Ok(rows)
}

/// What the logit of `class` loses in each of the pictures `without` a part.
fn drops(
    scored: &Scored,
    picture: &Picture,
    without: &[Picture],
    class: usize,
) -> Result<Vec<f64>, NotANumber> {
    let network = &scored.opened.network;
    let all = [picture].into_iter().chain(without);
    let mut logits = Vec::new();
    for picture in all {
        let frames = normalised([picture], &network.normalisation());
        let answer = network.look(frames, picture.crop.frame);
        answer.check([picture.file.name.as_str()])?;
        logits.push(f64::from(answer.logits[0][class]));
    }
    Ok(logits[1..].iter().map(|logit| logits[0] - logit).collect())
}
