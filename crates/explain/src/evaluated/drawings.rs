//! The pictures of an evaluation that are worth a look.

use super::{
    answered::Answered,
    figures::Figures,
    suspects::{Place, Suspects},
};
use crate::{
    drawn::{DrawnPicture, draw, thumbnail},
    explanation::{Asking, ExplainError, explain},
    look::Look,
    network::{SavedNetwork, batch_size},
    pictures::{Picture, PictureFile},
};
use cam::Method;
use evaluation::{least_sure_right, top_losses};
use image::RgbImage;
use std::collections::BTreeMap;
use words::percent;

/// Pictures of each kind that are shown.
const WORST: usize = 16;
const LEAST_SURE: usize = 8;
/// Confused pairs, and the pictures of each.
const PAIRS: usize = 8;
const PICTURES_OF_A_PAIR: usize = 6;
/// Suspects.
const LABELS: usize = 24;
const DUPLICATES: usize = 12;
/// Longer side of a small picture in pixels.
const SMALL: u32 = 200;

/// Pictures to look at.
#[derive(Debug, Default)]
pub struct Drawings {
    /// Wrong ones with the largest losses, and those losses.
    pub worst: Vec<(DrawnPicture, f64)>,
    /// Right ones of which the network was least sure.
    pub least_sure: Vec<DrawnPicture>,
    /// Some pictures of the most confused pairs.
    pub pairs: Vec<DrawnPair>,
    /// Pictures whose labels may be wrong.
    pub labels: Vec<Small>,
    /// Pairs of pictures that may be the same.
    pub duplicates: Vec<[Small; 2]>,
}

/// Some pictures of one class that were taken for another.
#[derive(Debug)]
pub struct DrawnPair {
    /// The class they are.
    pub truth: usize,
    /// The class that was said.
    pub said: usize,
    /// How many there are.
    pub count: usize,
    /// Some of them.
    pub pictures: Vec<Small>,
}

/// A small picture.
#[derive(Debug)]
pub struct Small {
    /// Name of the picture.
    pub name: String,
    /// Its pixels.
    pub picture: RgbImage,
    /// What there is to say of it.
    pub caption: String,
}

/// Draws what is to be seen of some parts, of which the first is evaluated.
pub struct Drawer<'a> {
    /// The networks that were asked, for heat-maps.
    pub networks: &'a [&'a SavedNetwork],
    /// Side of the squares they see.
    pub size: usize,
    /// The evaluated part, and others whose pictures are suspected.
    pub parts: &'a [&'a Answered],
    /// The method of the maps.
    pub method: &'static Method,
    /// Reads pictures as the network with this index sees them; those that cannot be read any more are missing.
    pub read: &'a dyn Fn(usize, &[PictureFile]) -> Vec<Picture>,
}

