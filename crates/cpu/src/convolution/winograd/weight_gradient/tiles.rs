//! From pictures to both sides of the products.

use std::ops::Range;

use super::plan::{BLOCK, Plan};
use crate::{
    convolution::winograd::{
        places::Picture,
        sizes::{INPUTS, OUTPUTS},
        transform::{transform_input, transform_output_gradient},
    },
    scratch::{Scratch, Shared},
    simd::{Kernel, LANES, Simd},
};

/// Transforms both sides of some tiles.
pub struct TransformTiles<'a> {
    /// How the work is cut.
    pub plan: &'a Plan,
    /// The input.
    pub input: &'a [f32],
    /// The output's gradient.
    pub output_gradient: &'a [f32],
    /// First tile of the round.
    pub round: usize,
    /// Which tiles.
    pub tiles: Range<usize>,
    /// Transforms of the input.
    pub inputs: Shared<'a>,
    /// Transforms of the output's gradient.
    pub gradients: Shared<'a>,
}

impl Kernel for TransformTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (plan, shape) = (self.plan, &self.plan.shape);
        let mut zeros = Scratch::take(shape.channels_in.max(shape.channels_out));
        zeros.fill(0.0);
        let inputs = Picture::new(
            self.input,
            (shape.height, shape.width),
            &zeros[..shape.channels_in],
        );
        let size = (shape.output_height(), shape.output_width());
        let gradients = Picture::new(self.output_gradient, size, &zeros[..shape.channels_out]);
        let padding = shape.padding as isize;
        for tile in self.tiles.clone() {
            let (rows, columns) = plan.grid;
            let image = tile / (rows * columns);
            let (row, column) = (
                (tile / columns % rows * OUTPUTS) as isize,
                (tile % columns * OUTPUTS) as isize,
            );
            let place = (tile - self.round) * BLOCK;
            let mut square = inputs.square::<INPUTS>(image, row - padding, column - padding);
            for channel in (0..shape.channels_in).step_by(LANES) {
                square.look_at(channel);
                square.prefetch_next(simd, OUTPUTS);
                // SAFETY: this task alone has these tiles.
                let mut target = unsafe { plan.inputs.positions(self.inputs, channel, place) };
                transform_input(simd, &square, &mut target);
            }
            let mut square = gradients.square::<OUTPUTS>(image, row, column);
            for channel in (0..shape.channels_out).step_by(LANES) {
                square.look_at(channel);
                square.prefetch_next(simd, OUTPUTS);
                // SAFETY: this task alone has these tiles.
                let mut target =
                    unsafe { plan.gradients.positions(self.gradients, channel, place) };
                transform_output_gradient(simd, &square, &mut target);
            }
        }
    }
}
