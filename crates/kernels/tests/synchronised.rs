//! Batch norm over the pictures of several processes, which are threads here: that of the whole batch.

mod common;

use burn::tensor::{DType, Tensor};
use common::*;
use kernels::{Synchronised, batch_norm_train_over};
use processes::threads;
use std::{ops::Range, thread};

const EPSILON: f64 = 1e-5;
/// As in `batch_norm`, where the sums are those of one process.
const TOLERANCE: f64 = 2e-6;
const SHAPE: [usize; 4] = [7, 5, 6, 3];

/// Output, mean, variance, and the gradients of input, residual, weight and bias, for some pictures.
fn run(pictures: Range<usize>, relu: bool, synchronised: Option<&Synchronised>) -> [Vec<f64>; 7] {
    let [_, channels, h, w] = SHAPE;
    let part = |seed: u64| -> Tensor<4> {
        let all = values(SHAPE.iter().product(), seed);
        let length = channels * h * w;
        let shape = [pictures.len(), channels, h, w];
        let values: Vec<f64> = all[pictures.start * length..pictures.end * length]
            .iter()
            .map(|value| value * 2.0 + 0.5)
            .collect();
        tensor(&values, shape, DType::F32)
    };
    let (x, shortcut) = (leaf(part(1), true), leaf(part(4), true));
    let weight: Vec<f64> = values(channels, 2).iter().map(|v| v + 1.5).collect();
    let weight = leaf(tensor(&weight, [channels], DType::F32), true);
    let bias = leaf(tensor(&values(channels, 3), [channels], DType::F32), true);
    let residual = Some(shortcut.clone());
    let (y, statistics) = batch_norm_train_over(
        x.clone(),
        weight.clone(),
        bias.clone(),
        EPSILON,
        residual,
        relu,
        synchronised,
    );
    let direction: Tensor<4> = Tensor::from_inner(part(5));
    let gradients = (y.clone() * direction).sum().backward();
    [
        read(y),
        read(statistics.mean),
        read(statistics.variance),
        read(x.grad(&gradients).unwrap()),
        read(shortcut.grad(&gradients).unwrap()),
        read(weight.grad(&gradients).unwrap()),
        read(bias.grad(&gradients).unwrap()),
    ]
}

#[test]
fn parts_with_synchronised_statistics_are_the_whole_batch() {
    for relu in [false, true] {
        let whole = run(0..SHAPE[0], relu, None);
        for count in [1, 2, 3] {
            let parts: Vec<_> = thread::scope(|scope| {
                let all = threads(count).into_iter().map(|processes| {
                    let pictures = processes.share(SHAPE[0]);
                    scope.spawn(move || {
                        let synchronised = Synchronised::new(processes);
                        let results = run(pictures, relu, Some(&synchronised));
                        synchronised.result().unwrap();
                        results
                    })
                });
                let all: Vec<_> = all.collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            for (place, expected) in whole.iter().enumerate() {
                let mut parts = parts.iter().map(|part: &[Vec<f64>; 7]| part[place].clone());
                let found: Vec<f64> = match place {
                    // The same everywhere.
                    1 | 2 => parts.next_back().unwrap(),
                    // To be added up.
                    5 | 6 => parts
                        .reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect())
                        .unwrap(),
                    _ => parts.flatten().collect(),
                };
                let name = format!("{count} processes, relu {relu}, result {place}");
                assert_near(&name, &found, expected, TOLERANCE);
            }
        }
    }
}

#[test]
fn a_process_that_is_lost_is_told_and_not_waited_for() {
    let mut all = threads(2);
    drop(all.pop());
    let synchronised = Synchronised::new(all.remove(0));
    let alone = run(0..3, true, None);
    let results = run(0..3, true, Some(&synchronised));
    assert!(synchronised.result().is_err());
    assert_eq!(results, alone);
}