impl Drawer<'_> {
    /// All drawings.
    ///
    /// # Errors
    /// The network cannot be asked for a heat-map.
    pub fn draw(&self, figures: &Figures, suspects: &Suspects) -> Result<Drawings, ExplainError> {
        let predictions = &self.parts[0].predictions;
        let worst = top_losses(predictions).into_iter();
        let worst = worst
            .map(|loss| loss.picture)
            .filter(|picture| !predictions.is_right(*picture));
        let least_sure = least_sure_right(predictions)
            .into_iter()
            .map(|loss| loss.picture);
        let worst = self.explained(worst.take(WORST))?.into_iter().map(|drawn| {
            let loss = -drawn.true_probability().unwrap_or(1.0).ln();
            (drawn, loss)
        });
        Ok(Drawings {
            worst: worst.collect(),
            least_sure: self.explained(least_sure.take(LEAST_SURE))?,
            ..self.small(figures, suspects)
        })
    }

    /// Pictures of the evaluated part with their maps: for the class that was said, and for the true one if it is another.
    fn explained(
        &self,
        pictures: impl Iterator<Item = usize>,
    ) -> Result<Vec<DrawnPicture>, ExplainError> {
        let wanted: Vec<usize> = pictures.collect();
        let mut drawn: Vec<(usize, DrawnPicture)> = Vec::new();
        for (index, network) in self.networks.iter().enumerate() {
            let is_asked = |picture: &usize| self.parts[0].asked[*picture] == index;
            let of_network: Vec<usize> = wanted.iter().copied().filter(is_asked).collect();
            for batch in of_network.chunks(batch_size(self.size)) {
                drawn.extend(self.explained_batch(index, network, batch)?);
            }
        }
        let place = |picture| wanted.iter().position(|wanted| *wanted == picture);
        drawn.sort_by_key(|(picture, _)| place(*picture));
        Ok(drawn.into_iter().map(|(_, drawn)| drawn).collect())
    }

    fn explained_batch(
        &self,
        index: usize,
        network: &SavedNetwork,
        batch: &[usize],
    ) -> Result<Vec<(usize, DrawnPicture)>, ExplainError> {
        let classes = &network.manifest.classes;
        let files = &self.parts[0].files;
        let wanted: Vec<PictureFile> = batch
            .iter()
            .map(|picture| files[*picture].clone())
            .collect();
        let read = (self.read)(index, &wanted);
        let mut drawn = Vec::new();
        for explanation in explain(network, read, &Asking::default(), &[self.method])? {
            let is_it = |picture: &&usize| files[**picture].path == explanation.picture.file.path;
            let maps = explanation.maps.iter();
            let maps = maps.map(|map| draw(&explanation, map, &Look::default(), "", classes));
            let picture = DrawnPicture::new(&explanation, maps.collect(), classes);
            drawn.extend(batch.iter().find(is_it).map(|place| (*place, picture)));
        }
        Ok(drawn)
    }

    /// The drawings that need no network.
    fn small(&self, figures: &Figures, suspects: &Suspects) -> Drawings {
        let place = |picture: &usize| Place {
            part: 0,
            picture: *picture,
        };
        let pairs = &figures.confused[..figures.confused.len().min(PAIRS)];
        let of_pairs = pairs
            .iter()
            .flat_map(|pair| pair.pictures.iter().take(PICTURES_OF_A_PAIR).map(place));
        let labels = &suspects.labels[..suspects.labels.len().min(LABELS)];
        let duplicates = &suspects.duplicates[..suspects.duplicates.len().min(DUPLICATES)];
        let wanted = of_pairs
            .chain(labels.iter().map(|suspect| suspect.place))
            .chain(duplicates.iter().flat_map(|pair| pair.places));
        let pixels = self.thumbnails(wanted.collect());
        let small = |place: Place| {
            let file = &self.parts[place.part].files[place.picture];
            Some(Small {
                name: file.name.clone(),
                picture: pixels.get(&place)?.clone(),
                caption: self.caption(place),
            })
        };
        Drawings {
            pairs: pairs
                .iter()
                .map(|pair| DrawnPair {
                    truth: pair.truth,
                    said: pair.said,
                    count: pair.pictures.len(),
                    pictures: pair
                        .pictures
                        .iter()
                        .take(PICTURES_OF_A_PAIR)
                        .filter_map(|picture| small(place(picture)))
                        .collect(),
                })
                .collect(),
            labels: labels
                .iter()
                .filter_map(|suspect| small(suspect.place))
                .collect(),
            duplicates: duplicates
                .iter()
                .filter_map(|pair| {
                    let [one, other] = pair.places;
                    let similarity = format!(", similarity {:.4}", pair.similarity);
                    let mut pair = [small(one)?, small(other)?];
                    pair[1].caption += &similarity;
                    Some(pair)
                })
                .collect(),
            ..Drawings::default()
        }
    }

    fn thumbnails(&self, mut places: Vec<Place>) -> BTreeMap<Place, RgbImage> {
        places.sort_unstable();
        places.dedup();
        let mut pixels = BTreeMap::new();
        for batch in places.chunks(batch_size(self.size)) {
            let files: Vec<PictureFile> = batch
                .iter()
                .map(|place| self.parts[place.part].files[place.picture].clone())
                .collect();
            for picture in (self.read)(0, &files) {
                let index = files.iter().position(|file| file.path == picture.file.path);
                if let Some(index) = index {
                    let upright = picture.upright.apply(picture.pixels);
                    pixels.insert(batch[index], thumbnail(upright, SMALL));
                }
            }
        }
        pixels
    }

    /// `labelled Birman 1.2 %, said Ragdoll 98.1 %`, with the part where there are several.
    fn caption(&self, place: Place) -> String {
        let part = self.parts[place.part];
        let classes = &self.networks[0].manifest.classes;
        let (label, said) = (
            part.predictions.truth()[place.picture],
            part.predictions.said(place.picture),
        );
        let probabilities = part.predictions.probabilities(place.picture);
        let class = |class: usize| format!("{} {}", classes[class], percent(probabilities[class]));
        let said = match said == label {
            true => ", and said so".to_owned(),
            false => format!(", said {}", class(said)),
        };
        let which = match part.part {
            Some(part) if self.parts.len() > 1 => format!("{part}: "),
            _ => String::new(),
        };
        format!("{which}labelled {}{said}", class(label))
    }
}
