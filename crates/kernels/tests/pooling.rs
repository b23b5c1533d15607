//! Pooling: the f32 kernels against the same functions in f64 (burn's operations) and against torch's
//! rules for equal values.

mod common;

use burn::tensor::{DType, Tensor};
use common::*;
use kernels::{average_pool, concat_pool, max_pool2d};
use proptest::prelude::*;

/// A mean of up to 49 f32 values.
const TOLERANCE: f64 = 1e-6;

fn max_pool_and_gradient(x: &[f64], shape: [usize; 4], dtype: DType, last: bool) -> [Vec<f64>; 2] {
    let x = tensor(x, shape, dtype);
    let x = leaf(if last { channels_last(x) } else { x }, true);
    let y = max_pool2d(x.clone());
    let direction = values(y.shape().num_elements(), 9);
    let direction: Tensor<4> = Tensor::from_inner(tensor(&direction, y.dims(), dtype));
    let gradients = (y.clone() * direction).sum().backward();
    [read(y), read(x.grad(&gradients).expect("tracked"))]
}

fn concat_pool_and_gradient(
    x: &[f64],
    shape: [usize; 4],
    dtype: DType,
    last: bool,
) -> [Vec<f64>; 2] {
    let x = tensor(x, shape, dtype);
    let x = leaf(if last { channels_last(x) } else { x }, true);
    let y = concat_pool(x.clone());
    assert_eq!(y.dims(), [shape[0], 2 * shape[1]]);
    let direction = values(y.shape().num_elements(), 9);
    let direction: Tensor<2> = Tensor::from_inner(tensor(&direction, y.dims(), dtype));
    let gradients = (y.clone() * direction).sum().backward();
    [read(y), read(x.grad(&gradients).expect("tracked"))]
}

fn compare(shape: [usize; 4], last: bool) {
    // Rounded to f32 first, so that both see the same order.
    let x: Vec<f64> = values(shape.iter().product(), 1)
        .iter()
        .map(|&v| f64::from(v as f32))
        .collect();
    for run in [max_pool_and_gradient, concat_pool_and_gradient] {
        let (actual, expected) = (
            run(&x, shape, DType::F32, last),
            run(&x, shape, DType::F64, last),
        );
        assert_near("y", &actual[0], &expected[0], TOLERANCE);
        assert_near("dx", &actual[1], &expected[1], TOLERANCE);
    }
}

#[test]
fn values_and_gradients_equal_the_f64_ones() {
    for shape in [
        [1, 1, 1, 1],
        [2, 3, 5, 4],
        [1, 5, 7, 7],
        [3, 17, 8, 9],
        [2, 64, 56, 56],
        [1, 2, 1, 6],
    ] {
        compare(shape, false);
        compare(shape, true);
    }
}

#[test]
fn the_gradient_goes_to_the_first_of_equal_maxima() {
    for dtype in [DType::F32, DType::F64] {
        let [y, dx] = max_pool_and_gradient(&[3.0; 16], [1, 1, 4, 4], dtype, false);
        assert_eq!(y, [3.0; 4]);
        let direction: Vec<f64> = read(tensor(&values(4, 9), [4], dtype));
        // First pixels, row by row, of the four windows: (0, 0), (0, 1), (1, 0), (1, 1).
        let mut expected = vec![0.0; 16];
        for (pixel, value) in [0, 1, 4, 5].into_iter().zip(&direction) {
            expected[pixel] = *value;
        }
        assert_eq!(dx, expected, "{dtype:?}");

        let [y, dx] = concat_pool_and_gradient(&[3.0; 4], [1, 1, 2, 2], dtype, false);
        assert_eq!(y, [3.0, 3.0]);
        let direction = values(2, 9);
        let quarter = direction[1] / 4.0;
        assert_near(
            "dx",
            &dx,
            &[direction[0] + quarter, quarter, quarter, quarter],
            TOLERANCE,
        );
    }
}

#[test]
fn maxima_come_before_means() {
    let x = tensor(
        &[1.0, 2.0, 3.0, 6.0, -1.0, -2.0, -3.0, -6.0],
        [1, 2, 2, 2],
        DType::F32,
    );
    assert_eq!(read(concat_pool(x.clone())), [6.0, -1.0, 3.0, -3.0]);
    assert_eq!(read(average_pool(x)), [3.0, -3.0]);
}

#[test]
fn f64_gradients_equal_central_differences() {
    let shape = [2, 2, 4, 5];
    let x = values(80, 1);
    let [_, dx] = max_pool_and_gradient(&x, shape, DType::F64, false);
    let weighted = |y: Vec<f64>| {
        y.iter()
            .zip(values(y.len(), 9))
            .map(|(y, d)| y * d)
            .sum::<f64>()
    };
    let expected = numerical_gradient(&x, |x| {
        weighted(read(max_pool2d(tensor(x, shape, DType::F64))))
    });
    assert_near("max pool", &dx, &expected, 1e-8);
    let [_, dx] = concat_pool_and_gradient(&x, shape, DType::F64, false);
    let expected = numerical_gradient(&x, |x| {
        weighted(read(concat_pool(tensor(x, shape, DType::F64))))
    });
    assert_near("concat pool", &dx, &expected, 1e-8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_shape_agrees_with_f64(
        n in 1usize..4, c in 1usize..20, h in 1usize..12, w in 1usize..12, last: bool,
    ) {
        compare([n, c, h, w], last);
    }
}
