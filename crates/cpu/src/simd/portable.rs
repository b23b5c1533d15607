//! Vectors as arrays, which the compiler vectorises as it can.

use super::{
    pairs::{Pairs, add_products_exactly, round_array},
    vector::{Arithmetic, LANES, Simd},
};

/// Vectors as arrays, for any processor. With `FUSED` a multiply-add is rounded once as everywhere else, by a call of the
/// mathematical library where the processor can't: slow, but the same bits. With `BLOCKS` sums of bf16 are those of AMX.
#[derive(Clone, Copy, Debug)]
pub struct Portable<const FUSED: bool, const BLOCKS: bool = false>;

// SAFETY: a vector is an array of sixteen numbers, read and written whole; no instructions are needed.
unsafe impl<const FUSED: bool, const BLOCKS: bool> Arithmetic for Portable<FUSED, BLOCKS> {
    type Vector = [f32; LANES];
    const WIDTH: usize = LANES;

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }
    #[inline(always)]
    fn add(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn subtract(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn multiply(self, a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn multiply_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        if FUSED {
            return std::array::from_fn(|i| a[i].mul_add(b[i], c[i]));
        }
        // `f32::mul_add` is a library call on processors without the instruction.
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn relu(self, a: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| if a[i] <= 0.0 { 0.0 } else { a[i] })
    }
    #[inline(always)]
    unsafe fn load_from(self, source: *const f32) -> [f32; LANES] {
        // SAFETY: the caller promises that sixteen numbers can be read; an array of `f32` is aligned like `f32`.
        unsafe { source.cast::<[f32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn store_to(self, target: *mut f32, value: [f32; LANES]) {
        // SAFETY: the caller promises that sixteen numbers can be written; an array of `f32` is aligned like `f32`.
        unsafe { target.cast::<[f32; LANES]>().write(value) }
    }
}

// SAFETY: as above.
unsafe impl<const FUSED: bool, const BLOCKS: bool> Simd for Portable<FUSED, BLOCKS> {
    type Register = Self;
    const WIDE: bool = false;

    #[inline(always)]
    fn register(self) -> Self {
        self
    }
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}
    #[inline(always)]
    fn transpose(self, rows: [[f32; LANES]; LANES]) -> [[f32; LANES]; LANES] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
}

// SAFETY: as above.
unsafe impl<const BLOCKS: bool> Pairs for Portable<true, BLOCKS> {
    const BLOCKS: bool = BLOCKS;

    #[inline(always)]
    fn add_products(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        add_products_exactly(&a, &b, &c)
    }
    #[inline(always)]
    fn round(self, low: [f32; LANES], high: [f32; LANES]) -> [f32; LANES] {
        let mut numbers = [0.0; 2 * LANES];
        numbers[..LANES].copy_from_slice(&low);
        numbers[LANES..].copy_from_slice(&high);
        round_array(&numbers)
    }
}
