//! Sizes of a convolution.

/// Sizes of a convolution with square kernels, the same stride and zero padding on both axes, and no groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Pictures.
    pub batch: usize,
    /// Rows of the input, in pixels.
    pub height: usize,
    /// Columns of the input, in pixels.
    pub width: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Step between neighbouring outputs, in input pixels.
    pub stride: usize,
    /// Rows and columns of zeros around the input.
    pub padding: usize,
}

impl Shape {
    /// Rows of the output, in pixels.
    pub fn output_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Columns of the output, in pixels.
    pub fn output_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Numbers of the input.
    pub fn input_length(&self) -> usize {
        self.batch * self.height * self.width * self.channels_in
    }

    /// Numbers of the output.
    pub fn output_length(&self) -> usize {
        self.batch * self.output_height() * self.output_width() * self.channels_out
    }

    /// Numbers of the weight.
    pub fn weight_length(&self) -> usize {
        self.channels_out * self.channels_in * self.kernel * self.kernel
    }

    /// Floating-point operations of the definition: a multiplication and an addition per product.
    pub fn operations(&self) -> f64 {
        let outputs = self.batch * self.output_height() * self.output_width();
        2.0 * outputs as f64 * self.weight_length() as f64
    }
}
