//! Residual networks (He, Zhang, Ren, Sun: *Deep Residual Learning for Image Recognition*, 2015, arXiv:1512.03385) as
//! torchvision builds them. Fields have torchvision's names.

use crate::{
    batch_norm::{BatchNorm, MOMENTUM},
    convolution::Convolution,
    family::{Family, Group, Plan},
    init::Init,
    max_pool::MaxPool,
    pass::{Pass, Relu},
};
use burn::module::Module;

/// Properties of residual networks; the groups are fastai 1.0.30's `_resnet_split`, the places those of `create_body`
/// (2 is the ReLU, 3 the pooling).
pub const FAMILY: Family = Family {
    groups: &[
        Group {
            name: "early_body",
            layers: "conv1 to layer2",
        },
        Group {
            name: "late_body",
            layers: "layer3 and layer4",
        },
        Group {
            name: "head",
            layers: "head",
        },
    ],
    stride: 32,
    children: &[
        ("0", "conv1"),
        ("1", "bn1"),
        ("4", "layer1"),
        ("5", "layer2"),
        ("6", "layer3"),
        ("7", "layer4"),
    ],
    marks: &[
        ("layer1", "0.conv1.weight"),
        ("layer2", "0.conv1.weight"),
        ("layer1", "0.bn1.weight"),
    ],
    head: "fc",
    order: &[
        "conv1",
        "bn1",
        "conv2",
        "bn2",
        "conv3",
        "bn3",
        "downsample",
        "layer1",
        "layer2",
        "layer3",
        "layer4",
    ],
    files: &[
        "resnet18-5c106cde",
        "resnet18-f37072fd",
        "resnet34-333f7ec4",
        "resnet34-b627a593",
        "resnet50-0676ba61",
        "resnet50-11ad3fa6",
        "resnet50-19c8e357",
        "resnet101-5d3b4d8f",
        "resnet101-63fe2227",
        "resnet101-cd907fc2",
        "resnet152-394f9c45",
        "resnet152-b121ed2d",
        "resnet152-f82ba261",
    ],
};

/// Names of the stages, torchvision's.
const STAGES: [&str; 4] = ["layer1", "layer2", "layer3", "layer4"];

/// Depth of a residual network (table 1 of the paper).
#[derive(Debug, Clone, Copy)]
pub struct ResidualPlan {
    /// Number of blocks in `layer1` to `layer4`.
    pub blocks: [usize; 4],
    /// Blocks of 1×1, 3×3 and 1×1 convolutions instead of two 3×3 convolutions.
    pub bottleneck: bool,
}

impl ResidualPlan {
    /// Output channels of a block over its inner channels.
    fn expansion(self) -> usize {
        if self.bottleneck { 4 } else { 1 }
    }
}

impl Plan for ResidualPlan {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    fn feature_channels(&self, base_width: usize) -> usize {
        8 * base_width * self.expansion()
    }

    fn cells(&self, pixels: usize) -> usize {
        pixels.div_ceil(FAMILY.stride)
    }

    fn torch_name(&self, path: &[&str]) -> String {
        path.join(".")
    }

    fn group(&self, path: &[&str]) -> usize {
        match path[0] {
            "conv1" | "bn1" | "layer1" | "layer2" => 0,
            "layer3" | "layer4" => 1,
            other => unreachable!("no layer `{other}` in a residual network"),
        }
    }

    fn stage(&self, path: &[&str]) -> &'static str {
        let stage = STAGES.into_iter().find(|stage| *stage == path[0]);
        stage.unwrap_or("stem")
    }
}

/// Everything before the head.
#[derive(Module, Debug)]
pub struct Residual {
    pub conv1: Convolution,
    pub bn1: BatchNorm,
    pub layer1: Vec<Block>,
    pub layer2: Vec<Block>,
    pub layer3: Vec<Block>,
    pub layer4: Vec<Block>,
}

impl Residual {
    /// A body with fresh weights.
    pub fn new(plan: ResidualPlan, base_width: usize, init: &mut Init) -> Self {
        let conv1 = Convolution::new([3, base_width], 7, 2, init);
        let bn1 = BatchNorm::new(base_width, MOMENTUM, init);
        let mut channels = base_width;
        let mut layer = |index: usize| {
            let width = base_width << index;
            (0..plan.blocks[index])
                .map(|block| {
                    let stride = if index > 0 && block == 0 { 2 } else { 1 };
                    let new = Block::new(plan, channels, width, stride, init);
                    channels = width * plan.expansion();
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

    /// Pictures to the feature map, whose sides are those of the pictures over 32, rounded up.
    pub fn run<P: Pass>(&mut self, pass: &mut P, pictures: P::Value) -> P::Value {
        let stem = self.stem(pass, pictures);
        let named = STAGES.into_iter().zip(self.layers());
        named.fold(stem, |x, (name, blocks)| {
            let x = blocks.iter_mut().fold(x, |x, block| block.run(pass, x));
            pass.stage(name, &x);
            x
        })
    }

    /// Convolution, batch norm, ReLU and max-pool.
    pub fn stem<P: Pass>(&mut self, pass: &mut P, pictures: P::Value) -> P::Value {
        let x = pass.convolution(
            &mut self.conv1,
            &mut self.bn1,
            pictures,
            None,
            Relu::Present,
        );
        pass.max_pool(MaxPool::Window3, x)
    }

    /// `layer1` to `layer4`.
    pub fn layers(&mut self) -> [&mut Vec<Block>; 4] {
        [
            &mut self.layer1,
            &mut self.layer2,
            &mut self.layer3,
            &mut self.layer4,
        ]
    }
}

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
    /// 1×1 convolution and batch normalisation that bring the input to the output's shape.
    pub downsample: Option<(Convolution, BatchNorm)>,
}

impl Block {
    /// A block from `channels_in` to `width · expansion` channels.
    fn new(
        plan: ResidualPlan,
        channels_in: usize,
        width: usize,
        stride: usize,
        init: &mut Init,
    ) -> Self {
        let channels_out = width * plan.expansion();
        let mut conv = |channels, size, stride| Convolution::new(channels, size, stride, init);
        let (conv1, conv2, conv3) = if plan.bottleneck {
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
            downsample: downsample.map(|conv| (conv, norm(channels_out))),
        }
    }

    /// Input to output, whose sides are those of the input over the stride, rounded up.
    pub fn run<P: Pass>(&mut self, pass: &mut P, x: P::Value) -> P::Value {
        let last = self.conv3.as_mut().zip(self.bn3.as_mut());
        // torch registers a block's only ReLU behind `bn1`, or behind `bn3` where there is one.
        let (first_relu, last_relu) = match last {
            None => (Relu::Present, Relu::Shared),
            Some(_) => (Relu::Shared, Relu::Present),
        };
        let y = pass.convolution(&mut self.conv1, &mut self.bn1, x.clone(), None, first_relu);
        let (conv, norm, y) = match last {
            None => (&mut self.conv2, &mut self.bn2, y),
            Some((conv3, bn3)) => {
                let y = pass.convolution(&mut self.conv2, &mut self.bn2, y, None, Relu::Shared);
                (conv3, bn3, y)
            }
        };
        let residual = match &mut self.downsample {
            Some((conv, norm)) => pass.convolution(conv, norm, x, None, Relu::Absent),
            None => x,
        };
        pass.convolution(conv, norm, y, Some(residual), last_relu)
    }
}
