//! Cross entropy against its definition.

mod common;

use burn::tensor::{DType, Int, Tensor, TensorData};
use common::*;
use kernels::{cross_entropy, cross_entropy_mixed};

#[test]
fn cross_entropy_and_its_gradient_equal_the_definition() {
    let (batch, classes) = (4, 5);
    let logits: Vec<f64> = values(batch * classes, 1)
        .iter()
        .map(|value| value * 8.0)
        .collect();
    let targets = [0i64, 4, 2, 2];
    let mut loss = 0.0;
    let mut gradient = vec![0.0; batch * classes];
    for (row, &target) in targets.iter().enumerate() {
        let row_logits = &logits[row * classes..][..classes];
        let total: f64 = row_logits.iter().map(|value| value.exp()).sum();
        loss += (total.ln() - row_logits[target as usize]) / batch as f64;
        for class in 0..classes {
            let hit = if class == target as usize { 1.0 } else { 0.0 };
            gradient[row * classes + class] =
                (row_logits[class].exp() / total - hit) / batch as f64;
        }
    }
    // exp and ln in f32 are good for a few 1e-7 of values up to 16.
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-6)] {
        let logits = leaf(tensor(&logits, [batch, classes], dtype), true);
        let targets = Tensor::<1, Int>::from_data(TensorData::from(targets), &logits.device());
        let y = cross_entropy(logits.clone(), targets);
        assert_near("loss", &read(y.clone()), &[loss], tolerance);
        let gradients = y.backward();
        assert_near(
            "gradient",
            &read(logits.grad(&gradients).expect("tracked")),
            &gradient,
            tolerance,
        );
    }
}

#[test]
fn a_mixture_has_the_losses_of_both_classes_in_its_shares() {
    let (batch, classes) = (3, 4);
    let logits = values(batch * classes, 2);
    let (first, second, share) = ([0i64, 3, 1], [2i64, 3, 0], [1.0, 0.25, 0.4]);
    let mut loss = 0.0;
    let mut gradient = vec![0.0; batch * classes];
    for row in 0..batch {
        let row_logits = &logits[row * classes..][..classes];
        let total: f64 = row_logits.iter().map(|value| value.exp()).sum();
        for (class, part) in [(first[row], share[row]), (second[row], 1.0 - share[row])] {
            loss += part * (total.ln() - row_logits[class as usize]) / batch as f64;
            gradient[row * classes + class as usize] -= part / batch as f64;
        }
        for class in 0..classes {
            gradient[row * classes + class] += row_logits[class].exp() / total / batch as f64;
        }
    }
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-6)] {
        let logits = leaf(tensor(&logits, [batch, classes], dtype), true);
        let classes = |targets: [i64; 3]| {
            Tensor::<1, Int>::from_data(TensorData::from(targets), &logits.device())
        };
        let share = tensor(&share, [batch], dtype).autodiff();
        let y = cross_entropy_mixed(logits.clone(), classes(first), classes(second), share);
        assert_near("loss", &read(y.clone()), &[loss], tolerance);
        let gradients = y.backward();
        let found = read(logits.grad(&gradients).expect("tracked"));
        assert_near("gradient", &found, &gradient, tolerance);
    }
}

#[test]
fn a_mixture_of_which_the_first_class_has_all_is_the_plain_loss_to_the_last_bit() {
    let (batch, classes) = (3, 4);
    let logits = tensor(&values(batch * classes, 3), [batch, classes], DType::F32);
    let targets = |targets: [i64; 3]| {
        Tensor::<1, Int>::from_data(TensorData::from(targets), &logits.device())
    };
    let first = [0i64, 3, 1];
    let all = tensor(&[1.0; 3], [batch], DType::F32);
    let mixed = cross_entropy_mixed(logits.clone(), targets(first), targets([1, 1, 1]), all);
    assert_eq!(
        bits(mixed),
        bits(cross_entropy(logits.clone(), targets(first)))
    );
}
