use crate::{
    Architecture, batch_norm::BatchNorm, block::Block, block::MOMENTUM, convolution::Convolution,
    init::Init,
};
use burn::{module::Module, tensor::Tensor};
use kernels::max_pool2d;

/// The convolutional part of a residual network: everything before the head.
#[derive(Module, Debug)]
pub struct Body {
    pub(crate) conv1: Convolution,
    pub(crate) bn1: BatchNorm,
    pub(crate) layer1: Vec<Block>,
    pub(crate) layer2: Vec<Block>,
    pub(crate) layer3: Vec<Block>,
    pub(crate) layer4: Vec<Block>,
}

impl Body {
    /// A body with fresh weights.
    pub(crate) fn new(architecture: Architecture, base_width: usize, init: &mut Init) -> Self {
        let conv1 = Convolution::new([3, base_width], 7, 2, init);
        let bn1 = BatchNorm::new(base_width, MOMENTUM, init);
        let mut channels = base_width;
        let mut layer = |index: usize| {
            let width = base_width << index;
            (0..architecture.blocks()[index])
                .map(|block| {
                    let stride = if index > 0 && block == 0 { 2 } else { 1 };
                    let new = Block::new(architecture, channels, width, stride, init);
                    channels = width * architecture.expansion();
                    new
                })
                .collect()
        };
        Self {
            conv1,
            bn1,
            layer1: layer(0),
            layer2: layer(1),
            layer3: layer(2),
            layer4: layer(3),
        }
    }

    /// Pictures `[N, 3, H, W]` (normalised) to the feature map `[N, C, ⌈H/32⌉, ⌈W/32⌉]`, with batch statistics.
    pub fn forward_train(&mut self, pictures: Tensor<4>) -> Tensor<4> {
        let x = self.conv1.forward(pictures);
        let mut x = max_pool2d(self.bn1.forward_train(x, None, true));
        for layer in [
            &mut self.layer1,
            &mut self.layer2,
            &mut self.layer3,
            &mut self.layer4,
        ] {
            for block in layer {
                x = block.forward_train(x);
            }
        }
        x
    }
}
