//! A network's answer about a picture, and the maps of where it looked.

use crate::{
    asked::{AskedBatch, AskedPicture},
    network::{NotANumber, SavedNetwork},
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

/// Explains a batch of pictures, all read for `size`: one forward pass through the body, and one backward pass through the
/// head if a method asks for a gradient.
///
/// # Errors
/// See [`ExplainError`].
pub fn explain(
    network: &SavedNetwork,
    pictures: Vec<Picture>,
    size: usize,
    targets: &Targets,
    methods: &[&'static Method],
) -> Result<Vec<Explanation>, ExplainError> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let answer = network.look(normalised(&pictures, &network.normalisation()), size);
    answer.check(pictures.iter().map(|picture| picture.file.name.as_str()))?;
    let classes: Vec<Vec<usize>> = pictures
        .iter()
        .zip(&answer.logits)
        .map(|(picture, logits)| targets.classes(argmax(logits), picture.file.true_class))
        .collect();
    let batch = AskedBatch::new(network, &answer, &pictures, size, &classes)?;
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

    #[test]
    fn the_true_class_is_asked_about_only_where_it_is_not_the_predicted_one() {
        assert_eq!(Targets::PredictedAndTrue.classes(2, Some(2)), [2]);
        assert_eq!(Targets::PredictedAndTrue.classes(2, Some(0)), [2, 0]);
        assert_eq!(Targets::PredictedAndTrue.classes(2, None), [2]);
        assert_eq!(Targets::True.classes(2, Some(0)), [0]);
        assert_eq!(Targets::Classes(vec![1, 0]).classes(2, Some(2)), [1, 0]);
    }
}
