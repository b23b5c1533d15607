//! Each convolution of ResNet-34 and ResNet-50 alone: time, operations of the definition per second, and the
//! share of the product kernel's own peak measured in the same run.
//!
//! `cargo bench --profile dev -p cpu --bench convolution -- [34|50] [size] [batch] [threads] [exact|fast]`

mod layers;

use std::time::{Duration, Instant};

use cpu::{Algorithm, ConvolutionShape, Epilogue};

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let word =
        |i: usize, default: &str| words.get(i).cloned().unwrap_or_else(|| default.to_string());
    let number = |i: usize, default: &str| {
        word(i, default)
            .parse::<usize>()
            .unwrap_or_else(|_| panic!("argument {} must be a number", i + 1))
    };
    let (depth, size, batch, threads) = (
        number(0, "34"),
        number(1, "224"),
        number(2, "8"),
        number(3, "2"),
    );
    let algorithm = if word(4, "fast") == "exact" {
        Algorithm::Exact
    } else {
        Algorithm::Fast
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a thread pool");
    pool.install(|| table(depth, size, batch, threads, algorithm));
}

fn table(depth: usize, size: usize, batch: usize, threads: usize, algorithm: Algorithm) {
    let peak = product_peak();
    println!(
        "ResNet-{depth}, {size} px, batch {batch}, {threads} threads, {algorithm:?}; large 1x1 product: {peak:.0} GFLOP/s"
    );
    println!(
        "{:>2}  {:<24} {:>7}  {:>8} {:>8} {:>8}  {:>5} {:>5} {:>5}  share of the product's speed",
        "", "layer", "GFLOP", "forward", "d input", "d weight", "GF/s", "", ""
    );
    let mut sums = [0.0; 3];
    for (count, name, shape) in layers::layers(depth, size, batch) {
        let times = measure(&shape, algorithm);
        let first = shape.channels_in == 3;
        for (i, time) in times.iter().enumerate() {
            sums[i] += if first && i == 1 {
                0.0
            } else {
                count as f64 * time
            };
        }
        let giga = shape.operations() * 1e-9;
        let speed = |i: usize| giga / times[i] * 1e3;
        println!(
            "{count:>2}x {name:<24} {giga:>7.2}  {:>8.2} {:>8.2} {:>8.2}  {:>5.0} {:>5.0} {:>5.0}  {:.2} {:.2} {:.2}",
            times[0],
            times[1],
            times[2],
            speed(0),
            speed(1),
            speed(2),
            speed(0) / peak,
            speed(1) / peak,
            speed(2) / peak
        );
    }
    println!(
        "sum, ms: forward {:.1}, input gradient {:.1}, weight gradient {:.1}; training {:.1}",
        sums[0],
        sums[1],
        sums[2],
        sums[0] + sums[1] + sums[2]
    );
}

/// Milliseconds of forward, input gradient and weight gradient.
fn measure(shape: &ConvolutionShape, algorithm: Algorithm) -> [f64; 3] {
    let (x, w, dy) = (
        layers::numbers(shape.input_length()),
        layers::numbers(shape.weight_length()),
        layers::numbers(shape.output_length()),
    );
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    [
        best(|| cpu::forward(shape, &x, &w, &mut y, Epilogue::default(), algorithm)),
        best(|| cpu::input_gradient(shape, &dy, &w, &mut dx, algorithm)),
        best(|| cpu::weight_gradient(shape, &x, &dy, &mut dw, algorithm)),
    ]
}

/// Shortest of many repetitions: on a shared machine the others measure the neighbours.
fn best(mut work: impl FnMut()) -> f64 {
    let budget = Duration::from_millis(300);
    work();
    let start = Instant::now();
    let mut shortest = f64::MAX;
    let mut repetitions = 0;
    while start.elapsed() < budget || repetitions < 4 {
        let before = Instant::now();
        work();
        shortest = shortest.min(before.elapsed().as_secs_f64() * 1e3);
        repetitions += 1;
    }
    shortest
}

/// Speed of a product that is large in every direction, GFLOP/s.
fn product_peak() -> f64 {
    let shape = ConvolutionShape {
        batch: 1,
        height: 56,
        width: 56,
        channels_in: 288,
        channels_out: 1024,
        kernel: 1,
        stride: 1,
        padding: 0,
    };
    shape.operations() * 1e-6 / measure_forward(&shape)
}

fn measure_forward(shape: &ConvolutionShape) -> f64 {
    let (x, w) = (
        vec![0.5; shape.input_length()],
        vec![0.25; shape.weight_length()],
    );
    let mut y = vec![0.0; shape.output_length()];
    best(|| cpu::forward(shape, &x, &w, &mut y, Epilogue::default(), Algorithm::Exact))
}
