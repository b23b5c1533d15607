//! Maps of another tool, measured as those of the methods are, as far as that takes no gradient.

use super::{
    gathered::{Gathered, Scored},
    removal::Removal,
    two_breeds::TwoBreeds,
};
use crate::{
    given_maps::GivenMaps,
    pictures::{Picture, PictureFile, normalised},
};
use anyhow::Result;
use cam::{HeatMap, argmax};
use measure::{Kind, RUNNER_UP, Tally, Truth, correlation};
use std::path::Path;
use terminal::usage;

/// Measures the maps in `folder` on the pictures that the methods are measured on: of the true class, or where it is not known
/// of the predicted one. On `count` of them pixels are taken away.
///
/// # Errors
/// A folder without maps of the pictures, a file that is no map, a network that gives no numbers.
pub fn measure(
    scored: &Scored,
    folder: &Path,
    two_breeds: &TwoBreeds,
    count: usize,
    gathered: &mut Gathered,
) -> Result<()> {
    let maps = GivenMaps::open(folder).map_err(usage)?;
    let mut given = Given {
        scored,
        tally: Tally::new(&maps.title(), Kind::ClassSpecific),
        maps,
    };
    if let Some(annotations) = &scored.annotations {
        given.places(&scored.enough(), annotations)?;
    }
    given.curves(&scored.drawn(count))?;
    given.two_breeds(two_breeds)?;
    for (must_not_be_missed, line) in given.maps.remarks().map_err(usage)? {
        match must_not_be_missed {
            true => scored.terminal.warning(&line),
            false => scored.terminal.message(&line),
        }
    }
    gathered.given = Some(given.tally);
    Ok(())
}

/// Maps on their way to the table.
struct Given<'a> {
    scored: &'a Scored<'a>,
    maps: GivenMaps,
    tally: Tally,
}

impl Given<'_> {
    /// Energy and pointing.
    fn places(&mut self, files: &[PictureFile], annotations: &Path) -> Result<()> {
        let bar = self.scored.terminal.pictures("given maps", files.len());
        for file in files {
            if let Some(picture) = self.read(file) {
                let truth = Truth::read(
                    annotations,
                    picture.file.stem(),
                    &picture.crop,
                    picture.turned,
                    picture.upright,
                )?;
                if truth.animal.is_some() || truth.head.is_some() {
                    let class = match picture.file.true_class {
                        Some(class) => class,
                        None => self.answered(&picture)?.class,
                    };
                    if let Some(map) = self.of(&picture, class)? {
                        let about = self.scored.about(&picture, class);
                        self.tally.add_map(&about, &map, &truth);
                    }
                }
            }
            bar.advance(1);
        }
        Ok(())
    }

    /// Deletion, insertion, and, of maps that are there for single classes, their likeness to that of the runner-up.
    fn curves(&mut self, files: &[PictureFile]) -> Result<()> {
        for file in files {
            if let Some(picture) = self.read(file) {
                let Answered {
                    class,
                    predicted,
                    runner_up,
                } = self.answered(&picture)?;
                let Some(map) = self.of(&picture, class)? else {
                    continue;
                };
                let removal = Removal::new(self.scored, &picture, class)?;
                removal.add(&map.spread(picture.crop.frame), &mut self.tally)?;
                let names = self.scored.opened.classes();
                let own = self.maps.of_class(&picture, &names[predicted])?;
                let other = self.maps.of_class(&picture, &names[runner_up])?;
                let is_like = |(own, other): &(HeatMap, HeatMap)| {
                    [own.height, own.width] == [other.height, other.width]
                };
                let both = own.zip(other).filter(is_like);
                let alike = both.and_then(|(own, other)| correlation(&own.values, &other.values));
                let about = self.scored.about(&picture, predicted);
                self.tally.add(&RUNNER_UP, &about, alike);
            }
        }
        Ok(())
    }

    /// The figure of two animals.
    fn two_breeds(&mut self, two_breeds: &TwoBreeds) -> Result<()> {
        for listed in &two_breeds.pictures {
            let picture = self.scored.opened.read(&two_breeds.file(listed))?;
            let sides = listed.sides(&picture.crop, picture.turned);
            let mut maps = Vec::new();
            for class in listed.classes {
                maps.extend(self.of(&picture, class)?.map(|map| (map, Some(class))));
            }
            let maps = maps.iter().map(|(map, class)| (map, *class));
            let (name, classes) = (&picture.file.name, self.scored.opened.classes());
            self.tally.add_two_breeds(name, classes, maps, &sides);
        }
        Ok(())
    }

    /// The picture, if it can be read: of one that cannot, those who measure the methods warn.
    fn read(&self, file: &PictureFile) -> Option<Picture> {
        self.scored.opened.read(file).ok()
    }

    fn of(&mut self, picture: &Picture, class: usize) -> Result<Option<HeatMap>> {
        let name = &self.scored.opened.classes()[class];
        Ok(self.maps.of(picture, name)?)
    }

    fn answered(&self, picture: &Picture) -> Result<Answered> {
        let network = &self.scored.opened.network;
        let frame = normalised([picture], &network.normalisation());
        let answer = network.look(frame, picture.crop.frame);
        answer.check([picture.file.name.as_str()])?;
        let mut logits = answer.logits[0].clone();
        let predicted = argmax(&logits);
        logits[predicted] = f32::NEG_INFINITY;
        Ok(Answered {
            class: picture.file.true_class.unwrap_or(predicted),
            predicted,
            runner_up: argmax(&logits),
        })
    }
}

/// Classes of a picture.
struct Answered {
    /// The true one, or else the predicted one.
    class: usize,
    predicted: usize,
    /// The most probable one beside the predicted one.
    runner_up: usize,
}
