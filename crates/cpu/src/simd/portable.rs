//! Vectors as arrays: whatever the compiler makes of them.

use super::vector::{Arithmetic, LANES, Simd};

/// Vectors as arrays, for any processor.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

// SAFETY: a vector is an array of sixteen numbers, read and written whole; no instructions are needed.
unsafe impl Arithmetic for Portable {
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
unsafe impl Simd for Portable {
    type Register = Portable;
    const WIDE: bool = false;

    #[inline(always)]
    fn register(self) -> Portable {
        self
    }
    #[inline(always)]
    fn prefetch(self, _: *const f32) {}
    #[inline(always)]
    fn transpose(self, rows: [[f32; LANES]; LANES]) -> [[f32; LANES]; LANES] {
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
}
