//! A network's answer about a picture, and the maps of where it looked.

use crate::{
    asked::{AskedBatch, AskedPicture},
    network::{NotANumber, SavedNetwork, batch_of},
    pictures::{Picture, normalised},
};
use cam::{Asked, HeatMap, Method, ShapeError, argmax, softmax};

/// Choice of the classes that a picture is explained for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// The predicted one, and the true one if it is known and another.
    PredictedAndTrue,
    /// The true one; pictures without one are explained for the predicted one.
    True,
    /// These, by their indices.
    Classes(Vec<usize>),
}

/// One picture with its maps.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The picture.
    pub picture: Picture,
    /// Probability of each class, in the order of the classes.
    pub probabilities: Vec<f64>,
    /// Index of the most probable class.
    pub predicted: usize,
    /// The maps in the order of the methods; those of one method in the order of the classes asked for.
    pub maps: Vec<ExplainedMap>,
}

/// One map of a picture.
#[derive(Debug, Clone)]
pub struct ExplainedMap {
    /// Method that made it.
    pub method: &'static Method,
    /// The class it is about; `None` for a class-blind map.
    pub class: Option<usize>,
    /// As the method gave it.
    pub raw: HeatMap,
}

/// A network's answer that cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The network gave a NaN or an infinity.
    #[error(transparent)]
    NotANumber(#[from] NotANumber),
    /// The network's body has an output without positions.
    #[error("{0}; ask at a larger --size")]
    Shape(#[from] ShapeError),
}

/// Explains some pictures: for those whose frames are equally large, one forward pass through the body together, and one
/// backward pass through the head if a method asks for a gradient.
///
/// # Errors
/// See [`ExplainError`].
pub fn explain(
    network: &SavedNetwork,
    pictures: Vec<Picture>,
    targets: &Targets,
    methods: &[&'static Method],
) -> Result<Vec<Explanation>, ExplainError> {
    let mut pictures: Vec<(usize, Picture)> = pictures.into_iter().enumerate().collect();
    pictures.sort_by_key(|(_, picture)| picture.crop.frame);
    let mut explained = Vec::new();
    while let Some((_, first)) = pictures.first() {
        let frame = first.crop.frame;
        let is_alike = |(_, picture): &&(usize, Picture)| picture.crop.frame == frame;
        let alike = pictures.iter().take(batch_of(frame)).take_while(is_alike);
        let (places, batch): (Vec<_>, Vec<_>) = pictures.drain(..alike.count()).unzip();
        let batch = explain_batch(network, batch, frame, targets, methods)?;
        explained.extend(places.into_iter().zip(batch));
    }
    explained.sort_by_key(|(place, _)| *place);
    Ok(explained.into_iter().map(|(_, one)| one).collect())
}

/// Explains pictures whose frames all have this width and height.
fn explain_batch(
    network: &SavedNetwork,
    pictures: Vec<Picture>,
    frame: [usize; 2],
    targets: &Targets,
    methods: &[&'static Method],
) -> Result<Vec<Explanation>, ExplainError> {
    let answer = network.look(normalised(&pictures, &network.normalisation()), frame);
    answer.check(pictures.iter().map(|picture| picture.file.name.as_str()))?;
    let classes: Vec<Vec<usize>> = pictures
        .iter()
        .zip(&answer.logits)
        .map(|(picture, logits)| targets.classes(argmax(logits), picture.file.true_class))
        .collect();
    let batch = AskedBatch::new(network, &answer, &pictures, &classes)?;
    let asked: Vec<AskedPicture> = batch.asked().collect();
    let maps: Vec<Vec<ExplainedMap>> = asked
        .chunk_by(|one, other| one.picture() == other.picture())
        .map(|asked| maps(asked, methods))
        .collect();
    let explained = pictures.into_iter().zip(&answer.logits).zip(maps);
    Ok(explained
        .map(|((picture, logits), maps)| Explanation {
            picture,
            probabilities: softmax(logits),
            predicted: argmax(logits),
            maps,
        })
        .collect())
}

/// The maps of one picture, which is asked about each of its classes.
fn maps(asked: &[AskedPicture], methods: &[&'static Method]) -> Vec<ExplainedMap> {
    let mut maps = Vec::new();
    for method in methods {
        let is_class_specific = method.is_class_specific();
        let count = if is_class_specific { asked.len() } else { 1 };
        maps.extend(asked.iter().take(count).map(|asked| ExplainedMap {
            method,
            class: is_class_specific.then(|| asked.class()),
            raw: method.map(asked),
        }));
    }
    maps
}

impl Targets {
    fn classes(&self, predicted: usize, truth: Option<usize>) -> Vec<usize> {
        match self {
            Self::Classes(classes) => classes.clone(),
            Self::True => vec![truth.unwrap_or(predicted)],
            Self::PredictedAndTrue => {
                let truth = truth.filter(|truth| *truth != predicted);
                [predicted].into_iter().chain(truth).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::tests::untrained, pictures::PictureFile};
    use cam::method;
    use image::{Rgb, RgbImage};
    use pictures::{
        decode::Turn,
        transform::{CropMap, Draws, Padding, View, apply_to_frame},
    };
    use std::path::Path;

    #[test]
    fn pictures_of_any_shape_are_explained_in_their_order_as_each_alone() {
        let network = untrained();
        let picture = |number: usize, width: u32, height: u32| {
            let pixels = RgbImage::from_fn(width, height, |x, y| {
                Rgb([x, y, x + y].map(|value| (7 * value as usize + 40 * number) as u8))
            });
            let view = View::Whole { stride: 32 };
            let crop = CropMap::of(view, width as usize, height as usize, 32);
            let draws = Draws::validation();
            Picture {
                file: PictureFile::without_class(Path::new(""), &number.to_string()),
                digest: String::new(),
                turned: Turn::NONE,
                upright: Turn::NONE,
                frame: apply_to_frame(&pixels, 32, crop.frame, Padding::Reflection, &draws),
                crop,
                pixels,
            }
        };
        let shapes = [(64, 32), (32, 32), (80, 40), (20, 160), (32, 33), (9, 9)];
        let all: Vec<Picture> = (0..)
            .zip(shapes)
            .map(|(number, (width, height))| picture(number, width, height))
            .collect();
        let methods = [method("grad-cam").unwrap()];
        let targets = Targets::PredictedAndTrue;
        let together = explain(&network, all.clone(), &targets, &methods).unwrap();
        let cells = together.iter().map(|one| {
            let raw = &one.maps[0].raw;
            [raw.width, raw.height]
        });
        let expected = [[2, 1], [1, 1], [2, 1], [1, 8], [1, 2], [1, 1]];
        assert_eq!(cells.collect::<Vec<_>>(), expected);
        for (one, picture) in together.iter().zip(all) {
            assert_eq!(one.picture.file, picture.file);
            let alone = explain(&network, vec![picture], &targets, &methods).unwrap();
            assert_eq!(alone[0].probabilities, one.probabilities);
            assert_eq!(alone[0].maps[0].raw, one.maps[0].raw);
        }
    }

    #[test]
    fn the_true_class_is_asked_about_only_where_it_is_not_the_predicted_one() {
        assert_eq!(Targets::PredictedAndTrue.classes(2, Some(2)), [2]);
        assert_eq!(Targets::PredictedAndTrue.classes(2, Some(0)), [2, 0]);
        assert_eq!(Targets::PredictedAndTrue.classes(2, None), [2]);
        assert_eq!(Targets::True.classes(2, Some(0)), [0]);
        assert_eq!(Targets::Classes(vec![1, 0]).classes(2, Some(2)), [1, 0]);
    }
}
