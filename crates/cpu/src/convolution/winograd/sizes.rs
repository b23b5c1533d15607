//! Sizes of F(4x4, 3x3), and distances in memory.

use crate::simd::LANES;

/// Outputs of a tile along one axis.
pub const OUTPUTS: usize = 4;
/// Inputs of a tile along one axis.
pub const INPUTS: usize = 6;
/// Products of a tile.
pub const POSITIONS: usize = INPUTS * INPUTS;
/// Rows and columns of the kernel.
pub const KERNEL: usize = 3;

/// The next length that is an odd number of cache lines: 36 writes at this distance fall into different cache sets.
pub fn spread(length: usize) -> usize {
    length.next_multiple_of(LANES)
        + if length.div_ceil(LANES).is_multiple_of(2) {
            LANES
        } else {
            0
        }
}
