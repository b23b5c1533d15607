//! Cross entropy against its definition.

mod common;

use burn::tensor::{DType, Int, Tensor, TensorData};
use common::*;
use kernels::cross_entropy;

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
