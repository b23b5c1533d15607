use crate::{
    body::{BodyPlan, ResidualPlan, VggPlan},
    family::{Group, Plan},
};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! architectures {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal: $plan:expr;)+) => {
        /// A body with its depth, as in torchvision.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Architecture {
            $($(#[$doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Architecture {
            /// All architectures.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Name in configs and in torchvision: `resnet34`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(crate) fn plan(self) -> BodyPlan {
                match self {
                    $(Self::$variant => $plan,)+
                }
            }
        }
    };
}

architectures! {
    /// 18 layers of basic blocks.
    ResNet18 = "resnet18": basic([2, 2, 2, 2]);
    /// 34 layers of basic blocks: the notebook's network.
    ResNet34 = "resnet34": basic([3, 4, 6, 3]);
    /// 50 layers of bottleneck blocks.
    ResNet50 = "resnet50": bottleneck([3, 4, 6, 3]);
    /// 101 layers of bottleneck blocks.
    ResNet101 = "resnet101": bottleneck([3, 4, 23, 3]);
    /// 152 layers of bottleneck blocks.
    ResNet152 = "resnet152": bottleneck([3, 8, 36, 3]);
    /// 13 convolutions, each with a batch normalisation.
    Vgg16Bn = "vgg16_bn": BodyPlan::Vgg(VggPlan { convolutions: [2, 2, 3, 3, 3] });
}

impl Architecture {
    /// Groups of layers from the first layer on; the head is the last one.
    pub fn groups(self) -> &'static [Group] {
        self.as_plan(|plan| plan.family().groups)
    }

    /// Pixels along a side of a picture for each cell along a side of the feature map.
    pub fn stride(self) -> usize {
        self.as_plan(|plan| plan.family().stride)
    }

    /// Cells along a side of the feature map of a square picture of `pixels` × `pixels`.
    pub fn cells(self, pixels: usize) -> usize {
        self.as_plan(|plan| plan.cells(pixels))
    }

    /// Channels of the feature map for a base width (64 in torchvision).
    pub fn feature_channels(self, base_width: usize) -> usize {
        self.as_plan(|plan| plan.feature_channels(base_width))
    }

    pub(crate) fn as_plan<T>(self, of: impl FnOnce(&dyn Plan) -> T) -> T {
        of(self.plan().as_plan())
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn basic(blocks: [usize; 4]) -> BodyPlan {
    BodyPlan::Residual(ResidualPlan {
        blocks,
        bottleneck: false,
    })
}

fn bottleneck(blocks: [usize; 4]) -> BodyPlan {
    BodyPlan::Residual(ResidualPlan {
        blocks,
        bottleneck: true,
    })
}
