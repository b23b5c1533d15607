//! The split that keeps groups whole.

use std::collections::BTreeMap;

use rand_mt::Mt;

use crate::error::SplitError;
use crate::parts::Split;
use crate::random::shuffle;
use crate::shares::Shares;
use pictures::part::Part;

/// Parts in the order in which they are preferred where they are equally far from their shares.
const PARTS: [Part; 3] = [Part::Train, Part::Valid, Part::Test];

/// Split of pictures with `labels` into parts that hold whole `groups` (disjoint, of all pictures), each part with
/// nearly its share of each class.
///
/// The groups are shuffled, then taken from the largest to the smallest. Each goes to the part that it brings nearest
/// to its shares: that for which the squared distances from them, each divided by the pictures of its class, become the
/// least. Two rules come before: a class must have a picture to train on, so the last group of a class that has none
/// trains; and a part that would stay empty gets the smallest group that training can spare.
///
/// If every group is of a single class, a part differs from its share of the class by no more than the class's largest
/// group, so by no more than one picture if each picture is a group of its own.
///
/// # Errors
/// Shares that no listing can be divided by; groups of which training can spare none.
pub fn grouped_split(
    labels: &[&str],
    groups: Vec<Vec<usize>>,
    shares: impl Into<Shares>,
    seed: u32,
) -> Result<Split, SplitError> {
    let shares = shares.into();
    shares.check()?;
    let count = groups.len();
    let mut balance = Balance::new(labels, groups, shares, seed);
    balance.assign_all();
    for (part, share) in [(Part::Valid, shares.valid), (Part::Test, shares.test)] {
        if share > 0.0 && !balance.spare_one(part) {
            return Err(SplitError::NoGroupToSpare {
                groups: count,
                part,
            });
        }
    }
    Ok(balance.into_split())
}

/// Pictures that stay together.
#[derive(Debug)]
struct Group {
    members: Vec<usize>,
    /// Pictures of each of its classes.
    classes: Vec<(usize, usize)>,
    part: Part,
}

/// Groups on their way into parts.
#[derive(Debug)]
struct Balance {
    /// From the largest to the smallest.
    groups: Vec<Group>,
    classes: Vec<Class>,
    shares: [f64; 3],
}

/// What has become of a class.
#[derive(Debug, Clone, Default)]
struct Class {
    pictures: f64,
    /// Pictures that each part lacks to its share, in the order of [`PARTS`].
    lacking: [f64; 3],
    /// Groups without a part.
    waiting: usize,
    /// Groups that train.
    training: usize,
}

impl Balance {
    fn new(labels: &[&str], groups: Vec<Vec<usize>>, shares: Shares, seed: u32) -> Self {
        let mut numbers: BTreeMap<&str, usize> = labels.iter().map(|&label| (label, 0)).collect();
        let ascending = numbers.values_mut().enumerate();
        ascending.for_each(|(number, place)| *place = number);

        let mut classes = vec![Class::default(); numbers.len()];
        let mut groups: Vec<Group> = groups
            .into_iter()
            .map(|members| {
                let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
                for &index in &members {
                    *counts.entry(numbers[labels[index]]).or_default() += 1;
                }
                for (&class, &count) in &counts {
                    classes[class].pictures += count as f64;
                    classes[class].waiting += 1;
                }
                Group {
                    members,
                    classes: counts.into_iter().collect(),
                    part: Part::Train,
                }
            })
            .collect();
        shuffle(&mut groups, &mut Mt::new(seed));
        groups.sort_by_key(|group| std::cmp::Reverse(group.members.len()));

        let shares = [1.0 - shares.valid - shares.test, shares.valid, shares.test];
        for class in &mut classes {
            class.lacking = shares.map(|share| share * class.pictures);
        }
        Self {
            groups,
            classes,
            shares,
        }
    }

    fn assign_all(&mut self) {
        for index in 0..self.groups.len() {
            let place = self.nearest(&self.groups[index]);
            let group = &mut self.groups[index];
            group.part = PARTS[place];
            for &(class, count) in &group.classes {
                let class = &mut self.classes[class];
                class.lacking[place] -= count as f64;
                class.waiting -= 1;
                class.training += usize::from(place == 0);
            }
        }
    }

    /// Place in [`PARTS`] of the part that `group` brings nearest to its shares.
    fn nearest(&self, group: &Group) -> usize {
        let is_last = |&(class, _): &(usize, usize)| {
            let class = &self.classes[class];
            class.waiting == 1 && class.training == 0
        };
        if group.classes.iter().any(is_last) {
            return 0;
        }
        // (lacking - count)² - lacking² = count² - 2 count lacking, of which the first is the same for all parts.
        let gain = |place: usize| -> f64 {
            let of_class = |&(class, count): &(usize, usize)| {
                let class = &self.classes[class];
                count as f64 * class.lacking[place] / class.pictures
            };
            group.classes.iter().map(of_class).sum()
        };
        let mut best = 0;
        for place in 1..PARTS.len() {
            if self.shares[place] > 0.0 && gain(place) > gain(best) {
                best = place;
            }
        }
        best
    }

