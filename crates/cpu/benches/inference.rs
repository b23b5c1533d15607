//! Each convolution of the ResNets alone as a network that only predicts runs it: its weight arranged at each call, arranged
//! once, and in bf16, all in turn. Milliseconds are the fewest of many runs, of computing time of all threads together divided
//! by their number, which neighbours on a shared machine disturb less than the time of the clock; shares are of the processor's
//! peak in the same run (multiply-adds on registers alone).
//!
//! `cargo bench --profile dev -p cpu --bench inference -- [18|34|50] [size] [batch] [threads]`

mod layers;

use std::time::{Duration, Instant};

use cpu::{Algorithm, ConvolutionShape, Epilogue, PackedWeight, Precision};

fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .map(|word| word.parse().expect("arguments are numbers"))
        .collect();
    let number = |i: usize, default: usize| numbers.get(i).copied().unwrap_or(default);
    let (depth, size, batch, threads) = (number(0, 50), number(1, 224), number(2, 1), number(3, 1));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a thread pool")
        .install(|| table(depth, size, batch, threads));
}

fn table(depth: usize, size: usize, batch: usize, threads: usize) {
    let peaks = [cpu::peak::multiply_adds(), cpu::peak::pairs()].map(|peak| peak * threads as f64);
    println!(
        "ResNet-{depth}, {size} px, batch {batch}, {threads} threads; peak of f32 {:.0}, of bf16 {:.0} GFLOP/s",
        peaks[0], peaks[1]
    );
    println!(
        "    {:<24}  f32, ms: each, once, ratio, share   bf16, ms, ratio, share",
        "layer"
    );
    let mut sums = [0.0; 3];
    for (count, name, shape) in layers::layers(depth, size, batch) {
        let times = measure(&shape);
        for (sum, time) in sums.iter_mut().zip(times) {
            *sum += count as f64 * time;
        }
        let share = |time: f64, peak: f64| shape.operations() * 1e-6 / time / peak;
        println!(
            "{count:>2}x {name:<24}  {:>7.3} {:>7.3} {:>5.2} {:>5.2}   {:>7.3} {:>5.2} {:>5.2}",
            times[0],
            times[1],
            times[0] / times[1],
            share(times[1], peaks[0]),
            times[2],
            times[1] / times[2],
            share(times[2], peaks[1]),
        );
    }
    println!(
        "sum, ms: {:.1}, {:.1}, bf16 {:.1}; ratios {:.2}, {:.2}",
        sums[0],
        sums[1],
        sums[2],
        sums[0] / sums[1],
        sums[1] / sums[2]
    );
}

/// Shortest milliseconds of each way.
fn measure(shape: &ConvolutionShape) -> [f64; 3] {
    let (x, w, bias) = (
        layers::numbers(shape.input_length()),
        layers::numbers(shape.weight_length()),
        layers::numbers(shape.channels_out),
    );
    let mut y = vec![0.0; shape.output_length()];
    let epilogue = Epilogue {
        bias: Some(&bias),
        residual: None,
        relu: true,
    };
    let packed = [Precision::F32, Precision::Bf16]
        .map(|precision| PackedWeight::new(shape, &w, Algorithm::Fast, precision));
    let pictures = (shape.batch, shape.height, shape.width);
    let mut shortest = [f64::MAX; 3];
    let (start, mut repetitions) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_millis(400) || repetitions < 5 {
        for (way, shortest) in shortest.iter_mut().enumerate() {
            let before = computing_time();
            match way {
                0 => cpu::forward(shape, &x, &w, &mut y, epilogue, Algorithm::Fast),
                _ => packed[way - 1].forward(pictures, &x, &mut y, epilogue),
            }
            let computed = computing_time() - before;
            *shortest = shortest.min(computed / rayon::current_num_threads() as f64);
        }
        repetitions += 1;
    }
    shortest
}

/// Milliseconds that all threads of this process have computed so far.
#[cfg(unix)]
fn computing_time() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock writes one `timespec`.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

#[cfg(not(unix))]
fn computing_time() -> f64 {
    use std::sync::LazyLock;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1e3 * rayon::current_num_threads() as f64
}
