use burn::tensor::{Tensor, module, ops::MaxPoolOptions};

/// Maximum over square windows at a stride of 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxPool {
    /// Windows of 3×3 that overlap, padding 1.
    Window3,
    /// Windows of 2×2, no padding: an odd last row or column is left out.
    Window2,
}

impl MaxPool {
    /// `[N, C, H, W]` to `[N, C, side(H), side(W)]`.
    pub fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Window3 => kernels::max_pool2d(x),
            // `kernels` has windows of 3×3 alone.
            Self::Window2 => module::max_pool2d(x, MaxPoolOptions::new([2, 2])),
        }
    }

    /// Side of a window.
    pub fn size(self) -> usize {
        match self {
            Self::Window3 => 3,
            Self::Window2 => 2,
        }
    }

    /// Cells on each of the four sides that no window counts.
    pub fn padding(self) -> usize {
        match self {
            Self::Window3 => 1,
            Self::Window2 => 0,
        }
    }

    /// Side of the output for a side of the input.
    pub fn side(self, side: usize) -> usize {
        match self {
            Self::Window3 => side.div_ceil(2),
            Self::Window2 => side / 2,
        }
    }
}
