use crate::{Architecture, batch_norm::BatchNorm, convolution::Convolution, init::Init};
use burn::{module::Module, tensor::Tensor};

/// Momentum of every batch normalisation in the body (torch's default).
pub const MOMENTUM: f64 = 0.1;

/// Residual block: two 3×3 convolutions, or a bottleneck of 1×1, 3×3 and 1×1 (then `conv3` is there, and the 3×3
/// convolution has the stride: torchvision's "V1.5").
#[derive(Module, Debug)]
pub struct Block {
    pub conv1: Convolution,
    pub bn1: BatchNorm,
    pub conv2: Convolution,
    pub bn2: BatchNorm,
    pub conv3: Option<Convolution>,
    pub bn3: Option<BatchNorm>,
    pub downsample: Option<Downsample>,
}

/// 1×1 convolution and batch normalisation that bring the input to the output's shape.
#[derive(Module, Debug)]
pub struct Downsample {
    pub conv: Convolution,
    pub bn: BatchNorm,
}

impl Block {
    /// A block from `channels_in` to `width · expansion` channels.
    pub fn new(
        architecture: Architecture,
        channels_in: usize,
        width: usize,
        stride: usize,
        init: &mut Init,
    ) -> Self {
        let channels_out = width * architecture.expansion();
        let mut conv = |channels, size, stride| Convolution::new(channels, size, stride, init);
        let (conv1, conv2, conv3) = if architecture.has_bottlenecks() {
            (
                conv([channels_in, width], 1, 1),
                conv([width, width], 3, stride),
                Some(conv([width, channels_out], 1, 1)),
            )
        } else {
            (
                conv([channels_in, width], 3, stride),
                conv([width, width], 3, 1),
                None,
            )
        };
        let changes_shape = stride != 1 || channels_in != channels_out;
        let downsample = changes_shape.then(|| conv([channels_in, channels_out], 1, stride));
        let norm = |channels| BatchNorm::new(channels, MOMENTUM, init);
        Self {
            conv1,
            bn1: norm(width),
            conv2,
            bn2: norm(width),
            bn3: conv3.is_some().then(|| norm(channels_out)),
            conv3,
            downsample: downsample.map(|conv| Downsample {
                conv,
                bn: norm(channels_out),
            }),
        }
    }

    /// `[N, C in, H, W]` to `[N, C out, ⌈H/stride⌉, ⌈W/stride⌉]`, batch statistics.
    pub fn forward_train(&mut self, x: Tensor<4>) -> Tensor<4> {
        let y = self.conv1.forward(x.clone());
        let y = self.bn1.forward_train(y, None, true);
        let y = self.conv2.forward(y);
        let y = match (&self.conv3, &mut self.bn3) {
            (Some(conv3), Some(bn3)) => {
                let y = self.bn2.forward_train(y, None, true);
                let residual = shortcut(&mut self.downsample, x);
                return bn3.forward_train(conv3.forward(y), Some(residual), true);
            }
            _ => y,
        };
        let residual = shortcut(&mut self.downsample, x);
        self.bn2.forward_train(y, Some(residual), true)
    }
}

fn shortcut(downsample: &mut Option<Downsample>, x: Tensor<4>) -> Tensor<4> {
    match downsample {
        Some(Downsample { conv, bn }) => bn.forward_train(conv.forward(x), None, false),
        None => x,
    }
}
