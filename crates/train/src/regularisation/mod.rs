//! What keeps a network from learning its training pictures by heart, and rare classes from being lost: each is off by
//! default, has a file of its own with paper and formula, and is registered here. Validation knows none of it.

mod balanced_sampling;
mod class_weights;
pub mod cutmix;
mod label_smoothing;
pub mod mixup;

pub use class_weights::{Balanced, ClassWeights};

use crate::batch::{LabelledBatch, Targets};
use cutmix::Cutmix;
use mixup::Mixup;
use pictures::loader::{BatchPurpose, BatchSeed, EpochSeed, shuffle};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// The table `[regularisation]` of a config.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regularisation {
    /// Share of the target that goes to all classes alike, ε; 0 is off.
    pub label_smoothing: f64,
    /// α of mixup; 0 is off.
    pub mixup: f64,
    /// α of CutMix; 0 is off. With mixup on as well each batch has one of the two, each as often as the other.
    pub cutmix: f64,
    /// Order of the training pictures.
    pub sampling: Sampling,
    /// Weights of the classes in the training loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
}

/// Choice of an epoch's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Each training picture once, in random order.
    #[default]
    Shuffled,
    /// Each class equally often.
    Balanced,
}

impl Regularisation {
    /// True if nothing is on.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// True if pictures are mixed.
    pub fn mixes(&self) -> bool {
        self.mixup > 0.0 || self.cutmix > 0.0
    }

    /// Order of the pictures of one epoch, as indices of `labels`: the training pictures' classes, of which there are
    /// `classes`.
    pub fn order(&self, labels: &[usize], classes: usize, seed: EpochSeed) -> Vec<usize> {
        match self.sampling {
            Sampling::Shuffled => shuffle(labels.len(), seed),
            Sampling::Balanced => {
                balanced_sampling::order(labels, classes, &mut seed.order_generator())
            }
        }
    }

    /// `batch` with its pictures mixed, if they are to be. What is drawn depends on `seed` alone.
    pub fn mix(&self, batch: LabelledBatch, seed: &BatchSeed) -> LabelledBatch {
        let mut random = seed.generator(BatchPurpose::Mixing);
        let (mixup, cutmix) = (self.mixup > 0.0, self.cutmix > 0.0);
        let takes_cutmix = match (mixup, cutmix) {
            (true, true) => random.random::<bool>(),
            _ => cutmix,
        };
        if batch.is_empty() || !(mixup || cutmix) {
            batch
        } else if takes_cutmix {
            Cutmix::draw(batch.size, self.cutmix, &mut random).apply(batch)
        } else {
            Mixup::draw(batch.len(), self.mixup, &mut random).apply(batch)
        }
    }

    /// Weight of each of `classes`, of which `labels` are the training pictures; nothing if all count alike.
    pub fn weights(&self, classes: &[String], labels: &[usize]) -> Option<Vec<f64>> {
        let weights = self.class_weights.as_ref()?;
        Some(weights.of(classes, labels))
    }

    /// Sum of the weights of the pictures of `targets` in a mean loss: their number if all classes count alike.
    pub fn weight(&self, targets: &Targets, weights: Option<&[f64]>) -> f64 {
        let Some(weights) = weights else {
            return targets.len() as f64;
        };
        let shares = (0..targets.len()).flat_map(|picture| targets.shares(picture));
        shares.map(|(class, share)| weights[class] * share).sum()
    }

    /// `targets` with smoothed labels and the `weights` of `classes` classes, if there are any.
    pub fn targets(&self, targets: Targets, classes: usize, weights: Option<&[f64]>) -> Targets {
        if self.label_smoothing == 0.0 && weights.is_none() {
            return targets;
        }
        let weight = |class: usize| weights.map_or(1.0, |weights| weights[class]);
        let (mut factors, mut divisor) = (Vec::new(), 0.0);
        for picture in 0..targets.len() {
            let shares = targets.shares(picture);
            let target = label_smoothing::smoothed(&shares, classes, self.label_smoothing);
            let weighted = target.iter().enumerate();
            factors.extend(weighted.map(|(class, share)| weight(class) * share));
            let of_picture = shares.iter().map(|(class, share)| weight(*class) * share);
            divisor += of_picture.sum::<f64>();
        }
        Targets::Factors {
            classes: (0..targets.len())
                .map(|place| targets.class(place))
                .collect(),
            factors: factors
                .iter()
                .map(|factor| (factor / divisor) as f32)
                .collect(),
        }
    }

    /// A value that no run can use: its key, the value and what it must be.
    pub fn fault(&self) -> Option<(String, String, &'static str)> {
        let alpha = "0 (off) or within 0.01 and 100";
        let is_alpha = |alpha: f64| alpha == 0.0 || (0.01..=100.0).contains(&alpha);
        let smoothing = self.label_smoothing;
        let checks = [
            (
                "label_smoothing",
                smoothing,
                (0.0..1.0).contains(&smoothing),
                "at least 0 and below 1",
            ),
            ("mixup", self.mixup, is_alpha(self.mixup), alpha),
            ("cutmix", self.cutmix, is_alpha(self.cutmix), alpha),
        ];
        let fault = checks.into_iter().find(|(_, _, is_good, _)| !is_good);
        if let Some((key, value, _, allowed)) = fault {
            return Some((key.to_owned(), value.to_string(), allowed));
        }
        let (name, weight) = self.class_weights.as_ref()?.refused()?;
        let key = format!("class_weights.{name}");
        Some((key, weight.to_string(), "within 1e-6 and 1e6"))
    }

    /// One sentence about a weight for a class that is none of `classes`.
    pub fn unknown_class(&self, classes: &[String]) -> Option<String> {
        let unknown = self.class_weights.as_ref()?.unknown(classes)?;
        let hint = match words::nearest(unknown, classes.iter().map(String::as_str)) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("the classes are {}", classes.join(", ")),
        };
        Some(format!(
            "regularisation.class_weights has a weight for `{unknown}`, which is no class of the training pictures: {hint}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_for_no_class_is_one_sentence_with_the_class_that_was_meant() {
        let classes = ["beagle", "pug"].map(str::to_owned);
        let said = |name: &str| {
            let table = [(name.to_owned(), 2.0)].into();
            let regularisation = Regularisation {
                class_weights: Some(ClassWeights::Table(table)),
                ..Regularisation::default()
            };
            regularisation.unknown_class(&classes)
        };
        assert_eq!(said("pug"), None);
        let near = said("Beagle").unwrap();
        assert!(
            near.contains("`Beagle`") && near.ends_with("did you mean `beagle`?"),
            "{near}"
        );
        let far = said("zebra").unwrap();
        assert!(far.contains("beagle") && far.contains("pug"), "{far}");
    }
}
