//! bf16 numbers, two in each lane, and the choice of the instructions that multiply them.
//!
//! A bf16 is the upper half of an `f32`: its range with eight bits of precision. AVX512-BF16 multiplies pairs of them and adds
//! both products to an `f32`. What it does exactly (Intel's *Architecture Instruction Set Extensions*, VDPBF16PS; the same on
//! AMD's Zen 4, tried on 10^8 random and special operands) is computed by all levels here, so all give the same bits:
//! * first the odd product is added, then the even one, each step rounded once to nearest even, whatever MXCSR says;
//! * numbers below the normal range (2^-126) count as zero, and sums that are below it once rounded to 24 bits become zero.
//!
//! Rounding to bf16 (VCVTNE2PS2BF16) is to nearest even too, with numbers below the normal range as zero.

use super::{
    Level,
    portable::Portable,
    vector::{LANES, Simd},
};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// [`Simd`] with vectors whose lanes are pairs of bf16, the even number in the lower half of the bits.
///
/// # Safety
/// As for [`Simd`].
pub unsafe trait Pairs: Simd {
    /// Lane-wise `c + odd(a) * odd(b) + even(a) * even(b)`, added from left to right. `c` is a sum of this function or zero,
    /// `a` and `b` are of [`Pairs::round`] or [`round_pair`].
    fn add_products(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The 32 numbers of two vectors as sixteen pairs, in the order of memory.
    fn round(self, low: Self::Vector, high: Self::Vector) -> Self::Vector;
}

/// A computation written over any [`Pairs`]; see [`super::SimdOperation`].
pub trait PairOperation {
    /// Result of the computation.
    type Output;
    /// Runs it. Implementations are `#[inline(always)]`.
    fn run<S: Pairs>(self, simd: S) -> Self::Output;
}

/// The instructions to use for bf16. All give the same bits.
#[derive(Clone, Copy, Debug)]
pub enum PairLevel {
    /// AVX512-BF16.
    #[cfg(target_arch = "x86_64")]
    Native(Avx512<true>),
    /// Two fused multiply-adds on 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512<false>),
    /// Two fused multiply-adds on 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Arrays.
    Portable(Portable<true>),
}

impl PairLevel {
    /// The fastest that this processor has.
    pub fn best() -> PairLevel {
        PairLevel::available()
            .next()
            .unwrap_or(PairLevel::Portable(Portable))
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> impl Iterator<Item = PairLevel> {
        #[cfg(target_arch = "x86_64")]
        let fast = [
            Avx512::<true>::detect().map(PairLevel::Native),
            Avx512::<false>::detect().map(PairLevel::Avx512),
            Avx2::detect().map(PairLevel::Avx2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let fast: [Option<PairLevel>; 0] = [];
        let portable = std::iter::once(PairLevel::Portable(Portable));
        fast.into_iter().flatten().chain(portable)
    }

    /// True where the processor multiplies bf16 by itself.
    pub fn is_native(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Native(_) => true,
            _ => false,
        }
    }

    /// The level for what stays in `f32`; the same bits at all of them.
    pub fn single(self) -> Level {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Native(simd) => Level::Avx512(simd.without_bf16()),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx512(simd) => Level::Avx512(simd),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx2(simd) => Level::Avx2(simd),
            PairLevel::Portable(simd) => Level::Fused(simd),
        }
    }

    /// Runs `kernel` compiled for these instructions.
    #[inline]
    pub fn run<K: PairOperation>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            PairLevel::Native(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx512(simd) => simd.run_pairs(kernel),
            #[cfg(target_arch = "x86_64")]
            PairLevel::Avx2(simd) => simd.run_pairs(kernel),
            PairLevel::Portable(simd) => kernel.run(simd),
        }
    }
}

/// `even` and `odd` rounded to bf16, as one lane.
pub fn round_pair(even: f32, odd: f32) -> f32 {
    f32::from_bits(round(even) | round(odd) << 16)
}

/// The upper half of the bits of the nearest bf16.
#[inline(always)]
fn round(number: f32) -> u32 {
    let bits = number.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if magnitude > 0x7f80_0000 {
        bits >> 16 | 0x40 // a quiet NaN
    } else if magnitude < 0x0080_0000 {
        bits >> 16 & 0x8000
    } else {
        rounded
    }
}

/// [`Pairs::round`] on arrays.
#[inline(always)]
pub(super) fn round_array(numbers: &[f32; 2 * LANES]) -> [f32; LANES] {
    std::array::from_fn(|i| round_pair(numbers[2 * i], numbers[2 * i + 1]))
}

/// Twice the bits of the smallest normal number, less two: `(bits << 1) - 2` is at most this for the numbers around zero, but
/// not for zero, that [`Pairs::add_products`] makes zero or leaves as the smallest normal number.
#[cfg(target_arch = "x86_64")]
pub(super) const FLUSHED_SPAN: u32 = 2 * 0x0080_0000 - 2;

/// [`Pairs::add_products`] on arrays.
pub(super) fn add_products_exactly(
    a: &[f32; LANES],
    b: &[f32; LANES],
    c: &[f32; LANES],
) -> [f32; LANES] {
    std::array::from_fn(|i| {
        let (a, b) = (a[i].to_bits(), b[i].to_bits());
        let number = |half: u32| f64::from(f32::from_bits(half << 16));
        let odd = add_product(number(a >> 16), number(b >> 16), c[i]);
        add_product(number(a & 0xffff), number(b & 0xffff), odd)
    })
}

/// `a * b + c`, rounded once. The product of two bf16 is exact in `f64`; the sum with an `f32` is either exact too, or the
/// smaller of the two is so small that it cannot move the other to another `f32`.
fn add_product(a: f64, b: f64, c: f32) -> f32 {
    /// Halfway between the smallest normal number and the number of 24 bits below it.
    const SMALLEST_KEPT: f64 = f32::MIN_POSITIVE as f64 * (1.0 - 1.0 / (1u64 << 25) as f64);
    let sum = a * b + f64::from(c);
    if sum.abs() < SMALLEST_KEPT {
        return 0f32.copysign(sum as f32);
    }
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f32; LANES];

