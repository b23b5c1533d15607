//! From a weight to its 36 right matrices.

use std::ops::Range;

use super::{
    places::{Block, Positions},
    sizes::{KERNEL, POSITIONS, spread},
    tiling::Winograd,
    transform::transform_weight,
};
use crate::{
    convolution::transposed::{Lanes, load_transposed},
    gemm::PANEL_COLUMNS,
    scratch::Shared,
    simd::{Kernel, LANES, Simd},
};

/// Numbers from a position to the next in the transformed weight of 32 output and `channels` input channels.
pub fn position_step(channels: usize) -> usize {
    spread(channels * PANEL_COLUMNS)
}

/// Numbers of the transformed weight of 32 output and `channels` input channels.
pub fn transformed_length(channels: usize) -> usize {
    POSITIONS * position_step(channels)
}

/// Transforms the weight of 32 output channels and some input channels.
pub struct TransformWeight<'a> {
    /// The convolution.
    pub winograd: &'a Winograd,
    /// Its weight, as torch has it.
    pub weight: &'a [f32],
    /// Which 32 output channels.
    pub panel: usize,
    /// Which input channels.
    pub channels: Range<usize>,
    /// From `start` on it gets `[position][channel][32]`.
    pub target: Shared<'a>,
    /// First number of the target that is written.
    pub start: usize,
}

impl Kernel for TransformWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let winograd = self.winograd;
        let elements = KERNEL * KERNEL;
        let mut kernel = Block::<KERNEL>::zero();
        for half in [0, LANES] {
            for (i, channel) in self.channels.clone().enumerate() {
                let column = self.panel * PANEL_COLUMNS + half;
                let (start, step, ahead) = if winograd.forward {
                    let step = winograd.channels_in * elements;
                    (column * step + channel * elements, step, 6 * elements)
                } else {
                    let step = winograd.channels_out * elements;
                    (channel * step + column * elements, elements, 2 * step)
                };
                let at = Lanes {
                    start,
                    step,
                    lanes: LANES,
                    count: elements,
                    ahead,
                };
                let columns = load_transposed(simd, self.weight, at);
                for i in 0..elements {
                    let element = if winograd.forward {
                        i
                    } else {
                        elements - 1 - i
                    };
                    let lanes = kernel.lanes(i / KERNEL, i % KERNEL);
                    simd.store(lanes, columns[element]);
                }
                let start = self.start + i * PANEL_COLUMNS + half;
                // SAFETY: this task alone has this panel and these channels.
                let mut target = unsafe {
                    Positions::new(self.target, start, position_step(self.channels.len()))
                };
                transform_weight(simd, &kernel, &mut target);
            }
        }
    }
}
