use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Depth of a residual network, as in table 1 of the paper and in torchvision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 18 layers of basic blocks.
    ResNet18,
    /// 34 layers of basic blocks: the notebook's network.
    ResNet34,
    /// 50 layers of bottleneck blocks.
    ResNet50,
    /// 101 layers of bottleneck blocks.
    ResNet101,
    /// 152 layers of bottleneck blocks.
    ResNet152,
}

/// Layers that learn at one rate: fastai's layer group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Name in files: `late_body`.
    pub name: &'static str,
    /// Layers in words: `layer3 and layer4`.
    pub layers: &'static str,
}

/// fastai 1.0.30's `_resnet_split`.
const RESIDUAL_GROUPS: [Group; 3] = [
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
];

impl Architecture {
    /// All architectures, shallow to deep.
    pub const ALL: [Self; 5] = [
        Self::ResNet18,
        Self::ResNet34,
        Self::ResNet50,
        Self::ResNet101,
        Self::ResNet152,
    ];

    /// Name in configs and in torchvision: `resnet34`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet50 => "resnet50",
            Self::ResNet101 => "resnet101",
            Self::ResNet152 => "resnet152",
        }
    }

    /// Groups of layers from the first layer on; the head is the last one.
    pub fn groups(self) -> &'static [Group] {
        &RESIDUAL_GROUPS
    }

    /// Number of blocks in `layer1` to `layer4`.
    pub fn blocks(self) -> [usize; 4] {
        match self {
            Self::ResNet18 => [2, 2, 2, 2],
            Self::ResNet34 | Self::ResNet50 => [3, 4, 6, 3],
            Self::ResNet101 => [3, 4, 23, 3],
            Self::ResNet152 => [3, 8, 36, 3],
        }
    }

    /// Whether a block is a bottleneck (1×1, 3×3, 1×1) instead of two 3×3 convolutions.
    pub fn has_bottlenecks(self) -> bool {
        !matches!(self, Self::ResNet18 | Self::ResNet34)
    }

    /// Output channels of a block over its inner channels: 4 for bottlenecks, else 1.
    pub fn expansion(self) -> usize {
        if self.has_bottlenecks() { 4 } else { 1 }
    }

    /// Channels of the feature map (the output of `layer4`) for a base width (64 in torchvision).
    pub fn feature_channels(self, base_width: usize) -> usize {
        8 * base_width * self.expansion()
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No architecture has this name.
#[derive(Debug, thiserror::Error)]
#[error("unknown architecture `{0}`: use resnet18, resnet34, resnet50, resnet101 or resnet152")]
pub struct UnknownArchitecture(String);

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|architecture| architecture.name() == name)
            .ok_or_else(|| UnknownArchitecture(name.to_owned()))
    }
}
