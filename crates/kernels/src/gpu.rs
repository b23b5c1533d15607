//! Backends for GPUs, on which burn computes every operation itself.

use crate::{
    adam::AdamOps,
    batch_norm::{BatchNormGradients, BatchNormOps},
    convolution::{ConvolutionGradients, ConvolutionOps, FoldedConvolutionOps},
    pooling::{PoolingGradients, PoolingOps},
};

/// Takes the operations as each trait writes them in terms of burn's own.
macro_rules! computed_by_burn {
    ($($operations:ident),+ $(,)?) => {
        $(impl $operations for burn::backend::Cube {})+
    };
}

computed_by_burn!(
    AdamOps,
    BatchNormOps,
    BatchNormGradients,
    ConvolutionOps,
    ConvolutionGradients,
    FoldedConvolutionOps,
    PoolingOps,
    PoolingGradients,
);
