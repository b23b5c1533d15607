#[cfg(test)]
mod golden;
mod residual;
mod vgg;

use crate::{
    family::{Family, Plan},
    init::Init,
    pass::Pass,
    place::Place,
    training::Training,
};
use burn::{module::Module, tensor::Tensor};
use kernels::Precision;

pub use residual::ResidualPlan;
pub use vgg::VggPlan;

/// Makes of a table of families what tells them apart: a body and a plan of each, and a list of what they declare.
macro_rules! families {
    ($($variant:ident: $body:ty, $plan:ty, $family:expr;)+) => {
        /// The layers up to the feature map, one variant for each family.
        #[derive(Module, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a network has one")]
        pub enum Body {
            $(#[allow(missing_docs, reason = "the family's name")] $variant($body),)+
        }

        /// A body before it is built.
        #[derive(Debug, Clone, Copy)]
        pub enum BodyPlan {
            $($variant($plan),)+
        }

        /// All families.
        pub const FAMILIES: &[&Family] = &[$(&$family),+];

        impl BodyPlan {
            /// The plan as its family fills it in.
            pub fn as_plan(&self) -> &dyn Plan {
                match self {
                    $(Self::$variant(plan) => plan,)+
                }
            }
        }

        impl Body {
            /// A body with fresh weights, of `base_width` channels after the first convolution.
            pub(crate) fn new(plan: BodyPlan, base_width: usize, init: &mut Init) -> Self {
                match plan {
                    $(BodyPlan::$variant(plan) => {
                        Self::$variant(<$body>::new(plan, base_width, init))
                    })+
                }
            }

            /// Pictures to the feature map.
            pub(crate) fn run<P: Pass>(&mut self, pass: &mut P, pictures: P::Value) -> P::Value {
                match self {
                    $(Self::$variant(body) => body.run(pass, pictures),)+
                }
            }
        }
    };
}

families! {
    Residual: residual::Residual, ResidualPlan, residual::FAMILY;
    Vgg: vgg::Vgg, VggPlan, vgg::FAMILY;
}

impl Body {
    /// Normalised pictures `[N, 3, H, W]` to the feature map `[N, C, h, w]`, with batch statistics, which move the
    /// running ones. On the CPU convolutions multiply in `precision`, on the way back too.
    pub fn forward_train(
        &mut self,
        pictures: Tensor<4>,
        place: &Place<'_>,
        precision: Precision,
    ) -> Tensor<4> {
        self.run(&mut Training { place, precision }, pictures)
    }
}
