use crate::predictions::{Predictions, largest_first};

/// A picture and its loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureLoss {
    /// Index of the picture.
    pub picture: usize,
    /// Its cross entropy, natural logarithm.
    pub loss: f64,
}

/// All pictures by their loss, largest first; of equal ones the first comes first.
pub fn top_losses(predictions: &Predictions) -> Vec<PictureLoss> {
    by_loss(predictions, |_| true)
}

/// The pictures that were right, the least sure first: by loss as in [`top_losses`].
pub fn least_sure_right(predictions: &Predictions) -> Vec<PictureLoss> {
    by_loss(predictions, |picture| predictions.is_right(picture))
}

/// The mean loss: the negative log likelihood.
pub fn mean_loss(predictions: &Predictions) -> f64 {
    let losses = (0..predictions.pictures()).map(|picture| predictions.loss(picture));
    losses.sum::<f64>() / predictions.pictures() as f64
}

fn by_loss(predictions: &Predictions, is_wanted: impl Fn(usize) -> bool) -> Vec<PictureLoss> {
    let pictures = predictions.pictures();
    let losses: Vec<f64> = (0..pictures)
        .map(|picture| predictions.loss(picture))
        .collect();
    let mut wanted: Vec<usize> = (0..pictures)
        .filter(|picture| is_wanted(*picture))
        .collect();
    largest_first(&mut wanted, |picture| losses[picture]);
    let with_loss = |picture| PictureLoss {
        picture,
        loss: losses[picture],
    };
    wanted.into_iter().map(with_loss).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(losses: &[PictureLoss]) -> Vec<usize> {
        losses.iter().map(|loss| loss.picture).collect()
    }

    #[test]
    fn the_largest_loss_comes_first_and_of_equal_ones_the_first_picture() {
        let logits = vec![0.0, 1.0, 2.0, 0.0, 0.0, 1.0, 0.0, 5.0, 0.5, 0.0];
        let predictions = Predictions::new(2, logits, vec![0, 0, 0, 0, 0]).unwrap();
        let losses = top_losses(&predictions);
        assert_eq!(order(&losses), [3, 0, 2, 4, 1]);
        assert_eq!(losses[0].loss, predictions.loss(3));
        assert_eq!(order(&least_sure_right(&predictions)), [4, 1]);
        let mean = losses.iter().map(|loss| loss.loss).sum::<f64>() / 5.0;
        assert!((mean_loss(&predictions) - mean).abs() < 1e-15);
    }
}
