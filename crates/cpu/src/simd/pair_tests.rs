//! Products of bf16 on every set of instructions of this processor: the same bits.

use super::{
    BLOCK_COLUMNS, BLOCK_ROWS, LANES, PairLevel, PairOperation, Pairs,
    pairs::{add_products_exactly, round, round_pair},
};

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
            let [a, b] =
                std::array::from_fn(|_| std::array::from_fn(|_| round_pair(number(), number())));
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

struct MultiplyBlocks<'a> {
    blocks: usize,
    left: &'a [f32],
    right: &'a [f32],
}

impl PairOperation for MultiplyBlocks<'_> {
    type Output = Vec<u32>;

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) -> Vec<u32> {
        let mut sums = vec![f32::NAN; BLOCK_ROWS * BLOCK_COLUMNS];
        assert!(self.left.len() == self.blocks * BLOCK_ROWS * LANES);
        assert!(self.right.len() == self.blocks * BLOCK_COLUMNS * LANES);
        let (left, right) = (self.left.as_ptr(), self.right.as_ptr());
        // SAFETY: the assertions.
        unsafe { simd.multiply_blocks(self.blocks, left, right, sums.as_mut_ptr()) };
        let bits = |sum: f32| if sum.is_nan() { f32::NAN } else { sum }.to_bits();
        sums.into_iter().map(bits).collect()
    }
}

#[test]
fn products_in_blocks_have_the_same_bits_on_every_level() {
    let mut random = Random(4);
    // Ranges of exponents: ordinary, products around the smallest normal number, around the largest, any; in the last one of
    // sixteen numbers is a special one.
    for (lowest, span, is_special) in [
        (120, 10, false),
        (55, 16, false),
        (186, 8, false),
        (1, 254, false),
        (120, 10, true),
    ] {
        for blocks in [0, 1, 2, 5] {
            for _ in 0..if cfg!(miri) { 1 } else { 20 } {
                let mut pairs = |count: usize| -> Vec<f32> {
                    let mut number = || match random.next() as usize {
                        i if is_special && i.is_multiple_of(16) => {
                            f32::from_bits(SPECIAL[i / 16 % SPECIAL.len()])
                        }
                        _ => random.number(lowest, span),
                    };
                    (0..count).map(|_| round_pair(number(), number())).collect()
                };
                let left = pairs(blocks * BLOCK_ROWS * LANES);
                let right = pairs(blocks * BLOCK_COLUMNS * LANES);
                let run = |level: PairLevel| {
                    level.run(MultiplyBlocks {
                        blocks,
                        left: &left,
                        right: &right,
                    })
                };
                let [_, levels] = PairLevel::by_bits();
                let expected = run(levels[0]);
                for level in levels {
                    assert_eq!(run(level), expected, "{level:?}, {lowest} {blocks}");
                }
            }
        }
    }
}

#[test]
fn even_and_odd_products_of_a_block_have_sums_of_their_own() {
    let one = |even: f32, odd: f32| (round_pair(even, odd), round_pair(1.0, 1.0));
    // Of 2^24, 1 and 1: where 1 is added to 2^24 alone it is lost, where both come first they count.
    let large = 2f32.powi(24);
    for (block, expected) in [
        (vec![one(large, 1.0), one(0.0, 1.0)], large + 2.0),
        (vec![one(large, 0.0), one(1.0, 0.0), one(1.0, 0.0)], large),
    ] {
        let (mut left, mut right) = (
            vec![0.0; BLOCK_ROWS * LANES],
            vec![0.0; LANES * BLOCK_COLUMNS],
        );
        for (k, (a, b)) in block.into_iter().enumerate() {
            (left[k], right[k * BLOCK_COLUMNS]) = (a, b);
        }
        for level in PairLevel::by_bits()[1].iter() {
            let (left, right) = (&left[..], &right[..]);
            let found = level.run(MultiplyBlocks {
                blocks: 1,
                left,
                right,
            });
            assert_eq!(f32::from_bits(found[0]), expected, "{level:?}");
        }
    }
}

struct RoundTogether([Vector; 2]);

impl PairOperation for RoundTogether {
    type Output = Vector;

    #[inline(always)]
    fn run<S: Pairs>(self, simd: S) -> Vector {
        let pairs = simd.round_together(simd.load(&self.0[0]), simd.load(&self.0[1]));
        let mut found = [0.0; LANES];
        simd.store(&mut found, pairs);
        found
    }
}

#[test]
fn two_vectors_become_pairs_lane_by_lane_on_every_level() {
    let mut random = Random(3);
    for _ in 0..if cfg!(miri) { 3 } else { 20_000 } {
        let [even, odd]: [Vector; 2] =
            std::array::from_fn(|_| std::array::from_fn(|_| f32::from_bits(random.next())));
        let expected: Vector = std::array::from_fn(|i| round_pair(even[i], odd[i]));
        for level in PairLevel::available() {
            let found = level.run(RoundTogether([even, odd])).map(f32::to_bits);
            assert_eq!(found, expected.map(f32::to_bits), "{level:?}");
        }
    }
}
