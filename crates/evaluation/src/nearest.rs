use crate::features::Features;
use rayon::prelude::*;

/// Share of the usual distance to the nearest picture below which two pictures are near-duplicates: that of cleanlab 2's
/// `NearDuplicateIssueManager`.
const SHARE: f64 = 0.13;

/// The cosine similarity from which two of these pictures are near-duplicates: `1 − 0.13 · median`, where the median is over
/// the pictures' cosine distances `1 − similarity` to their nearest others.
///
/// A fixed number would not do: a network that has learnt its classes well draws all pictures of a class together. Pictures
/// without a direction do not count. Fewer than two others have a threshold of 1.
///
/// Source: cleanlab 2, `datalab/internal/issue_manager/duplicate.py`, which compares with less than where we compare with at
/// most.
pub fn near_duplicate_threshold(features: &Features) -> f32 {
    let pictures: Vec<usize> = (0..features.pictures())
        .filter(|picture| features.has_direction(*picture))
        .collect();
    let nearest = |first: &usize| {
        let others = pictures.iter().filter(|second| *second != first);
        let rough: Vec<(usize, f32)> = others
            .map(|second| (*second, features.rough_similarity(*first, *second)))
            .collect();
        let largest = rough
            .iter()
            .map(|(_, rough)| *rough)
            .max_by(f32::total_cmp)?;
        let may_be = largest - 2.0 * features.roughness();
        let candidates = rough.iter().filter(|(_, rough)| *rough >= may_be);
        let similarities = candidates.map(|(second, _)| features.similarity(*first, *second));
        similarities.max_by(f32::total_cmp)
    };
    let mut distances: Vec<f64> = pictures
        .par_iter()
        .filter_map(nearest)
        .map(|similarity| 1.0 - f64::from(similarity))
        .collect();
    distances.sort_by(f64::total_cmp);
    let middle = distances.len() / 2;
    let median = match distances.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => (distances[middle - 1] + distances[middle]) / 2.0,
        _ => distances[middle],
    };
    (1.0 - SHARE * median) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::near_duplicates;

    #[test]
    fn the_threshold_follows_how_close_pictures_usually_are() {
        let distance = |degrees: f32| f64::from(1.0 - degrees.to_radians().cos());
        for spread in [2.0, 20.0] {
            // Nearest others: spread, spread, spread, spread / 100 twice.
            let angles = [0.0, 1.0, 2.0, 4.0, 4.01].map(|angle| angle * spread);
            let threshold = f64::from(near_duplicate_threshold(&Features::at_angles(&angles)));
            let expected = 1.0 - 0.13 * distance(spread);
            assert!(
                (threshold - expected).abs() < 1e-6,
                "{threshold} and {expected}"
            );
        }
    }

    #[test]
    fn copies_are_near_even_where_most_pictures_are_there_twice() {
        let rows = [[0.3, 0.1, 0.7], [0.9, 0.2, 0.4], [0.1, 0.8, 0.3]];
        let rows: Vec<f32> = rows.iter().flat_map(|row| [*row, *row]).flatten().collect();
        let features = Features::new(3, rows).unwrap();
        let threshold = near_duplicate_threshold(&features);
        let pairs = near_duplicates(&features, threshold, 9).pairs;
        let pairs: Vec<_> = pairs.iter().map(|pair| (pair.first, pair.second)).collect();
        assert_eq!(pairs, [(0, 1), (2, 3), (4, 5)]);
    }

    #[test]
    fn nothing_is_near_where_there_is_no_other() {
        assert_eq!(near_duplicate_threshold(&Features::at_angles(&[3.0])), 1.0);
        assert_eq!(near_duplicate_threshold(&Features::at_angles(&[])), 1.0);
    }
}
