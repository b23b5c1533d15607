//! What a network gets wrong among the validation pictures, in figures.

use crate::rows::{AnswerRow, EpochRow};
use evaluation::{Confused, ConfusionMatrix, Proportion, most_confused_pairs};
use std::collections::HashMap;

/// Classes among which the true one is looked for, beside the one that was said.
const TOP: usize = 5;

/// Figures of the answers to all validation pictures.
#[derive(Debug)]
pub struct ValidationFigures {
    /// Share of pictures of which another class was said.
    pub error_rate: Proportion,
    /// Share of pictures whose class is among the five most probable ones; `None` of five classes or fewer, where it says
    /// nothing.
    pub top_five: Option<Proportion>,
    /// Rows true, columns said.
    pub matrix: ConfusionMatrix,
    /// Pairs of classes that were taken for each other, the most pictures first.
    pub confused: Vec<Confused>,
    /// Places in the rows of the pictures that were wrong, the largest loss first.
    pub worst: Vec<usize>,
}

impl ValidationFigures {
    /// The figures of `rows`; `None` if they are not the answers after the epoch `last`, or know other classes than `classes`:
    /// a run of an older program, or one that was stopped between two files.
    pub fn new(rows: &[AnswerRow], classes: &[String], last: &EpochRow) -> Option<Self> {
        let indices: HashMap<&str, usize> = classes
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        let index = |name: &String| indices.get(name.as_str()).copied();
        let pair = |row: &AnswerRow| Some((index(&row.true_class)?, index(&row.said_class)?));
        let pairs = rows.iter().map(pair).collect::<Option<Vec<_>>>()?;
        let count = |is: &dyn Fn(&AnswerRow) -> bool| {
            let count = rows.iter().filter(|row| is(row)).count();
            Proportion::new(count, rows.len())
        };
        let error_rate = count(&|row| row.true_class != row.said_class)?;
        if error_rate.value != last.error_rate {
            return None;
        }
        let mut worst: Vec<usize> = (0..rows.len())
            .filter(|row| pairs[*row].0 != pairs[*row].1)
            .collect();
        worst.sort_by(|one, other| rows[*other].loss.total_cmp(&rows[*one].loss));
        Some(Self {
            error_rate,
            top_five: (classes.len() > TOP)
                .then(|| count(&|row| row.place_of_true <= TOP))
                .flatten(),
            matrix: ConfusionMatrix::of_pairs(classes.len(), pairs.iter().copied()),
            confused: most_confused_pairs(pairs, 1),
            worst,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(truth: &str, said: &str, loss: f64) -> AnswerRow {
        AnswerRow {
            path: format!("{truth}.jpg"),
            true_class: truth.to_owned(),
            said_class: said.to_owned(),
            probability_of_true: (-loss).exp(),
            probability_of_said: 0.9,
            loss,
            place_of_true: if truth == said { 1 } else { 2 },
        }
    }

    fn epoch(error_rate: f64) -> EpochRow {
        EpochRow {
            stage: 1,
            epoch: 1,
            size: 32,
            train_loss: 1.0,
            valid_loss: 1.0,
            error_rate,
        }
    }

    #[test]
    fn the_worst_comes_first_and_rows_of_another_epoch_or_of_other_classes_have_no_figures() {
        let classes = ["beagle", "pug"].map(str::to_owned);
        let rows = [
            row("pug", "beagle", 1.0),
            row("pug", "pug", 0.1),
            row("pug", "beagle", 3.0),
            row("beagle", "beagle", 0.2),
        ];
        let figures = ValidationFigures::new(&rows, &classes, &epoch(0.5)).unwrap();
        assert_eq!((figures.error_rate.count, figures.error_rate.of), (2, 4));
        assert_eq!(figures.worst, [2, 0]);
        assert_eq!(figures.matrix.count(1, 0), 2);
        assert_eq!(figures.confused[0].pictures, [0, 2]);
        assert!(figures.top_five.is_none());
        assert!(ValidationFigures::new(&rows, &classes, &epoch(0.25)).is_none());
        assert!(ValidationFigures::new(&rows, &classes[..1], &epoch(0.5)).is_none());
        assert!(ValidationFigures::new(&[], &classes, &epoch(f64::NAN)).is_none());
    }
}
