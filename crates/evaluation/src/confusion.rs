use crate::predictions::Predictions;
use std::{cmp::Reverse, collections::BTreeMap};

/// How often each class was said of the pictures of each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<usize>,
}

/// Pictures of one class of which another was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confused {
    /// The class that is true.
    pub truth: usize,
    /// The class that was said.
    pub said: usize,
    /// Indices of the pictures, ascending.
    pub pictures: Vec<usize>,
}

impl ConfusionMatrix {
    /// Counts of all pictures.
    pub fn new(predictions: &Predictions) -> Self {
        Self::of_pairs(predictions.classes(), pairs(predictions))
    }

    /// Counts of pictures of which no more is known than true and said class, both below `classes`.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn of_pairs(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![0; classes * classes];
        for (truth, said) in pairs {
            assert!(truth < classes && said < classes, "a class");
            counts[truth * classes + said] += 1;
        }
        Self { classes, counts }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// A row for each true class: how often each class was said of its pictures.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.counts.chunks_exact(self.classes)
    }

    /// How many pictures of class `truth` were said to be `said`.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn count(&self, truth: usize, said: usize) -> usize {
        self.rows().nth(truth).expect("a class")[said]
    }
}

/// Pairs of true and said class with at least `least` pictures, those with the most first, of equal ones in the order of
/// classes. The two directions are two pairs, as in fastai's `most_confused`.
pub fn most_confused(predictions: &Predictions, least: usize) -> Vec<Confused> {
    most_confused_pairs(pairs(predictions), least)
}

/// The same of pictures of which no more is known than true and said class.
pub fn most_confused_pairs(
    pairs: impl IntoIterator<Item = (usize, usize)>,
    least: usize,
) -> Vec<Confused> {
    let mut pictures: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (picture, (truth, said)) in pairs.into_iter().enumerate() {
        if said != truth {
            pictures.entry((truth, said)).or_default().push(picture);
        }
    }
    let mut confused: Vec<Confused> = pictures
        .into_iter()
        .filter(|(_, pictures)| pictures.len() >= least)
        .map(|((truth, said), pictures)| Confused {
            truth,
            said,
            pictures,
        })
        .collect();
    confused.sort_by_key(|pair| Reverse(pair.pictures.len()));
    confused
}

/// True and said class of each picture.
fn pairs(predictions: &Predictions) -> impl Iterator<Item = (usize, usize)> {
    let truth = predictions.truth().iter().enumerate();
    truth.map(|(picture, truth)| (*truth, predictions.said(picture)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Predictions that say `said` where `truth` is true.
    fn said_and_true(classes: usize, pairs: &[(usize, usize)]) -> Predictions {
        let row = |said: usize| (0..classes).map(move |class| f32::from(u8::from(class == said)));
        let logits = pairs.iter().flat_map(|(said, _)| row(*said)).collect();
        let truth = pairs.iter().map(|(_, truth)| *truth).collect();
        Predictions::new(classes, logits, truth).unwrap()
    }

    #[test]
    fn rows_are_true_and_columns_are_said() {
        let matrix = ConfusionMatrix::new(&said_and_true(2, &[(1, 0), (1, 0), (0, 0), (1, 1)]));
        assert_eq!(matrix.rows().collect::<Vec<_>>(), [[1, 2], [0, 1]]);
        assert_eq!(matrix.count(0, 1), 2);
    }

    #[test]
    fn the_most_confused_come_first_with_their_pictures() {
        let predictions = said_and_true(3, &[(1, 0), (2, 1), (0, 2), (2, 1), (2, 2), (0, 1)]);
        let found = most_confused(&predictions, 1);
        let pair = |truth, said, pictures: &[usize]| Confused {
            truth,
            said,
            pictures: pictures.to_vec(),
        };
        let expected = [
            pair(1, 2, &[1, 3]),
            pair(0, 1, &[0]),
            pair(1, 0, &[5]),
            pair(2, 0, &[2]),
        ];
        assert_eq!(found, expected);
        assert_eq!(most_confused(&predictions, 2), expected[..1]);
    }
}
