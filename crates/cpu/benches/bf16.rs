//! Each convolution of ResNet-34 and ResNet-50 in bf16 beside `f32`, in turn: milliseconds of a direct product in bf16 and how
//! much longer `f32` takes, with the algorithm that a training chooses there (`kernels = "fast"`).
//!
//! `cargo bench --profile dev -p cpu --bench bf16 -- [34|50] [size] [batch] [threads]`

mod layers;

use std::time::{Duration, Instant};

use cpu::{Algorithm, ConvolutionShape, Epilogue, Precision, bf16};

fn main() {
    let words = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"));
    let words: Vec<usize> = words
        .map(|word| word.parse().expect("arguments are numbers"))
        .collect();
    let number = |i: usize, default: usize| words.get(i).copied().unwrap_or(default);
    let (depth, size, batch, threads) = (number(0, 50), number(1, 224), number(2, 8), number(3, 2));
    if !Precision::Bf16.is_fast() {
        println!("this processor imitates bf16: its times mean nothing");
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().expect("a thread pool");
    pool.install(|| table(depth, size, batch));
}

fn table(depth: usize, size: usize, batch: usize) {
    println!(
        "ResNet-{depth}, {size} px, batch {batch}: direct product in bf16, ms, and f32 over it"
    );
    println!(
        "    {:<24} {:>15} {:>15} {:>15}",
        "layer", "forward", "d input", "d weight"
    );
    let mut sums = [[0.0; 3]; 3];
    for (count, name, shape) in layers::layers(depth, size, batch) {
        let pairs = measure(&shape);
        print!("{count:>2}x {name:<24}");
        for (i, [single, half]) in pairs.into_iter().enumerate() {
            print!(" {half:>8.2} {:>6.2}", single / half);
            if i != 1 || shape.channels_in > 3 {
                let times = [single, half, single.min(half)];
                (0..3).for_each(|way| sums[i][way] += count as f64 * times[way]);
            }
        }
        println!();
    }
    for (sums, name) in sums.iter().zip(["forward", "d input", "d weight"]) {
        let [single, half, least] = sums;
        println!(
            "{name:<8}: f32 {single:.1}, bf16 {half:.1}, the better of both in each layer {least:.1}"
        );
    }
}

/// Milliseconds in `f32` and in bf16 of forward, input gradient and weight gradient.
fn measure(shape: &ConvolutionShape) -> [[f64; 2]; 3] {
    let (x, w, dy) = (
        layers::numbers(shape.input_length()),
        layers::numbers(shape.weight_length()),
        layers::numbers(shape.output_length()),
    );
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    let (fast, none) = (Algorithm::Fast, Epilogue::default());
    // Elsewhere the fast ones are Winograd's in f32.
    let direct = if Precision::Bf16.adds_in_blocks(fast) {
        fast
    } else {
        Algorithm::Exact
    };
    [
        best(&mut y, |single, y| match single {
            true => cpu::forward(shape, &x, &w, y, none, fast),
            false => bf16::forward(shape, &x, &w, y, none, direct),
        }),
        best(&mut dx, |single, dx| match single {
            true => cpu::input_gradient(shape, &dy, &w, dx, fast),
            false => bf16::input_gradient(shape, &dy, &w, dx, direct),
        }),
        best(&mut dw, |single, dw| match single {
            true => cpu::weight_gradient(shape, &x, &dy, dw, fast),
            false => bf16::weight_gradient(shape, &x, &dy, dw, direct),
        }),
    ]
}

/// The shortest of many repetitions of both, in turn: on a shared machine the others measure the neighbours.
fn best(result: &mut [f32], mut work: impl FnMut(bool, &mut [f32])) -> [f64; 2] {
    let budget = Duration::from_millis(600);
    let start = Instant::now();
    let mut shortest = [f64::MAX; 2];
    let mut repetitions = 0;
    while start.elapsed() < budget || repetitions < 6 {
        for (i, single) in [true, false].into_iter().enumerate() {
            let before = Instant::now();
            work(single, result);
            shortest[i] = shortest[i].min(before.elapsed().as_secs_f64() * 1e3);
        }
        repetitions += 1;
    }
    shortest
}
