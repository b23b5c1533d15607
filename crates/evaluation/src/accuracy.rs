use crate::{predictions::Predictions, proportion::Proportion};

/// Share of pictures of which something else was said than what is true.
pub fn error_rate(predictions: &Predictions) -> Proportion {
    let wrong = |picture: &usize| !predictions.is_right(*picture);
    share(predictions, wrong)
}

/// Share of pictures whose true class is among the `k` with the largest logits, of equal ones the first; with `k = 1` it is
/// what [`error_rate`] leaves.
pub fn top_k_accuracy(predictions: &Predictions, k: usize) -> Proportion {
    let is_among = |picture: &usize| {
        let truth = predictions.truth()[*picture];
        predictions.rank(*picture, truth) < k
    };
    share(predictions, is_among)
}

fn share(predictions: &Predictions, counts: impl Fn(&usize) -> bool) -> Proportion {
    let pictures = predictions.pictures();
    let count = (0..pictures).filter(counts).count();
    Proportion::new(count, pictures).expect("predictions have a picture")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_classes_hold_the_true_one_and_none_hold_none() {
        let logits = vec![3.0, 2.0, 1.0, 1.0, 2.0, 3.0];
        let predictions = Predictions::new(3, logits, vec![1, 1]).unwrap();
        let counts = [0, 1, 2, 3, 9].map(|k| top_k_accuracy(&predictions, k).count);
        assert_eq!(counts, [0, 0, 2, 2, 2]);
        assert_eq!(error_rate(&predictions).value, 1.0);
    }
}
