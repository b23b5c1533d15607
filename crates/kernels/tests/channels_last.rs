//! The kernels' results lie in memory channels last; burn's own operations on them must not notice.

mod common;

use burn::tensor::{DType, Tensor, activation::relu};
use common::*;
use kernels::{
    Algorithm, Convolution, FoldedConvolution, Precision, batch_norm_train, conv2d, conv2d_folded,
    guided_relu, max_pool2d,
};

const SHAPE: [usize; 4] = [2, 3, 4, 5];

/// A result of a kernel and the same values in plain order.
fn both_orders() -> [Tensor<4>; 2] {
    let ones = || tensor(&[1.0; 3], [3], DType::F32);
    let x = tensor(&values(120, 1), SHAPE, DType::F32);
    let (y, _) = batch_norm_train(x, ones(), ones(), 1e-5, None, false);
    let plain = Tensor::from_data(y.clone().into_data(), &device());
    [y, plain]
}

#[test]
fn burn_operations_see_the_same_tensor() {
    type Operation = fn(Tensor<4>) -> Vec<f64>;
    let operations: [(&str, Operation); 10] = [
        ("add", |x| read(x.clone() + x)),
        ("add another order", |x| {
            read(x.clone() + tensor(&values(120, 2), SHAPE, DType::F32))
        }),
        ("relu", |x| read(relu(x))),
        ("slice", |x| read(x.slice([1..2, 0..2, 1..3, 2..5]))),
        ("reshape", |x| read(x.reshape([2, 3, 20]))),
        ("flatten", |x| read(x.flatten::<2>(1, 3))),
        ("sum", |x| read(x.sum_dim(1))),
        ("mean", |x| read(x.mean_dim(2))),
        ("scale", |x| read(x * 2.0)),
        ("flip", |x| read(x.flip([3]))),
    ];
    for (name, operation) in operations {
        let [last, plain] = both_orders();
        assert_eq!(operation(last), operation(plain), "{name}");
    }
}

#[test]
fn kernels_take_views() {
    let [last, plain] = both_orders();
    let views: [fn(Tensor<4>) -> Tensor<4>; 4] = [
        |x| x.slice([1..2, 0..3, 0..4, 0..5]),
        |x| x.slice([0..2, 1..3, 1..4, 0..4]),
        |x| x.flip([2]),
        |x| x.swap_dims(2, 3),
    ];
    for view in views {
        let pool = |x: Tensor<4>| read(max_pool2d(view(x)));
        assert_eq!(pool(last.clone()), pool(plain.clone()));
    }
}

#[test]
fn gradients_of_a_branch_and_its_shortcut_add_up() {
    let run = |dtype: DType| {
        let convolution = Convolution {
            stride: 1,
            padding: 1,
            algorithm: Algorithm::Exact,
            precision: Precision::F32,
        };
        let x = leaf(tensor(&values(120, 1), SHAPE, dtype), true);
        let kernel = leaf(tensor(&values(81, 2), [3, 3, 3, 3], dtype), true);
        let weight = leaf(tensor(&[1.0, 0.5, 2.0], [3], dtype), true);
        let bias = leaf(tensor(&[0.0, 0.1, -0.1], [3], dtype), true);
        let normalise =
            |x, residual| batch_norm_train(x, weight.clone(), bias.clone(), 1e-5, residual, true).0;
        // Two blocks, so that inner nodes and leaves both have several children.
        let block = |x: Tensor<4>| {
            let y = normalise(conv2d(x.clone(), kernel.clone(), convolution), None);
            normalise(conv2d(y, kernel.clone(), convolution), Some(x))
        };
        let downsample = Convolution {
            stride: 2,
            ..convolution
        };
        let y = block(block(x.clone()));
        let y = conv2d(y.clone(), kernel.clone(), downsample)
            + conv2d(relu(y), kernel.clone(), downsample);
        let direction: Tensor<4> = Tensor::from_inner(tensor(
            &values(y.shape().num_elements(), 3),
            y.dims(),
            dtype,
        ));
        let gradients = (y * direction).sum().backward();
        let mut results = vec![read(x.grad(&gradients).expect("tracked"))];
        results.push(read(kernel.grad(&gradients).expect("tracked")));
        results
            .extend([&weight, &bias].map(|tensor| read(tensor.grad(&gradients).expect("tracked"))));
        results
    };
    for (actual, expected) in run(DType::F32).iter().zip(run(DType::F64)) {
        // Six layers of f32 sums of up to 27 products each, batch norm over 40 values.
        assert_near("gradient", actual, &expected, 1e-5);
    }
}

