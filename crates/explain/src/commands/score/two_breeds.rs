//! How much of a map lies on the right one of two animals.

use super::gathered::{Gathered, Scored, maps_of};
use crate::{
    explanation::{Classes, Explanation},
    pictures::PictureFile,
};
use anyhow::{Context, Result};
use measure::{Sides, TwoBreedPicture, TwoBreedsRow, two_breed_pictures};
use std::path::{Path, PathBuf};

/// Measures on pictures of two breeds.
///
/// # Errors
/// A picture that cannot be read, a network that gives no numbers.
pub fn measure(scored: &Scored, two_breeds: &TwoBreeds, gathered: &mut Gathered) -> Result<()> {
    let bar = scored
        .terminal
        .pictures("two breeds", two_breeds.pictures.len());
    scored.divided(
        &two_breeds.pictures,
        gathered,
        |listed, gathered| {
            let picture = scored.opened.read(&two_breeds.file(listed))?;
            let sides = listed.sides(&picture.crop, picture.turned);
            let classes = Classes::These(listed.classes.to_vec());
            let explanation = scored.explained(picture, classes)?;
            add(scored, gathered, &explanation, &sides);
            Ok(())
        },
        |()| bar.advance(1),
    )
}

fn add(scored: &Scored, gathered: &mut Gathered, explanation: &Explanation, sides: &Sides) {
    let (classes, picture) = (scored.opened.classes(), &explanation.picture.file.name);
    for (method, tally) in &mut gathered.methods {
        let maps = maps_of(explanation, method).map(|map| (&map.raw, map.class));
        let shares = tally.add_two_breeds(picture, classes, maps, sides);
        let row = |(class, share): (usize, f64)| TwoBreedsRow {
            picture: picture.clone(),
            method: method.name(),
            class: classes[class].clone(),
            share,
        };
        gathered.two_breeds.extend(shares.into_iter().map(row));
    }
    let baselines = scored.baseline_maps(&explanation.picture);
    let tallies = &mut gathered.baselines;
    tallies.add_two_breeds(picture, classes, &baselines, sides);
}

/// The pictures of two breeds that the network knows.
#[derive(Default)]
pub struct TwoBreeds {
    folder: PathBuf,
    /// Those that are measured.
    pub pictures: Vec<TwoBreedPicture>,
}

impl TwoBreeds {
    /// Those of the folder that was typed, or of the one beside the annotations if it is there.
    ///
    /// # Errors
    /// A folder without its list.
    pub fn find(typed: Option<&Path>, annotations: Option<&Path>, scored: &Scored) -> Result<Self> {
        let beside = || -> Option<PathBuf> {
            let folder = annotations?.parent()?.join("two_breeds");
            folder.is_dir().then_some(folder)
        };
        let Some(folder) = typed.map(Path::to_owned).or_else(beside) else {
            return Ok(Self::default());
        };
        let (mut pictures, others) =
            two_breed_pictures(&folder, scored.opened.classes()).context("two breeds")?;
        if others > 0 {
            scored.terminal.message(&format!(
                "{}: {others} pictures of breeds that this network does not know",
                folder.display()
            ));
        }
        pictures.truncate(scored.enough_of(pictures.len()));
        Ok(Self { folder, pictures })
    }

    /// The file of one of them.
    pub fn file(&self, listed: &TwoBreedPicture) -> PictureFile {
        PictureFile::without_class(&self.folder, &listed.file)
    }
}
