//! CutMix (Yun et al. 2019, arXiv:1905.04899) as torchvision's `v2.CutMix(alpha=1.0)`.
//!
//! Each picture of a batch gets a rectangle of the picture before it (the first one that of the last). One rectangle for the
//! whole batch: with λ from Beta(α, α) and its centre uniform over the W × W square, it reaches `⌊W √(1 - λ) / 2⌋` to each
//! side and is cut off at the border. The share of a picture is then what it kept, `1 - area / W²`, and the loss
//! `share · CE(y_i) + (1 - share) · CE(y_(i-1))`.

use crate::batch::{LabelledBatch, Targets};
use rand::{Rng, RngExt};
use rand_distr::{Beta, Distribution};

/// Rectangle that is taken from another picture, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutmix {
    /// First and last column, the last outside.
    pub columns: [usize; 2],
    /// First and last row, the last outside.
    pub rows: [usize; 2],
}

impl Cutmix {
    /// Draws a rectangle in squares of `size` pixels; `alpha` is above 0.
    pub fn draw(size: usize, alpha: f64, random: &mut impl Rng) -> Self {
        let beta = Beta::new(alpha, alpha).expect("alpha is above 0");
        let kept = beta.sample(random);
        let centre = [random.random_range(0..size), random.random_range(0..size)];
        Self::around(centre, kept, size)
    }

    /// The rectangle around the `centre` (column, row) that leaves the share `kept` of a square of `size` pixels, if it does
    /// not reach beyond it.
    pub fn around(centre: [usize; 2], kept: f64, size: usize) -> Self {
        let half = (0.5 * (1.0 - kept).sqrt() * size as f64) as usize;
        let [columns, rows] =
            centre.map(|middle| [middle.saturating_sub(half), (middle + half).min(size)]);
        Self { columns, rows }
    }

    /// Share that a picture of `size` × `size` pixels keeps.
    pub fn share(&self, size: usize) -> f32 {
        let [width, height] = [self.columns, self.rows].map(|[from, to]| to - from);
        (1.0 - (width * height) as f64 / (size * size) as f64) as f32
    }

    /// Pastes the rectangle into every picture of `batch`, whose targets are classes.
    pub fn apply(&self, batch: LabelledBatch) -> LabelledBatch {
        let Targets::Classes(classes) = batch.targets else {
            return batch;
        };
        let (size, count) = (batch.size, classes.len());
        let before = |place: usize| (place + count - 1) % count;
        let mut mixed = batch.pictures.clone();
        for (place, picture) in mixed.chunks_exact_mut(3 * size * size).enumerate() {
            let other = &batch.pictures[before(place) * 3 * size * size..];
            for line in (0..3).flat_map(|plane| self.rows_of(plane, size)) {
                picture[line.clone()].copy_from_slice(&other[line]);
            }
        }
        let share = vec![self.share(size); count];
        LabelledBatch {
            pictures: mixed,
            targets: Targets::Mixed {
                second: (0..count).map(|place| classes[before(place)]).collect(),
                first: classes,
                share,
            },
            size,
        }
    }

    /// Places of its values in a plane of a picture, row by row.
    fn rows_of(&self, plane: usize, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        let ([left, right], [top, bottom]) = (self.columns, self.rows);
        (top..bottom).map(move |row| {
            let start = (plane * size + row) * size;
            start + left..start + right
        })
    }
}