    struct AddProducts([Vector; 3]);

    impl PairOperation for AddProducts {
        type Output = Vector;

        #[inline(always)]
        fn run<S: Pairs>(self, simd: S) -> Vector {
            let [a, b, c] = self.0;
            let sums = simd.add_products(simd.load(&a), simd.load(&b), simd.load(&c));
            let mut found = [0.0; LANES];
            simd.store(&mut found, sums);
            found
        }
    }

    struct Round([Vector; 2]);

    impl PairOperation for Round {
        type Output = Vector;

        #[inline(always)]
        fn run<S: Pairs>(self, simd: S) -> Vector {
            let pairs = simd.round(simd.load(&self.0[0]), simd.load(&self.0[1]));
            let mut found = [0.0; LANES];
            simd.store(&mut found, pairs);
            found
        }
    }

    /// Repeatable bits.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 32) as u32
        }

        /// A number with an exponent (biased by 127) of `span` from `lowest` on.
        fn number(&mut self, lowest: u32, span: u32) -> f32 {
            let exponent = lowest + self.next() % span;
            f32::from_bits(self.next() & 0x807f_ffff | exponent << 23)
        }
    }

    const SPECIAL: [u32; 14] = [
        0,
        0x8000_0000,
        1,
        0x8000_0001,
        0x007f_ffff,
        0x0080_0000,
        0x8080_0000,
        0x3f80_0000,
        0xbf80_0000,
        0x7f7f_0000,
        0xff7f_ffff,
        0x7f80_0000,
        0xff80_0000,
        0x7fc0_0001,
    ];

    /// The bits; all NaN are one.
    fn bits(numbers: Vector) -> [u32; LANES] {
        numbers.map(|number| {
            if number.is_nan() {
                f32::NAN.to_bits()
            } else {
                number.to_bits()
            }
        })
    }

    fn flushed(number: f32) -> f32 {
        if number.abs() < f32::MIN_POSITIVE {
            0f32.copysign(number)
        } else {
            number
        }
    }

    fn agree(operands: [Vector; 3]) {
        let expected = bits(add_products_exactly(
            &operands[0],
            &operands[1],
            &operands[2],
        ));
        for level in PairLevel::available() {
            let found = bits(level.run(AddProducts(operands)));
            assert_eq!(found, expected, "{level:?} {operands:?}");
        }
    }

    #[test]
    fn sums_of_products_have_the_same_bits_on_every_level() {
        let mut random = Random(1);
        // Ranges of exponents of factors and sums: ordinary, around the smallest normal number, around the largest, any.
        for (factors, sums) in [
            ((120, 10), (115, 20)),
            ((60, 8), (1, 8)),
            ((186, 8), (247, 8)),
            ((1, 254), (1, 254)),
        ] {
            for _ in 0..if cfg!(miri) { 3 } else { 20_000 } {
                let mut number = || random.number(factors.0, factors.1);
                let [a, b] = std::array::from_fn(|_| {
                    std::array::from_fn(|_| round_pair(number(), number()))
                });
                let c = std::array::from_fn(|_| random.number(sums.0, sums.1));
                agree([a, b, c]);
            }
        }
    }

    #[test]
    fn special_numbers_have_the_same_sums_on_every_level() {
        let special = SPECIAL.map(f32::from_bits);
        for (a, b) in special.into_iter().flat_map(|a| special.map(|b| (a, b))) {
            let c = std::array::from_fn(|i| flushed(special[i % special.len()]));
            agree([[round_pair(a, 1.0); LANES], [round_pair(b, 1.0); LANES], c]);
            agree([[round_pair(2.0, a); LANES], [round_pair(a, b); LANES], c]);
        }
    }

    #[test]
    fn sums_are_made_zero_by_their_size_after_rounding_to_24_bits() {
        let power = |exponent: i32| 2f32.powi(exponent);
        // The smallest normal number less 1, 3/4 and 1/2 of half its last place.
        for (factor, kept) in [(-2.0, false), (-1.5, false), (-1.0, true)] {
            for pair in [
                round_pair(0.0, factor * power(-75)),
                round_pair(factor * power(-75), 0.0),
            ] {
                let b = [round_pair(power(-76), power(-76)); LANES];
                let operands = [[pair; LANES], b, [f32::MIN_POSITIVE; LANES]];
                agree(operands);
                let found = PairLevel::best().run(AddProducts(operands))[0];
                assert_eq!(
                    found,
                    if kept { f32::MIN_POSITIVE } else { 0.0 },
                    "{factor}"
                );
            }
        }
    }

    #[test]
    fn the_odd_product_is_added_first_and_each_sum_is_rounded() {
        // 2^24 + 1 is rounded to 2^24, and then less 2^24 is zero; the other way round one is left.
        let a = [round_pair(-1.0, 1.0); LANES];
        let b = [round_pair(2f32.powi(24), 1.0); LANES];
        for level in PairLevel::available() {
            let found = level.run(AddProducts([a, b, [2f32.powi(24); LANES]]));
            assert_eq!(found, [0.0; LANES], "{level:?}");
        }
    }

    #[test]
    fn numbers_are_rounded_to_nearest_even_on_every_level() {
        for (number, expected) in [
            (0x3f80_8000, 0x3f80),
            (0x3f81_8000, 0x3f82),
            (0x3f80_8001, 0x3f81),
            (0x7f7f_ffff, 0x7f80),
            (0x007f_ffff, 0),
            (0x8000_0001, 0x8000),
            (0x0080_0000, 0x0080),
            (0x7f80_0001, 0x7fc0),
        ] {
            assert_eq!(round(f32::from_bits(number)), expected, "{number:08x}");
        }
        let mut random = Random(2);
        for _ in 0..if cfg!(miri) { 3 } else { 20_000 } {
            let halves =
                std::array::from_fn(|_| std::array::from_fn(|_| f32::from_bits(random.next())));
            let expected: Vector = std::array::from_fn(|i| {
                let number = |i: usize| halves[i / LANES][i % LANES];
                round_pair(number(2 * i), number(2 * i + 1))
            });
            for level in PairLevel::available() {
                let found = level.run(Round(halves)).map(f32::to_bits);
                assert_eq!(found, expected.map(f32::to_bits), "{level:?} {halves:?}");
            }
        }
    }
}
