//! Balanced sampling: an epoch has as many pictures as ever, and each class the same number of them.
//!
//! Of N training pictures in C classes each class gets `⌊N / C⌋` places of an epoch, and `N mod C` classes, drawn at random,
//! one more. The pictures of a class are dealt like cards: shuffled, dealt to the last, shuffled again; so that in an epoch
//! no picture of a class comes twice more often than another. (torch's `WeightedRandomSampler` with the weights `1 / n_c`
//! has the same expectation, and draws each place on its own with replacement.)

use rand::{Rng, seq::SliceRandom};

/// Which picture stands where in one epoch: indices of `labels`, the classes of the training pictures.
pub(super) fn order(labels: &[usize], classes: usize, random: &mut impl Rng) -> Vec<usize> {
    let mut members = vec![Vec::new(); classes];
    for (index, label) in labels.iter().enumerate() {
        members[*label].push(index);
    }
    let mut by_chance: Vec<usize> = (0..classes).collect();
    by_chance.shuffle(random);
    let mut order = Vec::with_capacity(labels.len());
    for (place, class) in by_chance.into_iter().enumerate() {
        let quota = labels.len() / classes + usize::from(place < labels.len() % classes);
        deal(&mut members[class], quota, random, &mut order);
    }
    order.shuffle(random);
    order
}

/// Deals `quota` of the `cards`, of which there is at least one.
fn deal(cards: &mut [usize], quota: usize, random: &mut impl Rng, order: &mut Vec<usize>) {
    let mut left = quota;
    while left > 0 && !cards.is_empty() {
        cards.shuffle(random);
        let dealt = left.min(cards.len());
        order.extend(&cards[..dealt]);
        left -= dealt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    proptest! {
        #[test]
        fn each_class_has_its_share_of_an_epoch_and_each_picture_its_share_of_the_class(
            counts in prop::collection::vec(1usize..40, 1..8), seed: u64
        ) {
            let labels: Vec<usize> = (0..counts.len()).flat_map(|class| vec![class; counts[class]]).collect();
            let order = order(&labels, counts.len(), &mut ChaCha8Rng::seed_from_u64(seed));
            prop_assert_eq!(order.len(), labels.len());
            for (class, count) in counts.iter().enumerate() {
                let of_class: Vec<usize> = order.iter().copied().filter(|index| labels[*index] == class).collect();
                let fair = labels.len() / counts.len();
                prop_assert!((fair..=fair + 1).contains(&of_class.len()));
                for index in (0..labels.len()).filter(|index| labels[*index] == class) {
                    let seen = of_class.iter().filter(|seen| **seen == index).count();
                    let least = of_class.len() / count;
                    prop_assert!((least..=least + 1).contains(&seen));
                }
            }
        }
    }

    #[test]
    fn an_order_is_the_same_in_every_version() {
        // Recorded once: a saved run must continue with the same pictures.
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 2];
        let order = order(&labels, 3, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(order, [6, 7, 1, 0, 6, 8, 8, 2, 8]);
    }
}
