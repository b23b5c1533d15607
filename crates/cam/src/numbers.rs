/// Index of the first of the largest values; 0 if there is none.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    let larger = |best: usize, index: usize| {
        if values[index] > values[best] {
            index
        } else {
            best
        }
    };
    (0..values.len()).fold(0, larger)
}

/// Softmax over classes: `exp(logit) / Σ exp(logit)`, which is finite however large the logits are.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits
        .iter()
        .map(|logit| f64::from(logit - largest).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// Pearson's correlation of two maps of equally many values; `None` where one of the two is the same everywhere.
pub fn correlation<T: Copy + Into<f64>>(one: &[T], other: &[T]) -> Option<f64> {
    let mean = |values: &[T]| values.iter().map(|v| (*v).into()).sum::<f64>() / values.len() as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let [mut product, mut square_one, mut square_other] = [0.0; 3];
    for (one, other) in one.iter().zip(other) {
        let (one, other) = ((*one).into() - mean_one, (*other).into() - mean_other);
        product += one * other;
        square_one += one * one;
        square_other += other * other;
    }
    let scale = (square_one * square_other).sqrt();
    (scale > 0.0).then(|| product / scale)
}

/// The sum in f64.
pub(crate) fn sum(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_a_share_of_one_however_large_the_logits() {
        assert_eq!(softmax(&[1000.0, 1000.0, -1000.0]), [0.5, 0.5, 0.0]);
    }

    #[test]
    fn of_equal_values_the_first_is_the_largest() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[f64::NAN, 3.0]), 0);
        assert_eq!(argmax::<f32>(&[]), 0);
    }
}
