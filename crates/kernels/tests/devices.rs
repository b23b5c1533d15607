//! Every operation, forward and backward, on every GPU that this build reaches, beside the CPU in f64. One table; all
//! cases that fail are told at once.
//!
//! ```sh
//! cargo test -p kernels --features wgpu --test devices -- --nocapture       # prints the largest differences
//! ```
#![cfg(feature = "gpu")]

mod common;

use burn::tensor::{DType, Device, FloatDType, Gradients, Int, Tensor, TensorData};
use common::values;
use kernels::{
    AdamStep, Algorithm, BatchStatistics, Convolution, ListedDevice, Move, Precision, adam_step,
    average_pool, batch_norm_train, concat_pool, conv2d, conv2d_folded, cross_entropy,
    cross_entropy_mixed, gpus, max_pool2d, move_statistics,
};

/// Of the largest value. Tensor cores of NVIDIA multiply f32 with a mantissa of ten bits (TF32, 4.9e-4 for each factor);
/// the errors of a sum partly cancel.
const TENSOR_CORES: f64 = 2e-3;
/// Of the largest value. Sums of up to 4,000 products in f32, in an order that the GPU chooses.
const SINGLE: f64 = 2e-5;

#[test]
fn every_operation_is_the_cpus_in_f64() {
    let devices = gpus();
    if devices.is_empty() {
        println!("no GPU and no software that plays one: nothing was compared");
    }
    let mut failed = Vec::new();
    for listed in devices {
        println!("{} ({})", listed.typed, listed.name);
        for (name, run) in cases() {
            let found = run(&listed.device, DType::F32);
            let expected = run(&Device::flex(), DType::F64);
            for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let difference = difference(found, expected);
                println!("  {name:40} {part} {difference:.1e}");
                // NaN is never near.
                if difference.is_nan() || difference > tolerance(&listed) {
                    failed.push(format!(
                        "{}: {name}, result {part}: {difference:e}",
                        listed.typed
                    ));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The fallback of a folded convolution, the choice of a strategy and the sums have no atomics: the same call gives the
/// same bits.
#[test]
fn a_second_call_gives_the_same_bits() {
    let mut failed = Vec::new();
    for listed in gpus() {
        for (name, run) in cases() {
            let bits = || -> Vec<Vec<u64>> {
                let results = run(&listed.device, DType::F32);
                let bits = |values: &Vec<f64>| values.iter().map(|value| value.to_bits()).collect();
                results.iter().map(bits).collect()
            };
            let first = bits();
            if (0..3).any(|_| bits() != first) {
                failed.push(format!("{}: {name}", listed.typed));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Columns of 156 MB do not fit the 128 MiB that are taken at a time: three pictures, then one.
#[test]
fn a_weight_gradient_that_is_added_up_in_parts_is_the_cpus() {
    let run = |device: &Device| {
        let x = leaf([4, 64, 130, 130], 1, false, device, DType::F32);
        let weight = leaf([8, 64, 3, 3], 2, true, device, DType::F32);
        let y = conv2d(x, weight.clone(), geometry(1, 1));
        gradient(&weight, &backward(y, device, DType::F32))
    };
    for listed in gpus() {
        let difference = difference(&run(&listed.device), &run(&Device::flex()));
        assert!(
            difference <= tolerance(&listed),
            "{}: {difference:e}",
            listed.typed
        );
    }
}

/// Maps in half precision with parameters in f32, forward and backward, where the device has such numbers. All inputs are
/// exact in each of them, so that only sums and results are rounded.
#[test]
fn half_precision_is_the_cpus_in_f64_but_for_the_rounding_of_results() {
    let mut failed = Vec::new();
    for listed in gpus() {
        for (dtype, tolerance) in HALVES {
            if !listed.device.supports_dtype(dtype) {
                println!("{} has no {dtype:?}: not compared", listed.typed);
                continue;
            }
            for (name, run) in half_cases() {
                let found = run(&listed.device, [dtype, DType::F32]);
                let expected = run(&Device::flex(), [DType::F64; 2]);
                for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let difference = difference(found, expected);
                    println!("  {dtype:?} {name:40} {part} {difference:.1e}");
                    if difference.is_nan() || difference > tolerance {
                        failed.push(format!(
                            "{}: {dtype:?} {name}, result {part}: {difference:e}",
                            listed.typed
                        ));
                    }
                }
                let again = run(&listed.device, [dtype, DType::F32]);
                if again != found {
                    failed.push(format!("{}: {dtype:?} {name}: other bits", listed.typed));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Types with the largest difference as a share of the largest value: two units in the last place, for a result that is
/// rounded once on its way and once at its end.
const HALVES: [(DType, f64); 2] = [(DType::BF16, 8e-3), (DType::F16, 1e-3)];

/// A case with the types of maps and parameters.
type HalfCase = (String, Box<dyn Fn(&Device, [DType; 2]) -> Vec<Vec<f64>>>);

fn half_cases() -> Vec<HalfCase> {
    let mut cases: Vec<HalfCase> = Vec::new();
    for [batch, channels, outputs, side, window, stride] in CONVOLUTIONS {
        cases.push((
            format!("convolution {batch}x{channels}x{side}x{side} {outputs} {window}/{stride}"),
            Box::new(move |device, [maps, parameters]| {
                let x = short_leaf([batch, channels, side, side], 1, device, maps);
                let weight = short_leaf([outputs, channels, window, window], 2, device, parameters);
                let y = conv2d(x.clone(), weight.clone(), geometry(stride, window / 2));
                let gradients = short_backward(y.clone(), device, maps);
                vec![
                    read(y),
                    gradient(&x, &gradients),
                    gradient(&weight, &gradients),
                ]
            }),
        ));
    }
    for residual in [false, true] {
        cases.push((
            format!("batch norm, residual {residual}"),
            Box::new(move |device, [maps, parameters]| {
                let shape = [4, 6, 45, 55];
                let x = short_leaf(shape, 5, device, maps);
                let [weight, bias] = [6, 7].map(|seed| short_leaf([6], seed, device, parameters));
                let shortcut = residual.then(|| short_leaf(shape, 8, device, maps));
                let (y, statistics) = batch_norm_train(
                    x.clone(),
                    weight.clone(),
                    bias.clone(),
                    1e-5,
                    shortcut.clone(),
                    false,
                );
                let gradients = short_backward(y.clone(), device, maps);
                let shortcut = shortcut.map(|shortcut| gradient(&shortcut, &gradients));
                vec![
                    read(y),
                    read(statistics.mean),
                    read(statistics.variance),
                    gradient(&x, &gradients),
                    gradient(&weight, &gradients),
                    gradient(&bias, &gradients),
                    shortcut.unwrap_or_default(),
                ]
            }),
        ));
    }
    cases.push((
        "pooling".to_owned(),
        Box::new(|device, [maps, _]| {
            let x = short_leaf([2, 6, 9, 9], 9, device, maps);
            let y = max_pool2d(x.clone());
            let gradients = short_backward(y.clone(), device, maps);
            vec![read(y), gradient(&x, &gradients)]
        }),
    ));
    cases
}

/// A tracked tensor of multiples of 1/64 from -1 to 1.
fn short_leaf<const D: usize>(
    shape: [usize; D],
    seed: u64,
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    common::leaf(short(shape, seed, device, dtype), true)
}

fn short<const D: usize>(shape: [usize; D], seed: u64, device: &Device, dtype: DType) -> Tensor<D> {
    let values = values(shape.iter().product(), seed);
    let values: Vec<f64> = values
        .iter()
        .map(|value| (value * 64.0).round() / 64.0)
        .collect();
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

/// The gradients of a sum of `y` with fixed weights, which is taken in at least f32.
fn short_backward<const D: usize>(y: Tensor<D>, device: &Device, maps: DType) -> Gradients {
    let weights = common::leaf(short(y.dims(), 99, device, maps), false);
    let y = y * weights;
    match maps {
        DType::F64 => y.sum().backward(),
        _ => y.cast(FloatDType::F32).sum().backward(),
    }
}

/// Parts of a network are frozen in the first stage. (burn issue 5162: NaN where only parameters were tracked.)
#[test]
fn what_is_not_tracked_changes_no_other_gradient() {
    for listed in gpus() {
        for tracked in [[true, false], [false, true]] {
            let run = |device: &Device, dtype| {
                let x = leaf([2, 8, 10, 10], 1, tracked[0], device, dtype);
                let weight = leaf([16, 8, 3, 3], 2, tracked[1], device, dtype);
                let y = conv2d(x.clone(), weight.clone(), geometry(1, 1));
                let gradients = backward(y, device, dtype);
                assert_eq!(x.grad(&gradients).is_some(), tracked[0]);
                assert_eq!(weight.grad(&gradients).is_some(), tracked[1]);
                if tracked[0] {
                    gradient(&x, &gradients)
                } else {
                    gradient(&weight, &gradients)
                }
            };
            let found = run(&listed.device, DType::F32);
            let difference = difference(&found, &run(&Device::flex(), DType::F64));
            assert!(
                difference <= tolerance(&listed),
                "{}: {difference:e}",
                listed.typed
            );
        }
    }
}

fn tolerance(listed: &ListedDevice) -> f64 {
    if listed.typed.starts_with("cuda") {
        TENSOR_CORES
    } else {
        SINGLE
    }
}

/// Batch, channels, outputs, side of the picture, side of the window, stride: the shapes of a ResNet and odd ones.
const CONVOLUTIONS: [[usize; 6]; 9] = [
    [2, 3, 64, 33, 7, 2],
    [2, 64, 64, 14, 3, 1],
    [2, 64, 128, 15, 3, 2],
    [2, 16, 24, 16, 3, 2],
    [3, 64, 128, 14, 1, 2],
    [1, 256, 64, 7, 1, 1],
    [6, 128, 256, 5, 3, 1],
    [5, 5, 7, 9, 3, 1],
    [1, 1, 1, 5, 3, 1],
];

type Case = (String, Box<dyn Fn(&Device, DType) -> Vec<Vec<f64>>>);

/// Each returns its results and its gradients.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for [batch, channels, outputs, side, window, stride] in CONVOLUTIONS {
        cases.push((
            format!("convolution {batch}x{channels}x{side}x{side} {outputs} {window}/{stride}"),
            Box::new(move |device, dtype| {
                let x = leaf([batch, channels, side, side], 1, true, device, dtype);
                let weight = leaf([outputs, channels, window, window], 2, true, device, dtype);
                let y = conv2d(x.clone(), weight.clone(), geometry(stride, window / 2));
                let gradients = backward(y.clone(), device, dtype);
                vec![
                    read(y),
                    gradient(&x, &gradients),
                    gradient(&weight, &gradients),
                ]
            }),
        ));
    }
    for (relu, residual) in [(false, false), (true, false), (true, true)] {
        cases.push((
            format!("folded convolution, relu {relu}, residual {residual}"),
            Box::new(move |device, dtype| {
                let x = plain([2, 16, 9, 9], 1, device, dtype);
                let weight = plain([32, 16, 3, 3], 2, device, dtype);
                let bias = plain([32], 3, device, dtype);
                let shortcut = residual.then(|| plain([2, 32, 9, 9], 4, device, dtype));
                vec![read(conv2d_folded(
                    x,
                    weight,
                    bias,
                    geometry(1, 1),
                    shortcut,
                    relu,
                ))]
            }),
        ));
        cases.push((
            format!("batch norm, relu {relu}, residual {residual}"),
            Box::new(move |device, dtype| {
                // 9,900 values of a channel: more than one for each unit that adds up, and a shorter last block.
                let shape = [4, 6, 45, 55];
                let x = leaf(shape, 5, true, device, dtype);
                let [weight, bias] = [6, 7].map(|seed| leaf([6], seed, true, device, dtype));
                let shortcut = residual.then(|| leaf(shape, 8, true, device, dtype));
                let (y, statistics) = batch_norm_train(
                    x.clone(),
                    weight.clone(),
                    bias.clone(),
                    1e-5,
                    shortcut.clone(),
                    relu,
                );
                let gradients = backward(y.clone(), device, dtype);
                let shortcut = shortcut.map(|shortcut| gradient(&shortcut, &gradients));
                vec![
                    read(y),
                    read(statistics.mean),
                    read(statistics.variance),
                    gradient(&x, &gradients),
                    gradient(&weight, &gradients),
                    gradient(&bias, &gradients),
                    shortcut.unwrap_or_default(),
                ]
            }),
        ));
    }
    let pools: [(&str, fn(Tensor<4>) -> Tensor<2>); 3] = [
        ("largest of windows", |x| max_pool2d(x).flatten(1, 3)),
        ("largest and mean", concat_pool),
        ("mean", average_pool),
    ];
    for (name, pool) in pools {
        for side in [1, 6, 9] {
            cases.push((
                format!("pooling, {name}, {side}x{side}"),
                Box::new(move |device, dtype| {
                    let x = leaf([2, 6, side, side], 9, true, device, dtype);
                    let y = pool(x.clone());
                    let gradients = backward(y.clone(), device, dtype);
                    vec![read(y), gradient(&x, &gradients)]
                }),
            ));
        }
    }
    cases.push(("matrix product".to_owned(), Box::new(matrix_product)));
    cases.push(("cross entropy".to_owned(), Box::new(losses)));
    for count in [1, 3, 9900] {
        cases.push((
            format!("running statistics, {count} values of a channel"),
            Box::new(move |device, dtype| running_statistics(count, device, dtype)),
        ));
    }
    for decoupled in [false, true] {
        cases.push((
            format!("Adam, decoupled {decoupled}"),
            Box::new(move |device, dtype| adam(decoupled, device, dtype)),
        ));
    }
    cases
}

/// More channels than units work side by side.
fn running_statistics(count: usize, device: &Device, dtype: DType) -> Vec<Vec<f64>> {
    let statistics = |seed| BatchStatistics {
        mean: plain([300], seed, device, dtype),
        variance: plain([300], seed + 1, device, dtype),
    };
    let by = Move {
        momentum: 0.1,
        count,
    };
    let moved = move_statistics(statistics(20), statistics(22), by);
    vec![read(moved.mean), read(moved.variance)]
}

fn matrix_product(device: &Device, dtype: DType) -> Vec<Vec<f64>> {
    let x = leaf([24, 512], 10, true, device, dtype);
    let weight = leaf([512, 37], 11, true, device, dtype);
    let y = x.clone().matmul(weight.clone());
    let gradients = backward(y.clone(), device, dtype);
    vec![
        read(y),
        gradient(&x, &gradients),
        gradient(&weight, &gradients),
    ]
}

fn losses(device: &Device, dtype: DType) -> Vec<Vec<f64>> {
    let autodiff = device.clone().autodiff();
    let classes = |classes: [i64; 5]| -> Tensor<1, Int> {
        Tensor::from_data(TensorData::from(classes), &autodiff)
    };
    let (first, second) = (classes([0, 3, 6, 1, 2]), classes([1, 3, 5, 0, 0]));
    let share = TensorData::from([0.3f64, 1.0, 0.0, 0.5, 0.9]);
    let share = Tensor::from_data(share, (&autodiff, dtype));
    let logits = leaf([5, 7], 12, true, device, dtype);
    let plain = cross_entropy(logits.clone(), first.clone());
    let gradients = plain.clone().backward();
    let mut results = vec![read(plain), gradient(&logits, &gradients)];
    let mixed = cross_entropy_mixed(logits.clone(), first, second, share);
    let gradients = mixed.clone().backward();
    results.extend([read(mixed), gradient(&logits, &gradients)]);
    results
}

fn adam(decoupled: bool, device: &Device, dtype: DType) -> Vec<Vec<f64>> {
    let [parameter, gradient, first] = [13, 14, 15].map(|seed| plain([40], seed, device, dtype));
    let second = plain([40], 16, device, dtype).abs();
    let step = AdamStep {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 1e-2,
        decoupled,
        step: 3,
    };
    let (parameter, first, second) = adam_step(parameter, gradient, first, second, &step);
    vec![read(parameter), read(first), read(second)]
}

fn geometry(stride: usize, padding: usize) -> Convolution {
    Convolution {
        stride,
        padding,
        algorithm: Algorithm::Exact,
        precision: Precision::F32,
    }
}

fn plain<const D: usize>(shape: [usize; D], seed: u64, device: &Device, dtype: DType) -> Tensor<D> {
    // Rounded to f32 first, so that all see the same values.
    let values: Vec<f64> = values(shape.iter().product(), seed)
        .iter()
        .map(|&value| f64::from(value as f32))
        .collect();
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

fn leaf<const D: usize>(
    shape: [usize; D],
    seed: u64,
    tracked: bool,
    device: &Device,
    dtype: DType,
) -> Tensor<D> {
    common::leaf(plain(shape, seed, device, dtype), tracked)
}

/// The gradients of a sum of `y` with fixed weights.
fn backward<const D: usize>(y: Tensor<D>, device: &Device, dtype: DType) -> Gradients {
    let weights = leaf(y.dims(), 99, false, device, dtype);
    (y * weights).sum().backward()
}

fn gradient<const D: usize>(of: &Tensor<D>, gradients: &Gradients) -> Vec<f64> {
    of.grad(gradients).map(read).expect("a gradient")
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Largest difference as a share of the largest expected value.
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let scale = expected
        .iter()
        .fold(f64::MIN_POSITIVE, |scale, value| scale.max(value.abs()));
    let differences = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f - e).abs() / scale);
    differences.fold(
        0.0,
        |worst, d| if d > worst || d.is_nan() { d } else { worst },
    )
}
