//! Pictures that batches leave out since they cannot be decoded: each is said once, and no class may lose all of its own.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A picture that a batch left out, as one process tells others of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutPicture {
    /// Place of the batch among those of the epoch that were asked for, from 0.
    pub batch: usize,
    /// Index in the training part; none of a validation picture.
    pub training: Option<usize>,
    /// Names the file and says what is wrong with it.
    pub sentence: String,
}

/// The pictures that were left out so far, on any process.
#[derive(Debug, Default)]
pub struct LeftOut {
    sentences: BTreeSet<String>,
    training: BTreeSet<usize>,
}

impl LeftOut {
    /// How many there are with the picture of this sentence; nothing if it was left out before, as every epoch does it.
    pub fn is_new(&mut self, sentence: &str) -> Option<usize> {
        let is_new = self.sentences.insert(sentence.to_owned());
        is_new.then_some(self.sentences.len())
    }

    /// Notes that training picture `index` is left out; returns its class if all of that class are by now. `labels` are the
    /// classes of all training pictures.
    pub fn lost_class(&mut self, index: usize, labels: &[usize]) -> Option<usize> {
        self.training.insert(index);
        let class = labels[index];
        let mut of_class = (0..labels.len()).filter(|other| labels[*other] == class);
        let is_lost = of_class.all(|other| self.training.contains(&other));
        is_lost.then_some(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_lost_with_its_last_picture_and_no_picture_is_new_twice() {
        let mut left_out = LeftOut::default();
        let labels = [0, 1, 1, 0];
        let lost = [1, 1, 0, 2].map(|index| left_out.lost_class(index, &labels));
        assert_eq!(lost, [None, None, None, Some(1)]);
        let new = ["a", "b", "a"].map(|sentence| left_out.is_new(sentence));
        assert_eq!(new, [Some(1), Some(2), None]);
    }
}
