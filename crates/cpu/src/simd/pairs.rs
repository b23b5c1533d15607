//! bf16 numbers, two in each lane.
//!
//! A bf16 is the upper half of an `f32`: its range with eight bits of precision. AVX512-BF16 multiplies pairs of them and adds
//! both products to an `f32`. What it does exactly (Intel's *Architecture Instruction Set Extensions*, VDPBF16PS; the same on
//! AMD's Zen 4, tried on 10^8 random and special operands) is computed by all levels here, so all give the same bits:
//! * first the odd product is added, then the even one, each step rounded once to nearest even, whatever MXCSR says;
//! * numbers below the normal range (2^-126) count as zero, and sums that are below it once rounded to 24 bits become zero.
//!
//! Rounding to bf16 (VCVTNE2PS2BF16) is to nearest even too, with numbers below the normal range as zero.
//!
//! AMX (TDPBF16PS) is many times faster and adds in another order, by blocks of up to sixteen pairs: see [`Pairs::multiply_blocks`].
//! Its bits are therefore others, and a computation says which of both it wants.

use super::vector::{LANES, Simd};

/// Rows of the left matrix in a block, and of the sums.
pub const BLOCK_ROWS: usize = 14;
/// Columns of the right matrix in a block.
pub const BLOCK_COLUMNS: usize = 2 * LANES;

/// [`Simd`] with vectors whose lanes are pairs of bf16, the even number in the lower half of the bits.
///
/// # Safety
/// As for [`Simd`].
pub unsafe trait Pairs: Simd {
    /// True where products of matrices are made by [`Pairs::multiply_blocks`].
    const BLOCKS: bool = false;

    /// The product of two matrices of pairs, in blocks: `sums[row][column]`, of [`BLOCK_ROWS`] rows and [`BLOCK_COLUMNS`] columns.
    ///
    /// * `left`: `[block][row][16]`, `right`: `[block][16][column]`; the sixteen are neighbouring `k`.
    ///
    /// From zero on, the sum takes block after block. The sum of a block is made of two sums from zero on, one of the even
    /// products and one of the odd, in the order of `k`; even plus odd is added to what there is. Each step is rounded as in
    /// [`Pairs::add_products`].
    ///
    /// # Safety
    /// Within [`PairOperation::run`] only. The pointers must be valid for `blocks` blocks, and for writing the sums.
    unsafe fn multiply_blocks(
        self,
        blocks: usize,
        left: *const f32,
        right: *const f32,
        sums: *mut f32,
    ) {
        // SAFETY: the caller's promise.
        unsafe { multiply_blocks_exactly(blocks, left, right, sums) }
    }
    /// Lane-wise `c + odd(a) * odd(b) + even(a) * even(b)`, added from left to right. `c` is a sum of this function or zero,
    /// `a` and `b` are of [`Pairs::round`] or [`round_pair`].
    fn add_products(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The 32 numbers of two vectors as sixteen pairs, in the order of memory.
    fn round(self, low: Self::Vector, high: Self::Vector) -> Self::Vector;
    /// The numbers of two vectors as sixteen pairs, lane by lane.
    #[inline(always)]
    fn round_together(self, even: Self::Vector, odd: Self::Vector) -> Self::Vector {
        let mut numbers = [[0.0; LANES]; 2];
        self.store(&mut numbers[0], even);
        self.store(&mut numbers[1], odd);
        let [mut pairs, odd] = numbers;
        for (even, odd) in pairs.iter_mut().zip(odd) {
            *even = round_pair(*even, odd);
        }
        self.load(&pairs)
    }
}

/// A computation written over any [`Pairs`]; see [`super::SimdOperation`].
pub trait PairOperation {
    /// Result of the computation.
    type Output;
    /// Runs it. Implementations are `#[inline(always)]`.
    fn run<S: Pairs>(self, simd: S) -> Self::Output;
}

/// `even` and `odd` rounded to bf16, as one lane.
pub fn round_pair(even: f32, odd: f32) -> f32 {
    f32::from_bits(round(even) | round(odd) << 16)
}

/// The upper half of the bits of the nearest bf16.
#[inline(always)]
pub(super) fn round(number: f32) -> u32 {
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
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
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

/// [`Pairs::multiply_blocks`] on numbers, one after the other.
///
/// # Safety
/// As there.
unsafe fn multiply_blocks_exactly(
    blocks: usize,
    left: *const f32,
    right: *const f32,
    sums: *mut f32,
) {
    let halves = |pair: f32| {
        let bits = pair.to_bits();
        [bits & 0xffff, bits >> 16].map(|half| f64::from(f32::from_bits(half << 16)))
    };
    for (row, column) in (0..BLOCK_ROWS).flat_map(|r| (0..BLOCK_COLUMNS).map(move |c| (r, c))) {
        let mut sum = 0.0;
        for block in 0..blocks {
            let mut parts = [0.0; 2];
            for k in block * LANES..(block + 1) * LANES {
                // SAFETY: the caller's promise.
                let (a, b) = unsafe {
                    let a = left.add(block * BLOCK_ROWS * LANES + row * LANES + k % LANES);
                    (*a, *right.add(k * BLOCK_COLUMNS + column))
                };
                let factors = halves(a).into_iter().zip(halves(b));
                for (part, (a, b)) in parts.iter_mut().zip(factors) {
                    *part = add_product(a, b, *part);
                }
            }
            let [even, odd] = parts;
            let part = add_product(f64::from(even), 1.0, odd);
            sum = add_product(f64::from(part), 1.0, sum);
        }
        // SAFETY: the caller's promise.
        unsafe { *sums.add(row * BLOCK_COLUMNS + column) = sum };
    }
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
