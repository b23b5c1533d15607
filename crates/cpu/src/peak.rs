//! What the processor can do at most, measured: the bound that every kernel is compared with.

use std::{hint::black_box, time::Instant};

use crate::simd::{Arithmetic, LANES, Level, PairLevel, PairOperation, Pairs, Simd, SimdOperation};

/// Sums at a time: enough to hide the latency, few enough for the registers.
const SUMS: usize = 12;
/// Multiply-adds of vectors into each sum in a run: a millisecond.
const STEPS: usize = 100_000;

/// GFLOP/s of one thread in fused multiply-adds that read and write nothing but registers.
pub fn multiply_adds() -> f64 {
    best(|| Level::best().run(MultiplyAdds))
}

/// The same in products of bf16.
pub fn pairs() -> f64 {
    best(|| PairLevel::best().run(PairProducts))
}

/// The fastest of many runs, so that neighbours on a shared machine do not count. A run returns its operations.
fn best(run: impl Fn() -> f64) -> f64 {
    let mut fastest = 0.0f64;
    for _ in 0..50 {
        let start = Instant::now();
        let operations = run();
        fastest = fastest.max(operations * 1e-9 / start.elapsed().as_secs_f64());
    }
    fastest
}

struct MultiplyAdds;

impl SimdOperation for MultiplyAdds {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let register = simd.register();
        let (a, b) = (
            register.splat(black_box(1.0)),
            register.splat(black_box(1e-9)),
        );
        let mut sums = [register.splat(0.0); SUMS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = register.multiply_add(a, b, *sum);
            }
        }
        let mut end = [0.0; LANES];
        for sum in sums {
            register.store(&mut end, sum);
            black_box(end);
        }
        (2 * SUMS * STEPS * S::Register::WIDTH) as f64
    }
}

struct PairProducts;

impl PairOperation for PairProducts {
    type Output = f64;

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) -> f64 {
        let (a, b) = (simd.splat(black_box(1.0)), simd.splat(black_box(1e-9)));
        let mut sums = [simd.splat(0.0); SUMS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.add_products(a, b, *sum);
            }
        }
        let mut end = [0.0; LANES];
        for sum in sums {
            simd.store(&mut end, sum);
            black_box(end);
        }
        (4 * SUMS * STEPS * LANES) as f64
    }
}
