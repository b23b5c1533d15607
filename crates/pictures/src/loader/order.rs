//! The order of the pictures in an epoch.

use std::collections::HashMap;

use rand::seq::SliceRandom;

use super::seed::EpochSeed;

/// Indices 0..`length` in the random order of one epoch.
pub fn shuffle(length: usize, seed: EpochSeed) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.shuffle(&mut seed.order_generator());
    order
}

/// How often the picture at each place of `order` came before it.
pub(super) fn repeats(order: &[usize]) -> Vec<u64> {
    let mut seen: HashMap<usize, u64> = HashMap::new();
    let before = |index: &usize| {
        let count = seen.entry(*index).or_default();
        *count += 1;
        *count - 1
    };
    order.iter().map(before).collect()
}

/// Number of batches in an epoch of `pictures`, the short last one included.
///
/// As in fastai 1.0.30, a last batch of a single picture counts here although training leaves it out: schedules are
/// laid out for this number.
pub fn batches_in_epoch(pictures: usize, batch_size: usize) -> usize {
    pictures.div_ceil(batch_size.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: EpochSeed = EpochSeed {
        seed: 1,
        stage: 2,
        epoch: 3,
    };

    #[test]
    fn a_shuffle_holds_every_index_once_and_depends_on_each_number() {
        let order = shuffle(1000, SEED);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_eq!(order, shuffle(1000, SEED));
        for other in [
            EpochSeed { seed: 9, ..SEED },
            EpochSeed { stage: 9, ..SEED },
            EpochSeed { epoch: 9, ..SEED },
        ] {
            assert_ne!(order, shuffle(1000, other));
        }
    }

    #[test]
    fn a_shuffle_is_the_same_in_every_version() {
        // Recorded once: a library that changes its algorithm must not change what a saved run resumes with.
        assert_eq!(shuffle(10, SEED), [2, 3, 0, 5, 7, 9, 6, 1, 4, 8]);
    }

    #[test]
    fn a_place_knows_how_often_its_picture_came_before() {
        assert_eq!(repeats(&[4, 2, 4, 4, 2, 0]), [0, 0, 1, 2, 1, 0]);
    }

    #[test]
    fn the_short_last_batch_counts() {
        assert_eq!(batches_in_epoch(5912, 32), 185);
        assert_eq!(batches_in_epoch(64, 32), 2);
        assert_eq!(batches_in_epoch(65, 32), 3);
        assert_eq!(batches_in_epoch(0, 32), 0);
    }
}