#[test]
fn a_folded_convolution_equals_its_parts() {
    let convolution = Convolution {
        stride: 2,
        padding: 1,
        algorithm: Algorithm::Exact,
        precision: Precision::F32,
    };
    for (with_residual, rectified) in [(false, false), (false, true), (true, false), (true, true)] {
        let x = || tensor(&values(120, 1), SHAPE, DType::F32);
        let kernel = || tensor(&values(5 * 27, 2), [5, 3, 3, 3], DType::F32);
        let bias = tensor(&values(5, 3), [5], DType::F32);
        let residual = with_residual.then(|| tensor(&values(60, 4), [2, 5, 2, 3], DType::F32));
        let y = conv2d_folded(
            x(),
            kernel(),
            bias.clone(),
            convolution,
            residual.clone(),
            rectified,
        );
        let packed =
            FoldedConvolution::new(kernel(), bias.clone(), convolution, Precision::F32, false);
        assert_eq!(
            read(packed.forward(x(), residual.clone(), rectified)),
            read(y.clone())
        );
        let mut expected = conv2d(x(), kernel(), convolution) + bias.reshape([1, 5, 1, 1]);
        if let Some(residual) = residual {
            expected = expected + residual;
        }
        if rectified {
            expected = relu(expected);
        }
        // Sums of 27 products.
        assert_near("y", &read(y), &read(expected), 1e-6);
    }
}

/// In a graph: what comes back through ReLU (guided or not), residual and convolution, beside burn's own parts in f64. The
/// residual is read twice, so that its gradients are added up.
#[test]
fn gradients_of_a_folded_convolution_are_those_of_its_parts() {
    let convolution = Convolution {
        stride: 2,
        padding: 1,
        algorithm: Algorithm::Exact,
        precision: Precision::F32,
    };
    let tracked = |seed, shape: [usize; 4], dtype| {
        let count = shape.iter().product();
        leaf(tensor(&values(count, seed), shape, dtype), true)
    };
    let kernel = |dtype| tensor(&values(5 * 27, 2), [5, 3, 3, 3], dtype);
    let bias = |dtype| tensor(&values(5, 3), [5], dtype);
    let run = |dtype: DType, [with_residual, rectified, is_guided]: [bool; 3]| {
        let x = tracked(1, SHAPE, dtype);
        let residual = tracked(4, [2, 5, 2, 3], dtype);
        let given = with_residual.then(|| residual.clone());
        let y = if dtype == DType::F32 {
            let folded = FoldedConvolution::new(
                kernel(dtype),
                bias(dtype),
                convolution,
                Precision::F32,
                true,
            );
            let folded = if is_guided { folded.guided() } else { folded };
            folded.forward(x.clone(), given, rectified)
        } else {
            let parts = conv2d(x.clone(), Tensor::from_inner(kernel(dtype)), convolution)
                + Tensor::from_inner(bias(dtype)).reshape([1, 5, 1, 1]);
            let y = given.map_or(parts.clone(), |residual| parts + residual);
            match (rectified, is_guided) {
                (false, _) => y,
                (true, false) => relu(y),
                (true, true) => guided_relu(y),
            }
        };
        let direction = Tensor::from_inner(tensor(&values(60, 5), [2, 5, 2, 3], dtype));
        let gradients = ((y.clone() + residual.clone() * 0.5) * direction)
            .sum()
            .backward();
        let gradient = |leaf: Tensor<4>| read(leaf.grad(&gradients).unwrap());
        [read(y), gradient(x), gradient(residual)]
    };
    for case in 0..8 {
        let case = [case & 1 > 0, case & 2 > 0, case & 4 > 0];
        for (found, expected) in run(DType::F32, case).iter().zip(run(DType::F64, case)) {
            // Sums of 27 products.
            assert_near(&format!("{case:?}"), found, &expected, 1e-6);
        }
    }
}
