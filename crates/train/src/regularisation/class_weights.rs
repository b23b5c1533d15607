//! Weights of classes in the loss, as torch's `CrossEntropyLoss(weight=w)`, which takes the weighted mean: for pictures of
//! the classes y_n it is `Σ_n w_(y_n) · loss_n / Σ_n w_(y_n)`. With smoothed labels each logarithm has the weight of its
//! class, `loss_n = -Σ_c w_c q_c ln p_c`, and the divisor stays, as there; of a mixture the divisor takes both weights in
//! their shares.
//!
//! `"balanced"` is scikit-learn's (King and Zeng 2001, "Logistic regression in rare events data"): `w_c = N / (C · n_c)` for
//! n_c of the N training pictures, so that each class counts as much as any other.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor},
};
use std::{
    collections::BTreeMap,
    fmt::{self, Formatter},
};

/// The word in a config.
const BALANCED: &str = "balanced";

/// Weights as a config says them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ClassWeights {
    /// From the number of training pictures of each class.
    Balanced(Balanced),
    /// By name; 1 for every class that is not named.
    Table(BTreeMap<String, f64>),
}

/// `"balanced"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Balanced {
    /// The only word.
    Balanced,
}

impl ClassWeights {
    /// The weight of each of `classes`, of which `labels` are the training pictures.
    pub(super) fn of(&self, classes: &[String], labels: &[usize]) -> Vec<f64> {
        match self {
            Self::Balanced(_) => balanced(labels, classes.len()),
            Self::Table(table) => {
                let weight = |class| table.get(class).copied().unwrap_or(1.0);
                classes.iter().map(weight).collect()
            }
        }
    }

    /// A name that is none of `classes`.
    pub(super) fn unknown<'a>(&'a self, classes: &[String]) -> Option<&'a String> {
        match self {
            Self::Balanced(_) => None,
            Self::Table(table) => table.keys().find(|name| !classes.contains(name)),
        }
    }

    /// A class whose weight no loss can be divided by.
    pub(super) fn refused(&self) -> Option<(&String, f64)> {
        let Self::Table(table) = self else {
            return None;
        };
        let mut weights = table.iter().map(|(name, weight)| (name, *weight));
        weights.find(|(_, weight)| !(1e-6..=1e6).contains(weight))
    }
}

/// `N / (C · n_c)` of each class c; every class has a training picture, or it would be none.
fn balanced(labels: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    for label in labels {
        counts[*label] += 1;
    }
    let all = labels.len() as f64;
    let weight = |count: &usize| all / (classes as f64 * (*count).max(1) as f64);
    counts.iter().map(weight).collect()
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

/// Both forms, with a sentence for any other.
struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = ClassWeights;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{BALANCED}\" or a table of weights by class name, such as {{ pug = 2.0 }}"
        )
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<ClassWeights, E> {
        match word {
            BALANCED => Ok(ClassWeights::Balanced(Balanced::Balanced)),
            _ => Err(de::Error::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ClassWeights, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((name, weight)) = entries.next_entry()? {
            table.insert(name, weight);
        }
        Ok(ClassWeights::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sklearn.utils.class_weight.compute_class_weight("balanced", …)`, see `tests/fixtures/generate/gen_regularisation.py`.
    #[test]
    fn balanced_weights_are_scikit_learns() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/regularisation/class_weights.json"
        );
        let golden: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let labels: Vec<usize> = serde_json::from_value(golden["labels"].clone()).unwrap();
        let expected: Vec<f64> = serde_json::from_value(golden["weights"].clone()).unwrap();
        assert_eq!(balanced(&labels, expected.len()), expected);
    }

    #[test]
    fn a_class_that_is_not_named_has_the_weight_1() {
        let names = ["cat", "dog"].map(str::to_owned);
        let weights = ClassWeights::Table([("dog".to_owned(), 3.0)].into());
        assert_eq!(weights.of(&names, &[0, 1]), [1.0, 3.0]);
        assert_eq!(weights.unknown(&names), None);
        assert_eq!(weights.unknown(&names[..1]), Some(&names[1]));
    }
}
