//! RISE: what random masks leave to be seen, weighted by what the network says of it.

use crate::{asked::Asked, heat_map::HeatMap};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Number of masks.
const MASKS: usize = 1000;
/// Seed of the masks: the same picture has the same map.
const SEED: u64 = 1;
/// Probability that a cell of a mask is seen.
const SEEN: f64 = 0.5;
/// Cells of a mask along the short side of the frame, as in the paper.
const CELLS: usize = 7;
/// Pixels of the frame along a side for each cell of the map.
const STEP: usize = 8;

/// RISE, less its mean: `(1 / (N p)) Σ_n (S_n − mean S) M_n`, where `M_n` is one of N = 1000 random masks (cells of a seventh
/// of the short side, each seen with p = 1/2, blended between their centres and shifted by a random part of a cell) and `S_n`
/// the target for the picture times that mask, what is hidden having the mean colour of the training pictures.
///
/// Petsiuk, Das, Saenko: *RISE: Randomized Input Sampling for Explanation of Black-box Models*, 2018, arXiv:1806.07421, has
/// `S_n` alone. The mean adds the same everywhere but for the chance with which places were seen more or less often, which
/// it makes the most of the noise; so taken off, places that speak against the target are below 0. It knows nothing of the
/// network's inside, and needs 1000 forward passes.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let (size, frame) = (asked.frame_size(), asked.frame());
    let masks = || Masks::new(size);
    let mut seen = masks().map(|mask| {
        let shares = mask.spread(size);
        let pixels = frame.iter().zip(shares.iter().cycle());
        pixels.map(|(value, share)| value * *share as f32).collect()
    });
    let scores = asked.scores(&mut seen);
    let mean = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len() as f64;
    let cells = size.map(|side| side.div_ceil(STEP));
    let mut sums = vec![0.0; cells[0] * cells[1]];
    for (score, mask) in scores.iter().zip(masks()) {
        let weight = (f64::from(*score) - mean) / (MASKS as f64 * SEEN);
        for (sum, share) in sums.iter_mut().zip(mask.spread(cells)) {
            *sum += weight * share;
        }
    }
    HeatMap {
        height: cells[1],
        width: cells[0],
        values: sums.into_iter().map(|sum| sum as f32).collect(),
    }
}

/// The masks of a frame, one after the other.
struct Masks {
    random: ChaCha8Rng,
    left: usize,
    /// Width and height of the frame in cells of a mask.
    extent: [f64; 2],
}

/// A mask: a grid of cells that reaches beyond the frame, and where in it the frame lies.
struct Mask {
    cells: HeatMap,
    /// The frame's upper left corner and its extent, as shares of the grid.
    corner: [f64; 2],
    extent: [f64; 2],
}

impl Masks {
    fn new(size: [usize; 2]) -> Self {
        let cell = size[0].min(size[1]) as f64 / CELLS as f64;
        Self {
            random: ChaCha8Rng::seed_from_u64(SEED),
            left: MASKS,
            extent: size.map(|side| side as f64 / cell),
        }
    }
}

impl Iterator for Masks {
    type Item = Mask;

    fn next(&mut self) -> Option<Mask> {
        self.left = self.left.checked_sub(1)?;
        // A cell more than the frame has, for the shift.
        let [width, height] = self.extent.map(|cells| cells.ceil() as usize + 1);
        let values =
            (0..width * height).map(|_| f32::from(u8::from(self.random.random_bool(SEEN))));
        let cells = HeatMap {
            height,
            width,
            values: values.collect(),
        };
        let grid = [width as f64, height as f64];
        Some(Mask {
            cells,
            corner: grid.map(|side| self.random.random::<f64>() / side),
            extent: [0, 1].map(|axis| self.extent[axis] / grid[axis]),
        })
    }
}

impl Mask {
    /// The mask at the centres of `width` × `height` pixels that cover the frame, rows from the top.
    fn spread(&self, [width, height]: [usize; 2]) -> Vec<f64> {
        let place = |axis: usize, index: usize, count: usize| {
            self.corner[axis] + self.extent[axis] * (index as f64 + 0.5) / count as f64
        };
        let columns = (0..width).map(|index| self.cells.columns_at(place(0, index, width)));
        let columns: Vec<_> = columns.collect();
        let row = |index| {
            let row = self.cells.rows_at(place(1, index, height));
            let at = move |columns: &_| self.cells.between(*columns, row);
            columns.iter().map(at)
        };
        (0..height).flat_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature_map::FeatureMap;

    /// Says how much it sees of one place, and much else that has nothing to do with it.
    struct Place(FeatureMap);

    const SIZE: [usize; 2] = [112, 56];

    impl Asked for Place {
        fn features(&self) -> &FeatureMap {
            &self.0
        }

        fn gradient(&self) -> &FeatureMap {
            panic!("a backward pass")
        }

        fn score(&self) -> f32 {
            101.0
        }

        fn frame_size(&self) -> [usize; 2] {
            SIZE
        }

        fn frame(&self) -> &[f32] {
            &[1.0; 3 * SIZE[0] * SIZE[1]]
        }

        fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
            frames
                .map(|frame| 100.0 + frame[20 * SIZE[0] + 84])
                .collect()
        }

        fn scores_behind(&self, _: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
            panic!("a pass through the head")
        }
    }

    #[test]
    fn the_place_that_matters_stands_out_and_the_same_picture_has_the_same_map() {
        let place = Place(FeatureMap::new(1, 1, 1, vec![0.0]).unwrap());
        let found = map(&place);
        assert_eq!([found.width, found.height], [14, 7]);
        assert_eq!(crate::argmax(&found.values), 2 * 14 + 10);
        // Of a cell of a mask away there is nothing but chance: 1000 masks leave 1/30 of the spread of 1/4 or so.
        let [near, far] = [2 * 14 + 10, 5 * 14 + 3].map(|cell| found.values[cell]);
        assert!(near > 0.2 && far.abs() < 0.06, "{near} and {far}");
        assert_eq!(found, map(&place));
    }

    #[test]
    fn half_of_what_masks_show_is_seen() {
        let shares = Masks::new(SIZE).flat_map(|mask| mask.spread([14, 7]));
        let (count, sum) = shares.fold((0, 0.0), |(count, sum), share| (count + 1, sum + share));
        let mean = sum / f64::from(count);
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
