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
