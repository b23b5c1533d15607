use crate::features::Features;
use rayon::prelude::*;

/// Pictures that are compared with all later ones at a time.
const BLOCK: usize = 64;

/// Pictures that look alike to the network.
#[derive(Debug, Clone, PartialEq)]
pub struct NearDuplicates {
    /// Pairs of pictures, the most similar first, of equal ones in the order of pictures; no more than were asked for.
    pub pairs: Vec<SimilarPair>,
    /// Number of pairs that reach the threshold, also of those that were left out of `pairs`.
    pub found: usize,
    /// Groups of pictures that such pairs hold together, in the order of their first pictures; each ascending, of at least two.
    /// Two pictures of a group need not be a pair: what is similar to the same picture is in its group.
    pub groups: Vec<Vec<usize>>,
}

/// Two pictures and how similar they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimilarPair {
    /// Index of the one that comes first.
    pub first: usize,
    /// Index of the other.
    pub second: usize,
    /// Cosine of the angle between their features, at most 1.
    pub similarity: f32,
}

/// All pairs of pictures whose cosine similarity `a·b / (|a| |b|)` is at least `threshold`, and the groups that they form; of
/// the pairs the `most` most similar ones are kept.
///
/// Each picture is compared with each later one, by several threads; memory grows with the number of pictures and with `most`,
/// not with the number of pairs. A picture whose features are all 0 is in no pair.
pub fn near_duplicates(features: &Features, threshold: f32, most: usize) -> NearDuplicates {
    let pictures = features.pictures();
    let mut groups = Groups::new(pictures);
    let (mut pairs, mut found) = (Vec::new(), 0);
    for start in (0..pictures).step_by(BLOCK) {
        let block: Vec<Vec<SimilarPair>> = (start..(start + BLOCK).min(pictures))
            .into_par_iter()
            .map(|first| similar(features, first, threshold))
            .collect();
        for pair in block.into_iter().flatten() {
            groups.join(pair.first, pair.second);
            found += 1;
            pairs.push(pair);
        }
        keep_most_similar(&mut pairs, most);
    }
    NearDuplicates {
        pairs,
        found,
        groups: groups.all(),
    }
}

/// Pairs of a picture with later ones.
fn similar(features: &Features, first: usize, threshold: f32) -> Vec<SimilarPair> {
    let may_be = threshold - features.roughness();
    let pair = |second| SimilarPair {
        first,
        second,
        similarity: features.similarity(first, second),
    };
    (first + 1..features.pictures())
        .filter(|second| features.rough_similarity(first, *second) >= may_be)
        .filter(|second| features.has_direction(first) && features.has_direction(*second))
        .map(pair)
        .filter(|pair| pair.similarity >= threshold)
        .collect()
}

fn keep_most_similar(pairs: &mut Vec<SimilarPair>, most: usize) {
    pairs.sort_by(|a, b| {
        let order = b.similarity.total_cmp(&a.similarity);
        order.then((a.first, a.second).cmp(&(b.first, b.second)))
    });
    pairs.truncate(most);
}

/// Which pictures hang together: each points to an earlier one of its group, the first to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn new(pictures: usize) -> Self {
        Self((0..pictures).collect())
    }

    fn first_of(&mut self, picture: usize) -> usize {
        let mut first = picture;
        while self.0[first] != first {
            self.0[first] = self.0[self.0[first]];
            first = self.0[first];
        }
        first
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first_of(one), self.first_of(other));
        self.0[one.max(other)] = one.min(other);
    }

    fn all(mut self) -> Vec<Vec<usize>> {
        let pictures = self.0.len();
        let mut groups = vec![Vec::new(); pictures];
        for picture in 0..pictures {
            groups[self.first_of(picture)].push(picture);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_similar_to_the_same_picture_is_in_one_group() {
        let features = Features::at_angles(&[0.0, 90.0, 5.0, 180.0, 10.0, 92.0]);
        let found = near_duplicates(&features, 6f32.to_radians().cos(), 9);
        let pairs: Vec<_> = found.pairs.iter().map(|p| (p.first, p.second)).collect();
        assert_eq!(pairs, [(1, 5), (0, 2), (2, 4)]);
        assert_eq!(found.groups, [vec![0, 2, 4], vec![1, 5]]);
    }

    #[test]
    fn of_many_pairs_the_most_similar_are_kept_and_all_are_counted_and_joined() {
        let features = Features::at_angles(&[0.0; 150]);
        let found = near_duplicates(&features, 0.5, 2);
        let pairs: Vec<_> = found.pairs.iter().map(|p| (p.first, p.second)).collect();
        assert_eq!(pairs, [(0, 1), (0, 2)]);
        assert_eq!((found.found, found.groups.len()), (150 * 149 / 2, 1));
    }

    #[test]
    fn what_has_no_direction_is_similar_to_nothing() {
        let features = Features::new(2, vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0]).unwrap();
        let found = near_duplicates(&features, -1.0, 9);
        assert_eq!(
            (found.pairs.len(), found.found, found.groups.len()),
            (0, 0, 0)
        );
    }

    proptest! {
        #[test]
        fn pairs_are_those_that_comparing_all_with_all_finds(
            values in proptest::collection::vec(-1f32..1.0, 0..600), threshold in -1f32..1.0,
        ) {
            let values = values[..values.len() / 3 * 3].to_vec();
            let features = Features::new(3, values).unwrap();
            let found = near_duplicates(&features, threshold, usize::MAX);
            let mut expected = Vec::new();
            for first in 0..features.pictures() {
                for second in first + 1..features.pictures() {
                    if features.similarity(first, second) >= threshold {
                        expected.push((first, second));
                    }
                }
            }
            let mut pairs: Vec<_> = found.pairs.iter().map(|p| (p.first, p.second)).collect();
            pairs.sort_unstable();
            prop_assert_eq!(pairs, expected);
        }
    }
}
