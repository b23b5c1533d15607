//! Splits drawn from a seed.

use std::collections::{BTreeMap, HashSet};

use rand_mt::Mt;

use crate::parts::Split;
use crate::shares::{Shares, SplitValueError};

/// Random split of `count` pictures by numpy's `RandomState(seed).permutation(count)`: its first
/// `trunc(shares.valid * count)` are for validation, the `trunc(shares.test * count)` that follow for a last
/// evaluation, both in that order, the others for training. Any part may be empty.
///
/// # Errors
/// Shares that no listing can be divided by.
pub fn random_split(
    count: usize,
    shares: impl Into<Shares>,
    seed: u32,
) -> Result<Split, SplitValueError> {
    split_all([(0..count).collect()], count, shares.into(), seed)
}

/// Random split of each class as [`random_split`] divides all pictures: class after class in byte order, the members
/// of a class in the order of `labels`, all with one generator that continues from class to class. A class of so few
/// pictures that `trunc(shares.valid * members)` is 0 has none for validation.
///
/// # Errors
/// Shares that no listing can be divided by.
pub fn stratified_split(
    labels: &[&str],
    shares: impl Into<Shares>,
    seed: u32,
) -> Result<Split, SplitValueError> {
    split_all(by_class(labels), labels.len(), shares.into(), seed)
}

/// The members of each class, in byte order of the classes.
pub(super) fn by_class(labels: &[&str]) -> Vec<Vec<usize>> {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(index);
    }
    members.into_values().collect()
}

/// All of 0..`count` but those `taken`.
pub(super) fn without(taken: &[usize], count: usize) -> Vec<usize> {
    let taken: HashSet<usize> = taken.iter().copied().collect();
    (0..count).filter(|index| !taken.contains(index)).collect()
}

/// Takes the shares of each of `sets`, with one generator.
fn split_all(
    sets: impl IntoIterator<Item = Vec<usize>>,
    count: usize,
    shares: Shares,
    seed: u32,
) -> Result<Split, SplitValueError> {
    shares.check()?;
    let mut twister = Mt::new(seed);
    let (mut valid, mut test) = (Vec::new(), Vec::new());
    for mut members in sets {
        shuffle(&mut members, &mut twister);
        // The lengths are Python's `int(fraction * count)`.
        let length = |share: f64| (share * members.len() as f64) as usize;
        let (first, second) = (length(shares.valid), length(shares.test));
        valid.extend(&members[..first]);
        test.extend(&members[first..first + second]);
    }
    Ok(Split {
        train: without(&[&valid[..], &test].concat(), count),
        valid,
        test,
    })
}

/// numpy's legacy shuffle (`RandomState.shuffle`): Fisher-Yates from the top, each step with numbers of its own.
///
/// Draws are 32 bits wide, as numpy's are for up to 2^32 items.
pub(super) fn shuffle<T>(items: &mut [T], twister: &mut Mt) {
    for top in (1..items.len()).rev() {
        let chosen = uniform_up_to(top as u32, twister);
        items.swap(top, chosen as usize);
    }
}

/// Uniform in 0..=`top`: the lowest bits of one output after the other, as many as `top` has, until they fit.
fn uniform_up_to(top: u32, twister: &mut Mt) -> u32 {
    let mask = u32::MAX >> top.leading_zeros();
    loop {
        let drawn = twister.next_u32() & mask;
        if drawn <= top {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fraction_outside_zero_to_one_is_an_error() {
        for fraction in [0.0, 1.0, -0.2, 20.0, f64::NAN, f64::INFINITY] {
            let error = random_split(10, fraction, 2).expect_err("no fraction");
            assert_eq!(error.key, "fraction");
            assert!(
                stratified_split(&["a"; 10], fraction, 2).is_err(),
                "{fraction}"
            );
        }
        for test in [-0.1, 0.8, 1.0, f64::NAN] {
            let shares = Shares { valid: 0.2, test };
            let error = random_split(10, shares, 2).expect_err("no share");
            assert_eq!(error.key, "test_fraction");
        }
    }

    /// With a single class the stratified split is the random one; a second class goes on with the same generator.
    #[test]
    fn the_stratified_split_shuffles_class_after_class_with_one_generator() {
        let random = random_split(50, 0.2, 2).expect("a split");
        assert_eq!(
            stratified_split(&["a"; 50], 0.2, 2).expect("a split"),
            random
        );

        let labels: Vec<&str> = (0..100)
            .map(|index| if index < 50 { "b" } else { "a" })
            .collect();
        let split = stratified_split(&labels, 0.2, 2).expect("a split");
        let first: Vec<usize> = random.valid.iter().map(|index| index + 50).collect();
        assert_eq!(
            split.valid[..10],
            first,
            "class a comes first, though it is listed last"
        );
        assert_ne!(
            split.valid[10..],
            random.valid,
            "class b has numbers of its own"
        );
        assert!(split.valid[10..].iter().all(|&index| index < 50));
    }

    fn sorted(split: &Split) -> Vec<usize> {
        let mut all = [&split.train[..], &split.valid, &split.test].concat();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_test_part_takes_nothing_from_the_validation_part() {
        let without = random_split(100, 0.2, 2).expect("a split");
        let shares = Shares {
            valid: 0.2,
            test: 0.1,
        };
        let with = random_split(100, shares, 2).expect("a split");
        assert_eq!(with.valid, without.valid);
        assert_eq!(with.test.len(), 10);
    }

    proptest! {
        #[test]
        fn each_picture_is_in_exactly_one_part(
            count in 0usize..300, valid in 0.01f64..0.6, test in 0.0f64..0.39, seed: u32
        ) {
            let split = random_split(count, Shares { valid, test }, seed).expect("shares");
            prop_assert_eq!(sorted(&split), (0..count).collect::<Vec<_>>());
            prop_assert_eq!(split.valid.len(), (valid * count as f64) as usize);
            prop_assert_eq!(split.test.len(), (test * count as f64) as usize);
            prop_assert!(split.train.is_sorted());
        }

        #[test]
        fn each_class_gives_its_share(
            labels in prop::collection::vec("[a-d]", 0..100), valid in 0.01f64..0.6, test in 0.0f64..0.39, seed: u32
        ) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let split = stratified_split(&labels, Shares { valid, test }, seed).expect("shares");
            prop_assert_eq!(sorted(&split), (0..labels.len()).collect::<Vec<_>>());
            for class in ["a", "b", "c", "d"] {
                let of_class = |part: &[usize]| part.iter().filter(|&&index| labels[index] == class).count();
                let members = labels.iter().filter(|&&label| label == class).count() as f64;
                prop_assert_eq!(of_class(&split.valid), (valid * members) as usize);
                prop_assert_eq!(of_class(&split.test), (test * members) as usize);
            }
        }
    }
}
