//! Batch norm in training: the f32 kernels against the same function in f64 (burn's operations), and
//! that against central differences.

mod common;

use burn::tensor::{DType, Tensor};
use common::*;
use kernels::batch_norm_train;
use proptest::prelude::*;

const EPSILON: f64 = 1e-5;

/// Sums of n products in f32 lanes and f64 blocks stay within a few units of the last place
/// (6e-8) of the largest value; 30 of them leave room for the scale by 1 / deviation.
const TOLERANCE: f64 = 2e-6;

#[derive(Clone, Copy, Debug)]
struct Case {
    shape: [usize; 4],
    residual: bool,
    relu: bool,
    /// Which of input, weight, bias, residual are tracked.
    tracked: [bool; 4],
}

/// Output, mean, variance, and the gradients of those that are tracked.
fn run(case: Case, dtype: DType, last: bool) -> Vec<Option<Vec<f64>>> {
    let Case {
        shape,
        residual,
        relu,
        tracked,
    } = case;
    let count = shape.iter().product();
    let order = |tensor: Tensor<4>| if last { channels_last(tensor) } else { tensor };
    let x: Vec<f64> = values(count, 1)
        .iter()
        .map(|value| value * 2.0 + 0.5)
        .collect();
    let x = leaf(order(tensor(&x, shape, dtype)), tracked[0]);
    let weight: Vec<f64> = values(shape[1], 2)
        .iter()
        .map(|value| value + 1.5)
        .collect();
    let weight = leaf(tensor(&weight, [shape[1]], dtype), tracked[1]);
    let bias = leaf(tensor(&values(shape[1], 3), [shape[1]], dtype), tracked[2]);
    let shortcut =
        residual.then(|| leaf(order(tensor(&values(count, 4), shape, dtype)), tracked[3]));
    let direction: Tensor<4> = Tensor::from_inner(tensor(&values(count, 5), shape, dtype));

    let (y, statistics) = batch_norm_train(
        x.clone(),
        weight.clone(),
        bias.clone(),
        EPSILON,
        shortcut.clone(),
        relu,
    );
    let mut results = vec![
        Some(read(y.clone())),
        Some(read(statistics.mean)),
        Some(read(statistics.variance)),
    ];
    if tracked[..3].contains(&true) || (residual && tracked[3]) {
        let gradients = (y * direction).sum().backward();
        results.push(x.grad(&gradients).map(read));
        results.push(weight.grad(&gradients).map(read));
        results.push(bias.grad(&gradients).map(read));
        results.push(
            shortcut
                .and_then(|shortcut| shortcut.grad(&gradients))
                .map(read),
        );
    }
    results
}

fn compare(case: Case, last: bool) {
    let names = [
        "y",
        "mean",
        "variance",
        "dx",
        "dweight",
        "dbias",
        "dresidual",
    ];
    let (actual, expected) = (run(case, DType::F32, last), run(case, DType::F64, last));
    assert_eq!(actual.len(), expected.len());
    for ((name, actual), expected) in names.iter().zip(actual).zip(expected) {
        assert_eq!(actual.is_some(), expected.is_some(), "{name} of {case:?}");
        if let (Some(actual), Some(expected)) = (actual, expected) {
            let name = format!("{name} of {case:?}");
            // A gradient of the input is as large as weight / deviation (up to 1 / sqrt(epsilon)).
            assert_near(&name, &actual, &expected, TOLERANCE);
        }
    }
}

const SHAPES: [[usize; 4]; 7] = [
    [2, 1, 3, 3],
    [3, 3, 5, 4],
    [1, 5, 7, 6],
    [2, 17, 9, 9],
    [8, 64, 1, 1],
    [4, 32, 28, 28],
    [2, 600, 6, 5],
];

#[test]
fn values_and_gradients_equal_the_f64_ones() {
    for shape in SHAPES {
        for (residual, relu) in [(false, false), (false, true), (true, false), (true, true)] {
            for last in [false, true] {
                compare(
                    Case {
                        shape,
                        residual,
                        relu,
                        tracked: [true; 4],
                    },
                    last,
                );
            }
        }
    }
}

#[test]
fn what_is_not_tracked_has_no_gradient_and_the_rest_is_right() {
    for mask in 0..16 {
        let tracked = [0, 1, 2, 3].map(|bit| mask >> bit & 1 == 1);
        for residual in [false, true] {
            compare(
                Case {
                    shape: [2, 5, 4, 3],
                    residual,
                    relu: true,
                    tracked,
                },
                false,
            );
        }
    }
}

