//! Cross-validation.

use rand_mt::Mt;

use crate::parts::Split;
use crate::random::{by_class, shuffle, without};

/// Split number `fold` of `folds` (from 0), each of which validates with the pictures that no other does.
///
/// Class after class in byte order is shuffled, all with one generator, and dealt out to the folds in turn; a class
/// begins where the one before it ended. So both the folds and their shares of a class differ by one picture at most.
pub fn k_fold_split(labels: &[&str], folds: usize, fold: usize, seed: u32) -> Split {
    let mut twister = Mt::new(seed);
    let mut dealt = Vec::with_capacity(labels.len());
    for mut members in by_class(labels) {
        shuffle(&mut members, &mut twister);
        dealt.extend(members);
    }
    let valid: Vec<usize> = dealt.into_iter().skip(fold).step_by(folds).collect();
    Split {
        train: without(&valid, labels.len()),
        valid,
        test: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_folds_are_each_others_complement_and_share_every_class(
            labels in prop::collection::vec("[a-d]", 0..120), folds in 2usize..8, seed: u32
        ) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let splits: Vec<Split> = (0..folds).map(|fold| k_fold_split(&labels, folds, fold, seed)).collect();
            let mut validated: Vec<usize> = splits.iter().flat_map(|split| split.valid.clone()).collect();
            validated.sort_unstable();
            prop_assert_eq!(validated, (0..labels.len()).collect::<Vec<_>>());
            for split in &splits {
                let mut both = [split.train.clone(), split.valid.clone()].concat();
                both.sort_unstable();
                prop_assert_eq!(both, (0..labels.len()).collect::<Vec<_>>());
                prop_assert!(split.train.is_sorted() && split.test.is_empty());
                prop_assert!(split.valid.len().abs_diff(labels.len() / folds) <= 1);
                for class in ["a", "b", "c", "d"] {
                    let all = labels.iter().filter(|&&label| label == class).count();
                    let here = split.valid.iter().filter(|&&index| labels[index] == class).count();
                    prop_assert!(here == all / folds || here == all.div_ceil(folds), "{here} of {all}");
                }
            }
        }
    }

    #[test]
    fn the_seed_alone_decides() {
        let labels = ["a"; 40];
        let split = k_fold_split(&labels, 4, 1, 7);
        assert_eq!(split, k_fold_split(&labels, 4, 1, 7));
        assert_ne!(split, k_fold_split(&labels, 4, 1, 8));
    }
}
