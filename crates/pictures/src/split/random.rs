//! Splits drawn from a seed.

use std::collections::{BTreeMap, HashSet};

use rand_mt::Mt;

use super::error::SplitError;
use super::parts::Split;

/// Random split of `count` pictures: the first `trunc(fraction * count)` of numpy's
/// `RandomState(seed).permutation(count)` are for validation, in that order, the others for training. Either part may
/// be empty.
///
/// # Errors
/// [`SplitError::Fraction`].
pub fn random_split(count: usize, fraction: f64, seed: u32) -> Result<Split, SplitError> {
    check_fraction(fraction)?;
    let valid = valid_part((0..count).collect(), fraction, &mut Mt::new(seed));
    Ok(Split {
        train: all_but(&valid, count),
        valid,
    })
}

/// Random split of each class as [`random_split`] divides all pictures: class after class in byte order, the members
/// of a class in the order of `labels`, all with one generator that continues from class to class. A class of so few
/// pictures that `trunc(fraction * members)` is 0 has none for validation.
///
/// # Errors
/// [`SplitError::Fraction`].
pub fn stratified_split(labels: &[&str], fraction: f64, seed: u32) -> Result<Split, SplitError> {
    check_fraction(fraction)?;
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(index);
    }
    let mut twister = Mt::new(seed);
    let valid: Vec<usize> = members
        .into_values()
        .flat_map(|members| valid_part(members, fraction, &mut twister))
        .collect();
    Ok(Split {
        train: all_but(&valid, labels.len()),
        valid,
    })
}

pub(super) fn check_fraction(fraction: f64) -> Result<(), SplitError> {
    if fraction > 0.0 && fraction < 1.0 {
        Ok(())
    } else {
        Err(SplitError::Fraction(fraction))
    }
}

/// The validation part of `members`; its length is Python's `int(fraction * count)`.
fn valid_part(mut members: Vec<usize>, fraction: f64, twister: &mut Mt) -> Vec<usize> {
    shuffle(&mut members, twister);
    members.truncate((fraction * members.len() as f64) as usize);
    members
}

fn all_but(taken: &[usize], count: usize) -> Vec<usize> {
    let taken: HashSet<usize> = taken.iter().copied().collect();
    (0..count).filter(|index| !taken.contains(index)).collect()
}

/// numpy's legacy shuffle (`RandomState.shuffle`): Fisher-Yates from the top, each step with numbers of its own.
///
/// Draws are 32 bits wide, as numpy's are for up to 2^32 items.
fn shuffle(items: &mut [usize], twister: &mut Mt) {
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
            assert!(matches!(error, SplitError::Fraction(_)), "{error}");
            assert!(
                stratified_split(&["a"; 10], fraction, 2).is_err(),
                "{fraction}"
            );
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
        let mut all = [split.train.clone(), split.valid.clone()].concat();
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn each_picture_is_in_exactly_one_part(count in 0usize..300, fraction in 0.01f64..0.99, seed: u32) {
            let split = random_split(count, fraction, seed).expect("a fraction");
            prop_assert_eq!(sorted(&split), (0..count).collect::<Vec<_>>());
            prop_assert_eq!(split.valid.len(), (fraction * count as f64) as usize);
            prop_assert!(split.train.is_sorted());
        }

        #[test]
        fn each_class_gives_its_share(labels in prop::collection::vec("[a-d]", 0..100), fraction in 0.01f64..0.99, seed: u32) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let split = stratified_split(&labels, fraction, seed).expect("a fraction");
            prop_assert_eq!(sorted(&split), (0..labels.len()).collect::<Vec<_>>());
            for class in ["a", "b", "c", "d"] {
                let members = labels.iter().filter(|&&label| label == class).count();
                let valid = split.valid.iter().filter(|&&index| labels[index] == class).count();
                prop_assert_eq!(valid, (fraction * members as f64) as usize);
            }
        }
    }
}
