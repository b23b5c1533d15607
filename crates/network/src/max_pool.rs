use burn::tensor::Tensor;

/// Maximum over square windows at a stride of 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxPool {
    /// Windows of 3×3 that overlap, padding 1.
    Window3,
}

impl MaxPool {
    /// `[N, C, H, W]` to `[N, C, side(H), side(W)]`.
    pub fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Window3 => kernels::max_pool2d(x),
        }
    }

    /// Side of the output for a side of the input.
    pub fn side(self, side: usize) -> usize {
        match self {
            Self::Window3 => side.div_ceil(2),
        }
    }
}
