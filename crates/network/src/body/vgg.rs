//! VGG with batch normalisation (Simonyan, Zisserman: *Very Deep Convolutional Networks for Large-Scale Image
//! Recognition*, 2014, arXiv:1409.1556): torchvision's `vgg16_bn().features`.
//!
//! As in fastai 1.0.30 the classifier is cut off, and the head takes the feature map as it is; torchvision since 0.3
//! averages it to 7×7 cells first.

use crate::{
    batch_norm::{BatchNorm, MOMENTUM},
    convolution::Convolution,
    family::{Family, Group, Plan},
    init::Init,
    max_pool::MaxPool,
    pass::{Pass, Relu},
};
use burn::module::Module;

/// Properties of these bodies. fastai 1.0.30 has no entry for them in `model_meta`: `_default_meta` cuts off the last
/// child, the classifier, and splits before the head alone.
pub const FAMILY: Family = Family {
    groups: &[
        Group {
            name: "body",
            layers: "features",
        },
        Group {
            name: "head",
            layers: "head",
        },
    ],
    stride: 32,
    children: &[("0", "features")],
    marks: &[
        ("features", "4.running_mean"),
        ("features", "1.running_mean"),
    ],
    head: "classifier",
    order: &["features"],
    files: &["vgg16_bn-6c64b313"],
};

/// Depth of a body (table 1 of the paper; 16 layers are its column D).
#[derive(Debug, Clone, Copy)]
pub struct VggPlan {
    /// Convolutions in each block.
    pub convolutions: [usize; 5],
}

/// Names of the stages; torchvision counts single layers.
const STAGES: [&str; 5] = ["block1", "block2", "block3", "block4", "block5"];

/// Channels of each block over the base width.
const WIDTHS: [usize; 5] = [1, 2, 4, 8, 8];

impl Plan for VggPlan {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    fn feature_channels(&self, base_width: usize) -> usize {
        8 * base_width
    }

    fn cells(&self, pixels: usize) -> usize {
        pixels / FAMILY.stride
    }

    /// torch numbers convolution, batch norm and ReLU of each unit, and the pooling at the end of each block.
    fn torch_name(&self, path: &[&str]) -> String {
        let ["blocks", block, unit, layer, tensor] = path else {
            unreachable!("no tensor {path:?} in a VGG");
        };
        let [block, unit] = [block, unit].map(|at| at.parse::<usize>().expect("index of a Vec"));
        let layer = match *layer {
            "conv" => 0,
            "norm" => 1,
            other => unreachable!("no layer `{other}` in a VGG"),
        };
        let before: usize = self.convolutions[..block].iter().map(|n| 3 * n + 1).sum();
        format!("features.{}.{tensor}", before + 3 * unit + layer)
    }

    fn group(&self, _: &[&str]) -> usize {
        0
    }

    fn stage(&self, path: &[&str]) -> &'static str {
        let block = path.get(1).and_then(|block| block.parse::<usize>().ok());
        block.map_or("stem", |block| STAGES[block])
    }
}

/// Five blocks, each of which ends with a pooling layer.
#[derive(Module, Debug)]
pub struct Vgg {
    blocks: Vec<Vec<Unit>>,
}

/// 3×3 convolution with a bias (which the batch normalisation cancels, but torchvision has it), and what follows it.
#[derive(Module, Debug)]
struct Unit {
    conv: Convolution,
    norm: BatchNorm,
}

impl Vgg {
    /// A body with fresh weights.
    pub fn new(plan: VggPlan, base_width: usize, init: &mut Init) -> Self {
        let mut channels = 3;
        let mut unit = |width: usize| {
            let conv = Convolution::new([channels, width], 3, 1, init).with_bias(init);
            channels = width;
            Unit {
                conv,
                norm: BatchNorm::new(width, MOMENTUM, init),
            }
        };
        let blocks = plan.convolutions.into_iter().zip(WIDTHS);
        Self {
            blocks: blocks
                .map(|(count, times)| (0..count).map(|_| unit(times * base_width)).collect())
                .collect(),
        }
    }

    /// Pictures to the feature map, whose sides are those of the pictures over 32, rounded down.
    pub fn run<P: Pass>(&mut self, pass: &mut P, pictures: P::Value) -> P::Value {
        let named = STAGES.into_iter().zip(&mut self.blocks);
        named.fold(pictures, |x, (name, units)| {
            let x = units.iter_mut().fold(x, |x, unit| {
                pass.convolution(&mut unit.conv, &mut unit.norm, x, None, Relu::Present)
            });
            let x = pass.max_pool(MaxPool::Window2, x);
            pass.stage(name, &x);
            x
        })
    }
}
