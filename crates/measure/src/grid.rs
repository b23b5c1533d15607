//! The grid pointing game on two by two pictures (Rao, Böhle and Schiele 2022, arXiv:2205.10435).

use cam::HeatMap;
use rand::{Rng, seq::SliceRandom};

/// Groups of four different classes out of pictures whose classes these are, as positions; in random order, each picture at most
/// once, `most` groups at most.
pub fn grids(classes: &[usize], most: usize, random: &mut impl Rng) -> Vec<[usize; 4]> {
    let mut left: Vec<usize> = (0..classes.len()).collect();
    left.shuffle(random);
    let mut grids = Vec::new();
    while grids.len() < most {
        let Some(mut grid) = four_classes(&left, classes) else {
            break;
        };
        left.retain(|one| !grid.contains(one));
        grid.shuffle(random);
        grids.push(grid);
    }
    grids
}

/// Pictures of the four classes of which most are left: else those would be left over at the end.
fn four_classes(left: &[usize], classes: &[usize]) -> Option<[usize; 4]> {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for picture in left {
        let class = classes[*picture];
        match counts.iter_mut().find(|(_, one)| classes[*one] == class) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, *picture)),
        }
    }
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let first: Vec<usize> = counts.iter().take(4).map(|(_, picture)| *picture).collect();
    first.try_into().ok()
}

/// Four frames `[C, height, width]` as one of twice the width and height: the first two above, the others below.
pub fn joined(frames: [&[f32]; 4], [width, height]: [usize; 2]) -> Vec<f32> {
    let mut values = Vec::with_capacity(4 * frames[0].len());
    for plane in 0..frames[0].len() / (width * height) {
        for pair in [[frames[0], frames[1]], [frames[2], frames[3]]] {
            for row in 0..height {
                let begin = (plane * height + row) * width;
                pair.iter()
                    .for_each(|frame| values.extend(&frame[begin..begin + width]));
            }
        }
    }
    values
}

/// The frame `cell` of those that [`joined`] made one of, which had this width and height.
pub fn quarter(whole: &[f32], [width, height]: [usize; 2], cell: usize) -> Vec<f32> {
    let rows = whole.chunks_exact(2 * width).enumerate();
    let is_inside = |row: usize| (row / height) % 2 == cell / 2;
    let inside = rows.filter(|(row, _)| is_inside(*row));
    let begin = (cell % 2) * width;
    inside
        .flat_map(|(_, row)| &row[begin..begin + width])
        .copied()
        .collect()
}

/// The share of the map's positive values, spread over a frame of this width and height, in the quarter of the picture `cell` of
/// [`joined`]; 0 of a map without any.
pub fn grid_share(map: &HeatMap, [width, height]: [usize; 2], cell: usize) -> f64 {
    let energy = map.rectified().spread([width, height]);
    let (mut within, mut all) = (0.0, 0.0);
    for (index, energy) in energy.iter().enumerate() {
        let right = usize::from(index % width >= width / 2);
        let below = usize::from(index / width >= height / 2);
        all += energy;
        within += if 2 * below + right == cell {
            *energy
        } else {
            0.0
        };
    }
    if all > 0.0 { within / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    proptest! {
        #[test]
        fn a_grid_has_four_classes_and_no_picture_is_in_two(
            classes in prop::collection::vec(0..7usize, 0..40), seed in any::<u64>()
        ) {
            let grids = grids(&classes, 100, &mut ChaCha8Rng::seed_from_u64(seed));
            let mut used: Vec<usize> = grids.iter().flatten().copied().collect();
            for grid in &grids {
                let mut of_grid = grid.map(|picture| classes[picture]);
                of_grid.sort_unstable();
                prop_assert!(of_grid.windows(2).all(|two| two[0] != two[1]));
            }
            used.sort_unstable();
            prop_assert!(used.windows(2).all(|two| two[0] != two[1]));
        }
    }

    #[test]
    fn as_many_grids_are_made_as_there_are_pictures_of_evenly_many_classes() {
        let classes: Vec<usize> = (0..40).map(|picture| picture % 5).collect();
        assert_eq!(
            grids(&classes, 100, &mut ChaCha8Rng::seed_from_u64(1)).len(),
            10
        );
        assert_eq!(
            grids(&classes, 3, &mut ChaCha8Rng::seed_from_u64(1)).len(),
            3
        );
        assert!(grids(&[0, 1, 2, 2, 2], 100, &mut ChaCha8Rng::seed_from_u64(1)).is_empty());
    }

    #[test]
    fn joined_frames_lie_above_and_beside_one_another() {
        let frame = |value: f32| vec![value; 3 * 2];
        let frames = [1.0, 2.0, 3.0, 4.0].map(frame);
        let [a, b, c, d] = &frames;
        let plane = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
        assert_eq!(joined([a, b, c, d], [2, 1]), plane.repeat(3));
    }

    #[test]
    fn quarters_of_joined_frames_are_those_that_were_joined() {
        let frames = [0, 1, 2, 3].map(|frame| {
            let values = (0..5 * 6).map(|index| (100 * frame + index) as f32);
            values.collect::<Vec<f32>>()
        });
        let whole = joined(frames.each_ref().map(Vec::as_slice), [3, 2]);
        for (cell, frame) in frames.iter().enumerate() {
            assert_eq!(quarter(&whole, [3, 2], cell), *frame);
        }
    }

    #[test]
    fn a_map_has_its_shares_in_the_quarters_and_none_without_evidence() {
        let map = |values: [f32; 4]| HeatMap {
            height: 2,
            width: 2,
            values: values.to_vec(),
        };
        let shares = |map: &HeatMap| [0, 1, 2, 3].map(|cell| grid_share(map, [2, 2], cell));
        assert_eq!(
            shares(&map([1.0, 3.0, -8.0, 4.0])),
            [0.125, 0.375, 0.0, 0.5]
        );
        assert_eq!(shares(&map([-1.0, 0.0, -2.0, -0.5])), [0.0; 4]);
        assert_eq!(shares(&map([2.0; 4])), [0.25; 4]);
    }
}
