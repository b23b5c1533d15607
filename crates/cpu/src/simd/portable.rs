//! Vectors as arrays: whatever the compiler makes of them.

use super::{Arithmetic, LANES, Simd};

/// Vectors as arrays, for any processor.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Arithmetic for Portable {
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
    unsafe fn load(self, source: *const f32) -> [f32; LANES] {
        // SAFETY: the caller promises that sixteen numbers can be read; an array of `f32` is aligned like `f32`.
        unsafe { source.cast::<[f32; LANES]>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, target: *mut f32, value: [f32; LANES]) {
        // SAFETY: the caller promises that sixteen numbers can be written; an array of `f32` is aligned like `f32`.
        unsafe { target.cast::<[f32; LANES]>().write(value) }
    }
}

impl Simd for Portable {
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
        transpose_by_memory(self, rows)
    }
}

#[inline(always)]
fn transpose_by_memory<S: Simd>(simd: S, rows: [S::Vector; LANES]) -> [S::Vector; LANES] {
    let mut before = [0.0; LANES * LANES];
    let mut after = [0.0; LANES * LANES];
    for (i, row) in rows.into_iter().enumerate() {
        // SAFETY: row `i` of the 16 x 16 array has sixteen numbers.
        unsafe { simd.store(before.as_mut_ptr().add(i * LANES), row) };
    }
    for i in 0..LANES {
        for j in 0..LANES {
            after[j * LANES + i] = before[i * LANES + j];
        }
    }
    let mut columns = rows;
    for (i, column) in columns.iter_mut().enumerate() {
        // SAFETY: row `i` of the 16 x 16 array has sixteen numbers.
        *column = unsafe { simd.load(after.as_ptr().add(i * LANES)) };
    }
    columns
}