#[test]
fn f64_gradients_equal_central_differences() {
    let shape = [2, 3, 2, 2];
    let case = Case {
        shape,
        residual: true,
        relu: true,
        tracked: [true; 4],
    };
    let results = run(case, DType::F64, false);
    let x: Vec<f64> = values(24, 1)
        .iter()
        .map(|value| value * 2.0 + 0.5)
        .collect();
    let weight: Vec<f64> = values(3, 2).iter().map(|value| value + 1.5).collect();
    let (bias, shortcut, direction) = (values(3, 3), values(24, 4), values(24, 5));
    let loss = |x: &[f64], weight: &[f64], bias: &[f64], shortcut: &[f64]| {
        let (y, _) = batch_norm_train(
            tensor(x, shape, DType::F64),
            tensor(weight, [3], DType::F64),
            tensor(bias, [3], DType::F64),
            EPSILON,
            Some(tensor(shortcut, shape, DType::F64)),
            true,
        );
        read(y)
            .iter()
            .zip(&direction)
            .map(|(y, d)| y * d)
            .sum::<f64>()
    };
    let expected = [
        numerical_gradient(&x, |x| loss(x, &weight, &bias, &shortcut)),
        numerical_gradient(&weight, |weight| loss(&x, weight, &bias, &shortcut)),
        numerical_gradient(&bias, |bias| loss(&x, &weight, bias, &shortcut)),
        numerical_gradient(&shortcut, |shortcut| loss(&x, &weight, &bias, shortcut)),
    ];
    for (actual, expected) in results[3..].iter().zip(expected) {
        // Central differences with steps of 1e-5 are good for about 1e-9.
        assert_near(
            "gradient",
            actual.as_ref().expect("tracked"),
            &expected,
            1e-8,
        );
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let results = with_threads(|| {
        let shape = [8, 64, 56, 56];
        let count = shape.iter().product();
        let x = leaf(tensor(&values(count, 1), shape, DType::F32), true);
        let weight = leaf(tensor(&values(64, 2), [64], DType::F32), true);
        let bias = leaf(tensor(&values(64, 3), [64], DType::F32), true);
        let (y, statistics) =
            batch_norm_train(x.clone(), weight.clone(), bias.clone(), EPSILON, None, true);
        let direction: Tensor<4> = Tensor::from_inner(tensor(&values(count, 5), shape, DType::F32));
        let gradients = (y.clone() * direction).sum().backward();
        (
            [bits(y), bits(x.grad(&gradients).expect("tracked"))],
            [statistics.mean, statistics.variance].map(bits),
            [weight, bias].map(|tensor| bits(tensor.grad(&gradients).expect("tracked"))),
        )
    });
    assert!(
        results[0] == results[1] && results[0] == results[2],
        "one, two and three threads"
    );
}

#[test]
fn a_mean_far_from_zero_does_not_spoil_the_variance() {
    let x: Vec<f64> = values(4 * 2 * 30 * 30, 7)
        .iter()
        .map(|value| value * 1e-2 + 100.0)
        .collect();
    let tensors = |dtype| tensor(&x, [4, 2, 30, 30], dtype);
    let variance = |dtype| {
        let ones = || tensor(&[1.0, 1.0], [2], dtype);
        read(
            batch_norm_train(tensors(dtype), ones(), ones(), EPSILON, None, false)
                .1
                .variance,
        )
    };
    let rounded = read(tensors(DType::F32));
    let mean = |channel: usize, f: &dyn Fn(f64) -> f64| {
        let of_channel = rounded
            .iter()
            .enumerate()
            .filter(|(i, _)| i / 900 % 2 == channel);
        of_channel.map(|(_, &value)| f(value)).sum::<f64>() / 3600.0
    };
    let expected: Vec<f64> = [0, 1]
        .map(|channel| {
            let centre = mean(channel, &|value| value);
            mean(channel, &|value| (value - centre).powi(2))
        })
        .into();
    for (actual, expected) in variance(DType::F32).iter().zip(expected) {
        assert!(
            (actual / expected - 1.0).abs() < 1e-3,
            "{actual} instead of {expected}"
        );
    }
}

#[test]
fn features_are_normalised_over_the_batch() {
    let features = |dtype| {
        let x = tensor(&values(6 * 5, 1), [6, 5, 1, 1], dtype);
        let weight = tensor(&values(5, 2), [5], dtype);
        let bias = tensor(&values(5, 3), [5], dtype);
        read(batch_norm_train(x, weight, bias, EPSILON, None, false).0)
    };
    assert_near("y", &features(DType::F32), &features(DType::F64), TOLERANCE);
}

#[test]
fn nan_stays_visible_through_the_relu() {
    let mut x = values(2 * 3 * 4, 1);
    x[5] = f64::NAN;
    let x = tensor(&x, [2, 3, 2, 2], DType::F32);
    let ones = || tensor(&[1.0; 3], [3], DType::F32);
    let (y, _) = batch_norm_train(x, ones(), ones(), EPSILON, None, true);
    assert!(read(y).iter().any(|value| value.is_nan()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_shape_agrees_with_f64(
        n in 1usize..4, c in 1usize..40, h in 1usize..9, w in 2usize..9,
        residual: bool, relu: bool, last: bool,
    ) {
        compare(Case { shape: [n, c, h, w], residual, relu, tracked: [true; 4] }, last);
    }
}
