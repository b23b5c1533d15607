//! What a network said about a picture, and where it looked.

use crate::{
    cam::{HeatMap, Method},
    network::{Question, SavedNetwork},
    pictures::{Picture, normalised},
};

/// Pixels that go through the network at once: eight pictures of 224 × 224.
const BATCH_PIXELS: usize = 8 * 224 * 224;
const LARGEST_BATCH: usize = 32;

/// Which classes a picture is explained for.
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
    /// In the order of the methods; those of one method in the order of the classes asked for.
    pub maps: Vec<ExplainedMap>,
}

/// One map of a picture.
#[derive(Debug, Clone)]
pub struct ExplainedMap {
    /// How it was made.
    pub method: &'static dyn Method,
    /// The class it is about; `None` for a class-blind map.
    pub class: Option<usize>,
    /// As the method gave it.
    pub raw: HeatMap,
}

/// The network gave something that is no number.
#[derive(Debug, thiserror::Error)]
#[error(
    "the network's answer for {picture} is no number: its weights have run away; take an earlier checkpoint or train \
     with a smaller learning rate"
)]
pub struct NotANumber {
    /// Name of the picture.
    pub picture: String,
}

/// How many pictures of `size` go through the network at once.
pub fn batch_size(size: usize) -> usize {
    (BATCH_PIXELS / (size * size)).clamp(1, LARGEST_BATCH)
}

/// Explains a batch of pictures, all read for `size`: one pass forward through the body, one back through the head.
pub fn explain(
    network: &SavedNetwork,
    pictures: Vec<Picture>,
    size: usize,
    targets: &Targets,
    methods: &[&'static dyn Method],
) -> Result<Vec<Explanation>, NotANumber> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let answer = network.look(normalised(&pictures, &network.manifest.normalisation), size);
    for (picture, logits) in pictures.iter().zip(&answer.logits) {
        if logits.iter().any(|logit| !logit.is_finite()) {
            return Err(NotANumber {
                picture: picture.file.name.clone(),
            });
        }
    }
    let classes: Vec<Vec<usize>> = pictures
        .iter()
        .zip(&answer.logits)
        .map(|(picture, logits)| targets.classes(most_probable(logits), picture.file.true_class))
        .collect();
    let questions: Vec<Question> = classes
        .iter()
        .enumerate()
        .flat_map(|(picture, classes)| {
            classes.iter().map(move |class| Question {
                picture,
                class: *class,
            })
        })
        .collect();
    let features = answer.features();
    let mut gradients = answer.gradients(&questions).into_iter();
    let mut explanations = Vec::new();
    for (index, picture) in pictures.into_iter().enumerate() {
        let gradients: Vec<_> = gradients.by_ref().take(classes[index].len()).collect();
        let mut maps = Vec::new();
        for method in methods {
            for (class, gradient) in classes[index].iter().zip(&gradients) {
                let class = method.is_class_specific().then_some(*class);
                maps.push(ExplainedMap {
                    method: *method,
                    class,
                    raw: method.map(&features[index], gradient),
                });
                if class.is_none() {
                    break;
                }
            }
        }
        let logits = &answer.logits[index];
        explanations.push(Explanation {
            picture,
            probabilities: softmax(logits),
            predicted: most_probable(logits),
            maps,
        });
    }
    Ok(explanations)
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

fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits
        .iter()
        .map(|logit| f64::from(logit - largest).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The first of the largest.
fn most_probable(logits: &[f32]) -> usize {
    let larger = |best: usize, index: usize| {
        if logits[index] > logits[best] {
            index
        } else {
            best
        }
    };
    (0..logits.len()).fold(0, larger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_a_share_of_one_however_large_the_logits() {
        let found = softmax(&[1000.0, 1000.0, -1000.0]);
        assert_eq!(found, [0.5, 0.5, 0.0]);
        assert_eq!(most_probable(&[1.0, 3.0, 3.0]), 1);
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
