//! Losses.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

/// Cross entropy of `logits` `[N, C]` and class numbers `targets` `[N]`, the mean over the batch, `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    log_softmax(logits, 1)
        .gather(1, targets.reshape([batch, 1]))
        .mean()
        .neg()
}

/// Cross entropy of `logits` `[N, C]` with two classes for each picture, `first` and `second` `[N]`, of which the first has
/// the `share` `[N]` in 0..1: the mean over the batch of `share · CE(first) + (1 - share) · CE(second)`, `[1]`
/// (`MixUpLoss` of fastai 1.0.30; Zhang et al. 2018, arXiv:1710.09412).
pub fn cross_entropy_mixed(
    logits: Tensor<2>,
    first: Tensor<1, Int>,
    second: Tensor<1, Int>,
    share: Tensor<1>,
) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let logarithms = log_softmax(logits, 1);
    let of = |classes: Tensor<1, Int>| {
        let classes = classes.reshape([batch, 1]);
        logarithms.clone().gather(1, classes).reshape([batch])
    };
    let rest = share.clone().neg() + 1.0;
    (of(first) * share + of(second) * rest).mean().neg()
}

/// Cross entropy of `logits` `[N, C]` in which the logarithm of each probability has a factor of its own, `factors`
/// `[N, C]`: their sum over the batch, `-Σ_n Σ_c factor_nc · ln p_nc`, `[1]`. With factors that say so it is the loss of
/// smoothed labels or of weighted classes.
pub fn cross_entropy_of_factors(logits: Tensor<2>, factors: Tensor<2>) -> Tensor<1> {
    (log_softmax(logits, 1) * factors).sum().neg()
}
