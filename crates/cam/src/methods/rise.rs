//! RISE: what random masks leave to be seen, weighted by what the network says of it.

use crate::{asked::Asked, check::Check, heat_map::HeatMap, numbers::correlation};
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
/// After so many masks it is looked how like the map already is to that of all.
const LOOK_EVERY: usize = 50;

/// RISE, less its mean: `(1 / (N p)) Σ_n (S_n − mean S) M_n`, where `M_n` is one of N = 1000 random masks (cells of a seventh
/// of the short side, each seen with p = 1/2, blended between their centres and shifted by a random part of a cell) and `S_n`
/// the target for the picture times that mask, what is hidden having the mean colour of the training pictures.
///
/// Petsiuk, Das, Saenko: *RISE: Randomized Input Sampling for Explanation of Black-box Models*, 2018, arXiv:1806.07421, has
/// `S_n` alone. The mean adds the same everywhere but for the chance with which places were seen more or less often, which
/// it makes the most of the noise; so taken off, places that speak against the target are below 0. It knows nothing of the
/// network's inside, and needs 1000 forward passes. Beside the map comes how it converged.
pub fn map(asked: &dyn Asked) -> (HeatMap, Check) {
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
    let check = converged(&sums, &scores, &|| masks().map(|mask| mask.spread(cells)));
    let map = HeatMap {
        height: cells[1],
        width: cells[0],
        values: sums.into_iter().map(|sum| sum as f32).collect(),
    };
    (map, check)
}

/// How like `map` are the maps of fewer of the `masks`, which have these `scores`.
fn converged<I: Iterator<Item = Vec<f64>>>(
    map: &[f64],
    scores: &[f32],
    masks: &dyn Fn() -> I,
) -> Check {
    let mut first = Running::new(map.len());
    let mut halves = [first.clone(), first.clone()];
    let mut correlations = Vec::new();
    for (index, (score, mask)) in scores.iter().zip(masks()).enumerate() {
        first.add(f64::from(*score), &mask);
        halves[index % 2].add(f64::from(*score), &mask);
        if (index + 1) % LOOK_EVERY == 0 {
            correlations.push((index + 1, likeness(&first.map(), map)));
        }
    }
    let [one, other] = halves.map(|half| half.map());
    Check::Convergence {
        seed: SEED,
        correlations,
        halves: likeness(&one, &other),
    }
}

/// Pearson's correlation; 0 where one of them is the same everywhere.
fn likeness(one: &[f64], other: &[f64]) -> f64 {
    correlation(one, other).unwrap_or(0.0)
}

/// The map of the masks so far, but for a factor: `Σ S_n M_n − mean S · Σ M_n`.
#[derive(Clone)]
struct Running {
    count: f64,
    scores: f64,
    masks: Vec<f64>,
    weighted: Vec<f64>,
}

impl Running {
    fn new(cells: usize) -> Self {
        Self {
            count: 0.0,
            scores: 0.0,
            masks: vec![0.0; cells],
            weighted: vec![0.0; cells],
        }
    }

    fn add(&mut self, score: f64, mask: &[f64]) {
        self.count += 1.0;
        self.scores += score;
        let sums = self.masks.iter_mut().zip(&mut self.weighted);
        for ((sum, weighted), share) in sums.zip(mask) {
            *sum += share;
            *weighted += score * share;
        }
    }

    fn map(&self) -> Vec<f64> {
        let mean = self.scores / self.count;
        let pairs = self.weighted.iter().zip(&self.masks);
        pairs.map(|(weighted, sum)| weighted - mean * sum).collect()
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
    use crate::given::Given;

    const SIZE: [usize; 2] = [112, 56];

    /// Says how much it sees of one place, and much else that has nothing to do with it.
    fn place() -> Given {
        Given {
            size: SIZE,
            frame: vec![1.0; 3 * SIZE[0] * SIZE[1]],
            of_frame: Some(|frame| 100.0 + frame[20 * SIZE[0] + 84]),
            ..Given::default()
        }
    }

    #[test]
    fn the_place_that_matters_stands_out_and_the_same_picture_has_the_same_map() {
        let place = place();
        let (found, check) = map(&place);
        assert_eq!([found.width, found.height], [14, 7]);
        assert_eq!(crate::argmax(&found.values), 2 * 14 + 10);
        // Of a cell of a mask away there is nothing but chance: 1000 masks leave 1/30 of the spread of 1/4 or so.
        let [near, far] = [2 * 14 + 10, 5 * 14 + 3].map(|cell| found.values[cell]);
        assert!(near > 0.2 && far.abs() < 0.06, "{near} and {far}");
        assert_eq!((found, check), map(&place));
    }

    #[test]
    fn more_masks_make_a_map_more_like_that_of_all() {
        let place = place();
        let Check::Convergence {
            correlations,
            halves,
            ..
        } = map(&place).1
        else {
            panic!("another check");
        };
        let counts: Vec<usize> = correlations.iter().map(|(count, _)| *count).collect();
        assert_eq!(counts, (1..=20).map(|part| 50 * part).collect::<Vec<_>>());
        let [first, half, all] = [0, 9, 19].map(|place| correlations[place].1);
        assert!(
            first < half && half < all && (all - 1.0).abs() < 1e-9,
            "{first}, {half}, {all}"
        );
        // Halves share no mask, so that they are less alike than half of the masks is like all.
        assert!(0.5 < halves && halves < half, "{halves} and {half}");
    }

    #[test]
    fn half_of_what_masks_show_is_seen() {
        let shares = Masks::new(SIZE).flat_map(|mask| mask.spread([14, 7]));
        let (count, sum) = shares.fold((0, 0.0), |(count, sum), share| (count + 1, sum + share));
        let mean = sum / f64::from(count);
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
