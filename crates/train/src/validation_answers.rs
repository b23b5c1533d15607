//! What a network says of each validation picture, gathered while it validates.

use crate::{
    feed::Feed,
    learner::Answers,
    rows::{AnswerRow, line},
};
use anyhow::Result;
use csv::ReaderBuilder;
use evaluation::Predictions;
use processes::Processes;

/// Answers that come batch by batch.
#[derive(Debug, Default)]
pub struct ValidationAnswers {
    rows: Vec<AnswerRow>,
    /// True if some had a logit that is no number.
    lack_some: bool,
}

impl ValidationAnswers {
    /// Adds the answers to the next pictures. With a logit that is no number there are no rows: training stops at it.
    pub fn add(&mut self, answers: &Answers<'_>, feed: &Feed) {
        let classes = &feed.data.classes;
        let (truth, said): (Vec<usize>, Vec<usize>) = answers.classes().unzip();
        let logits = answers.logits.to_vec();
        let Ok(predictions) = Predictions::new(classes.len(), logits, truth) else {
            self.lack_some = true;
            return;
        };
        for (picture, said) in said.into_iter().enumerate() {
            let truth = predictions.truth()[picture];
            let probabilities = predictions.probabilities(picture);
            self.rows.push(AnswerRow {
                path: String::new(),
                true_class: classes[truth].clone(),
                said_class: classes[said].clone(),
                probability_of_true: probabilities[truth],
                probability_of_said: probabilities[said],
                loss: predictions.loss(picture),
                place_of_true: 1 + predictions.rank(picture, truth),
            });
        }
    }

    /// A row for each answer, which are those to the pictures at `places` among the validation pictures, in this order.
    pub fn into_rows(self, places: &[usize], feed: &Feed) -> Vec<AnswerRow> {
        if self.lack_some {
            return Vec::new();
        }
        let (files, valid) = (&feed.data.files, &feed.data.split.valid);
        let named = self.rows.into_iter().zip(places);
        let named = named.map(|(row, place)| AnswerRow {
            path: files[valid[*place]].name.clone(),
            ..row
        });
        named.collect()
    }
}

/// The rows of all processes, in the order of the ranks.
///
/// # Errors
/// A process is lost.
pub fn of_all_processes(rows: &[AnswerRow], processes: &Processes) -> Result<Vec<AnswerRow>> {
    let lines: Result<Vec<Vec<u8>>, _> = rows.iter().map(line).collect();
    let all = processes.gather_everywhere(lines?.concat())?.concat();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&all[..]);
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}
