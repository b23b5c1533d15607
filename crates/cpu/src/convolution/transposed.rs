//! Reading numbers that lie far apart as vectors.

use crate::simd::{LANES, Simd};

/// Sixteen lanes of `count <= 16` numbers each: lane `l < lanes` starts at `start + l * step`, the others are zero.
pub struct Lanes {
    /// Position of the first number of lane 0.
    pub start: usize,
    /// Numbers from a lane to the next.
    pub step: usize,
    /// Lanes that exist.
    pub lanes: usize,
    /// Numbers of a lane.
    pub count: usize,
    /// Numbers from these to those that will be wanted some loads later: the processor does not guess sixteen paths.
    pub ahead: usize,
}

/// Vectors `i < count` of the i-th numbers of all lanes.
#[inline(always)]
pub fn load_transposed<S: Simd>(simd: S, numbers: &[f32], at: Lanes) -> [S::Vector; LANES] {
    let mut rows = [simd.splat(0.0); LANES];
    for (lane, row) in rows.iter_mut().enumerate().take(at.lanes) {
        let from = at.start + lane * at.step;
        simd.prefetch(numbers.as_ptr().wrapping_add(from + at.ahead));
        *row = if let Some(whole) = numbers.get(from..from + LANES) {
            simd.load(whole)
        } else {
            let mut end = [0.0; LANES];
            end[..at.count].copy_from_slice(&numbers[from..from + at.count]);
            simd.load(&end)
        };
    }
    simd.transpose(rows)
}