    /// Moves the smallest group that training can spare into `part` if that is empty; false if there is none.
    fn spare_one(&mut self, part: Part) -> bool {
        if self.groups.iter().any(|group| group.part == part) {
            return true;
        }
        let classes = &self.classes;
        let can_be_spared = |group: &&mut Group| {
            let remains = |&(class, _): &(usize, usize)| classes[class].training > 1;
            group.part == Part::Train && group.classes.iter().all(remains)
        };
        let Some(group) = self.groups.iter_mut().rev().find(can_be_spared) else {
            return false;
        };
        group.part = part;
        for &(class, _) in &group.classes {
            self.classes[class].training -= 1;
        }
        true
    }

    fn into_split(self) -> Split {
        let part = |part: Part| -> Vec<usize> {
            let groups = self.groups.iter().filter(|group| group.part == part);
            let mut indices: Vec<usize> = groups.flat_map(|group| group.members.clone()).collect();
            indices.sort_unstable();
            indices
        };
        Split {
            train: part(Part::Train),
            valid: part(Part::Valid),
            test: part(Part::Test),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLASSES: [&str; 4] = ["a", "b", "c", "d"];

    /// Groups of pictures, each picture by its class.
    fn any_groups() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
        let group = prop::collection::vec(prop::sample::select(&CLASSES[..]), 1..9);
        prop::collection::vec(group, 0..40)
    }

    /// Groups of pictures of one class.
    fn groups_of_one_class() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
        let group = (prop::sample::select(&CLASSES[..]), 1usize..9);
        prop::collection::vec(group.prop_map(|(class, size)| vec![class; size]), 0..40)
    }

    /// Labels of all pictures, and the groups as indices.
    fn listed(groups: &[Vec<&'static str>]) -> (Vec<&'static str>, Vec<Vec<usize>>) {
        let labels = groups.concat();
        let mut next = 0;
        let indices = groups.iter().map(|group| {
            next += group.len();
            (next - group.len()..next).collect()
        });
        (labels, indices.collect())
    }

    fn count(labels: &[&str], part: &[usize], class: &str) -> usize {
        part.iter().filter(|&&index| labels[index] == class).count()
    }

    proptest! {
        #[test]
        fn groups_are_whole_the_parts_complete_and_every_class_is_trained(
            groups in any_groups(), valid in 0.01f64..0.6, test in 0.0f64..0.39, seed: u32
        ) {
            let (labels, indices) = listed(&groups);
            let shares = Shares { valid, test };
            let Ok(split) = grouped_split(&labels, indices.clone(), shares, seed) else {
                return Ok(());
            };
            let mut all = [&split.train[..], &split.valid, &split.test].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            for group in &indices {
                for part in [&split.train, &split.valid, &split.test] {
                    let inside = group.iter().filter(|index| part.contains(index)).count();
                    prop_assert!(inside == 0 || inside == group.len());
                }
            }
            for class in CLASSES.iter().filter(|class| labels.contains(class)) {
                prop_assert!(count(&labels, &split.train, class) > 0);
            }
            prop_assert!(!split.valid.is_empty() && split.test.is_empty() == (test == 0.0));
            prop_assert_eq!(&split, &grouped_split(&labels, indices, shares, seed).expect("the same"));
        }

        #[test]
        fn a_class_is_as_near_to_its_share_as_its_largest_group(
            groups in groups_of_one_class(), valid in 0.01f64..0.99, seed: u32
        ) {
            let (labels, indices) = listed(&groups);
            let Ok(split) = grouped_split(&labels, indices, valid, seed) else {
                return Ok(());
            };
            for class in CLASSES {
                let of_class = groups.iter().filter(|group| group[0] == class);
                let largest = of_class.map(Vec::len).max().unwrap_or(0) as f64;
                let wanted = valid * count(&labels, &labels_of(&labels), class) as f64;
                let got = count(&labels, &split.valid, class) as f64;
                prop_assert!((got - wanted).abs() <= largest + 1e-9, "{class}: {got} of {wanted}, {largest}");
            }
        }

        #[test]
        fn groups_of_one_picture_are_stratified_to_one_picture(
            labels in prop::collection::vec(prop::sample::select(&CLASSES[..]), 0..100),
            valid in 0.01f64..0.6, test in 0.0f64..0.39, seed: u32
        ) {
            let indices = (0..labels.len()).map(|index| vec![index]).collect();
            let Ok(split) = grouped_split(&labels, indices, Shares { valid, test }, seed) else {
                return Ok(());
            };
            for class in CLASSES {
                let members = count(&labels, &labels_of(&labels), class) as f64;
                for (part, share) in [(&split.valid, valid), (&split.test, test)] {
                    let got = count(&labels, part, class) as f64;
                    prop_assert!((got - share * members).abs() <= 1.0, "{class}: {got} of {}", share * members);
                }
            }
        }
    }

    fn labels_of(labels: &[&str]) -> Vec<usize> {
        (0..labels.len()).collect()
    }

    #[test]
    fn two_large_groups_still_give_a_validation_part() {
        let (labels, indices) = listed(&[vec!["a"; 10], vec!["a"; 9]]);
        let split = grouped_split(&labels, indices, 0.2, 2).expect("a split");
        assert_eq!((split.train.len(), split.valid.len()), (10, 9));
    }

    #[test]
    fn groups_of_which_none_can_be_spared_are_an_error() {
        let (labels, indices) = listed(&[vec!["a"; 4], vec!["b"; 4]]);
        let error = grouped_split(&labels, indices, 0.4, 2).expect_err("one group a class");
        assert!(
            matches!(
                error,
                SplitError::NoGroupToSpare {
                    groups: 2,
                    part: Part::Valid
                }
            ),
            "{error}"
        );
    }
}
