//! Tensors from fixed pseudo-random values, and comparisons.
#![allow(dead_code, reason = "each test program uses a part of it")]

use burn::tensor::{DType, Device, Tensor, TensorData};

/// Values in -1..1 that are the same on every machine (a linear congruential generator).
pub fn values(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut draw = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    };
    (0..count).map(|_| draw()).collect()
}

pub fn device() -> Device {
    Device::flex()
}

/// A tensor on the plain device.
pub fn tensor<const D: usize>(values: &[f64], shape: [usize; D], dtype: DType) -> Tensor<D> {
    let data = TensorData::new(values.to_vec(), shape);
    Tensor::from_data(data, (&device(), dtype))
}

/// A tensor in a graph; tracked or not.
pub fn leaf<const D: usize>(tensor: Tensor<D>, tracked: bool) -> Tensor<D> {
    let tensor = Tensor::from_inner(tensor);
    if tracked {
        tensor.require_grad()
    } else {
        tensor
    }
}

/// The same tensor with its memory in channels-last order.
pub fn channels_last(tensor: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = tensor.dims();
    let memory = tensor.permute([0, 2, 3, 1]).reshape([n * h * w, c]);
    // An operation on every element, so that the memory really has this order.
    let memory = memory.clone().mask_fill(memory.is_nan(), 0.0);
    memory.reshape([n, h, w, c]).permute([0, 3, 1, 2])
}

pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor
        .into_data_as::<f64>()
        .try_to_vec()
        .expect("float data")
}

pub fn bits<const D: usize>(tensor: Tensor<D>) -> Vec<u32> {
    let values: Vec<f32> = tensor.into_data().try_to_vec().expect("f32 data");
    values.into_iter().map(f32::to_bits).collect()
}

/// Fails if the largest difference exceeds `tolerance` times the largest expected value (at least 1).
#[track_caller]
pub fn assert_near(name: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{name}: number of values");
    let scale = expected
        .iter()
        .fold(1.0f64, |largest, value| largest.max(value.abs()));
    let differences = actual.iter().zip(expected).map(|(a, e)| (a - e).abs());
    // NaN is never near.
    let worst = differences.fold(
        0.0f64,
        |worst, d| if d > worst || d.is_nan() { d } else { worst },
    );
    assert!(
        worst <= tolerance * scale,
        "{name}: differs by {worst:e} at scale {scale:e}"
    );
}

/// Derivatives of `f` at `x` by central differences.
pub fn numerical_gradient(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let at = |index: usize, step: f64| {
        let mut moved = x.to_vec();
        moved[index] += step;
        f(&moved)
    };
    (0..x.len())
        .map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP))
        .collect()
}

/// Runs `f` in pools of one, two and three threads.
pub fn with_threads<T: Send>(f: impl Fn() -> T + Sync) -> Vec<T> {
    [1, 2, 3]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a thread pool").install(&f)
        })
        .into()
}
