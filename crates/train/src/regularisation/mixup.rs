//! Mixup (Zhang et al. 2018, arXiv:1710.09412) as fastai 1.0.30's `MixUpCallback(alpha=0.4, stack_y=True)`.
//!
//! Each picture x_i of a batch becomes `λ_i x_i + (1 - λ_i) x_p(i)`: p is a random permutation of the batch, λ_i a number of
//! its own for each picture, drawn from Beta(α, α) and then the greater of λ and 1 - λ, so that a picture is never less than
//! half of its mixture. The loss is the mean of `λ_i CE(y_i) + (1 - λ_i) CE(y_p(i))`.
//!
//! That is the loss that fastai's callback was written for. 1.0.30 itself multiplies the mean of λ with the mean of the
//! losses, because its cross entropy has taken the mean already; later versions of fastai take it after, as here.

use crate::batch::{LabelledBatch, Targets};
use rand::{Rng, seq::SliceRandom};
use rand_distr::{Beta, Distribution};

/// What the pictures of a batch are mixed with.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixup {
    /// Place in the batch of the picture that each is mixed with.
    pub partners: Vec<usize>,
    /// Share of the picture itself, λ, from a half to one.
    pub shares: Vec<f32>,
}

impl Mixup {
    /// Draws for `count` pictures; `alpha` is above 0.
    pub fn draw(count: usize, alpha: f64, random: &mut impl Rng) -> Self {
        let beta = Beta::new(alpha, alpha).expect("alpha is above 0");
        let greater = |share: f64| share.max(1.0 - share) as f32;
        let shares = (0..count).map(|_| greater(beta.sample(random))).collect();
        let mut partners: Vec<usize> = (0..count).collect();
        partners.shuffle(random);
        Self { partners, shares }
    }

    /// Mixes the pictures of `batch`, whose targets are classes.
    pub fn apply(&self, batch: LabelledBatch) -> LabelledBatch {
        let Targets::Classes(classes) = batch.targets else {
            return batch;
        };
        let length = 3 * batch.size * batch.size;
        let mut mixed = batch.pictures.clone();
        let pairs = self.shares.iter().zip(&self.partners);
        for (picture, (share, partner)) in mixed.chunks_exact_mut(length).zip(pairs) {
            let other = &batch.pictures[partner * length..(partner + 1) * length];
            for (value, other) in picture.iter_mut().zip(other) {
                *value = *value * share + other * (1.0 - share);
            }
        }
        LabelledBatch {
            pictures: mixed,
            targets: Targets::Mixed {
                second: self.partners.iter().map(|place| classes[*place]).collect(),
                first: classes,
                share: self.shares.clone(),
            },
            size: batch.size,
        }
    }
}
