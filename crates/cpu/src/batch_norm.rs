//! Batch normalisation of rows of channels, forward and backward, two passes over memory each.
//!
//! Sums run in f32 over blocks that stay in the first cache and in f64 from block to block. Blocks
//! and segments depend on the shape alone, so the sums do not depend on the number of threads.

mod affine;
mod rows;
mod statistics;

use std::ops::Range;

use rayon::prelude::*;

use rows::{block_moments, gradient_rows, input_gradient_rows, normalise_rows};
use statistics::inverse_deviation;

pub use affine::{Affine, Mask};
pub use statistics::Statistics;

/// Elements of a block: 32 KiB.
const BLOCK: usize = 1 << 13;
/// Largest number of pieces of work.
const SEGMENTS: usize = 64;

/// Sums over the batch that the gradients are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientSums {
    /// Gradient of the weight.
    pub weight: Vec<f32>,
    /// Gradient of the bias.
    pub bias: Vec<f32>,
    /// Number of rows that they are over.
    pub rows: usize,
}

/// The same sums before they are rounded, to which those over other rows can be added.
#[derive(Debug, Clone, PartialEq)]
pub struct WideSums {
    /// Sum of the gradient.
    pub gradient: Vec<f64>,
    /// Sum of the product of the gradient and the centred input.
    pub product: Vec<f64>,
    /// Number of rows that they are over.
    pub rows: usize,
}

/// Mean and biased variance of each channel of `x`, rows of `channels` values.
pub fn statistics(x: &[f32], channels: usize) -> Statistics {
    moments(x, channels).statistics()
}

/// Count, mean and sum of squared distances from the mean of each channel of `x`, rows of `channels` values.
pub fn moments(x: &[f32], channels: usize) -> Moments {
    let moments: Vec<Moments> = segments(x.len(), channels)
        .into_par_iter()
        .map(|segment| Moments::of(&x[segment], channels))
        .collect();
    let mut total = Moments::empty(channels);
    for moments in moments {
        total.join(&moments);
    }
    total
}

/// Writes `relu?(x * scale + shift + residual?)` to `y`.
pub fn normalise(x: &[f32], affine: &Affine, residual: Option<&[f32]>, relu: bool, y: &mut [f32]) {
    let channels = affine.scale.len();
    let piece = rows_per_block(channels) * channels;
    assert!(
        x.len() == y.len() && residual.is_none_or(|r| r.len() == x.len()),
        "one shape"
    );
    y.par_chunks_mut(piece).enumerate().for_each(|(block, y)| {
        let range = block * piece..block * piece + y.len();
        let residual = residual.map(|residual| &residual[range.clone()]);
        normalise_rows(&x[range], &affine.scale, &affine.shift, residual, relu, y);
    });
}

/// The sums over the batch of the gradient and of its product with the normalised input.
pub fn gradient_sums(
    x: &[f32],
    gradient: &[f32],
    mask: Mask<'_>,
    statistics: &Statistics,
    epsilon: f64,
) -> GradientSums {
    wide_sums(x, gradient, mask, statistics).narrow(statistics, epsilon)
}

/// What [`gradient_sums`] are made of.
pub fn wide_sums(x: &[f32], gradient: &[f32], mask: Mask<'_>, statistics: &Statistics) -> WideSums {
    let channels = statistics.mean.len();
    assert_eq!(
        x.len(),
        gradient.len(),
        "the gradient has the shape of the input"
    );
    let parts: Vec<[Vec<f64>; 2]> = segments(x.len(), channels)
        .into_par_iter()
        .map(|segment| segment_sums(x, gradient, mask, &statistics.mean, segment))
        .collect();
    let mut total = WideSums::empty(channels);
    total.rows = x.len() / channels.max(1);
    for [gradient, product] in parts {
        add_wide(&mut total.gradient, &gradient);
        add_wide(&mut total.product, &product);
    }
    total
}

impl WideSums {
    /// Sums over no row.
    pub fn empty(channels: usize) -> Self {
        Self {
            gradient: vec![0.0; channels],
            product: vec![0.0; channels],
            rows: 0,
        }
    }

    /// Adds the sums over other rows.
    pub fn add(&mut self, other: &Self) {
        add_wide(&mut self.gradient, &other.gradient);
        add_wide(&mut self.product, &other.product);
        self.rows += other.rows;
    }

    /// Gradients of bias and weight.
    pub fn narrow(&self, statistics: &Statistics, epsilon: f64) -> GradientSums {
        let deviation = inverse_deviation(&statistics.variance, epsilon);
        let products = self.product.iter().zip(deviation);
        GradientSums {
            bias: self.gradient.iter().map(|&sum| sum as f32).collect(),
            weight: products
                .map(|(sum, d)| (sum * f64::from(d)) as f32)
                .collect(),
            rows: self.rows,
        }
    }
}

/// Turns the input into its gradient and, where a ReLU masks it, the gradient into that of the
/// residual; both in place. The sums may be over more rows than these.
pub fn input_gradient(
    x: &mut [f32],
    gradient: &mut [f32],
    mask: Mask<'_>,
    statistics: &Statistics,
    weight: &[f32],
    sums: &GradientSums,
    epsilon: f64,
) {
    let channels = weight.len();
    let count = sums.rows.max(1) as f32;
    let deviation = inverse_deviation(&statistics.variance, epsilon);
    let channel = |channel: usize| {
        let scale = weight[channel] * deviation[channel];
        (
            scale,
            -scale * deviation[channel] * sums.weight[channel] / count,
            -scale * sums.bias[channel] / count,
        )
    };
    let scale: Vec<f32> = (0..channels).map(|index| channel(index).0).collect();
    let slope: Vec<f32> = (0..channels).map(|index| channel(index).1).collect();
    let offset: Vec<f32> = (0..channels).map(|index| channel(index).2).collect();
    let piece = rows_per_block(channels) * channels;
    let blocks = x
        .par_chunks_mut(piece)
        .zip(gradient.par_chunks_mut(piece))
        .enumerate();
    blocks.for_each(|(block, (x, gradient))| {
        let mask = mask.part(block * piece..block * piece + x.len());
        input_gradient_rows(x, gradient, mask, &statistics.mean, &scale, &slope, &offset);
    });
}

/// Moments of each channel over some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Number of rows.
    pub count: f64,
    /// Mean of each channel.
    pub mean: Vec<f64>,
    /// Sum of the squared distances from the mean of each channel.
    pub squares: Vec<f64>,
}

impl Moments {
    /// Moments of no row.
    pub fn empty(channels: usize) -> Self {
        Self {
            count: 0.0,
            mean: vec![0.0; channels],
            squares: vec![0.0; channels],
        }
    }

    fn of(x: &[f32], channels: usize) -> Self {
        let mut total = Self::empty(channels);
        let (mut mean, mut squares) = (vec![0.0f32; channels], vec![0.0f32; channels]);
        for block in x.chunks(rows_per_block(channels) * channels) {
            block_moments(block, &mut mean, &mut squares);
            total.merge((block.len() / channels) as f64, &mean, &squares);
        }
        total
    }

    /// Takes in the moments of other rows.
    pub fn join(&mut self, other: &Self) {
        self.merge(other.count, &other.mean, &other.squares);
    }

    /// Mean and biased variance.
    pub fn statistics(&self) -> Statistics {
        let count = self.count.max(1.0);
        let squares = self.squares.iter();
        Statistics {
            mean: self.mean.iter().map(|&mean| mean as f32).collect(),
            variance: squares.map(|&squares| (squares / count) as f32).collect(),
        }
    }

    /// Chan, Golub and LeVeque's update of the moments of two sets.
    fn merge<T: Copy + Into<f64>>(&mut self, count: f64, mean: &[T], squares: &[T]) {
        let total = self.count + count;
        if total == 0.0 {
            return;
        }
        let (share, product) = (count / total, self.count * count / total);
        for (channel, (sum, total_squares)) in
            self.mean.iter_mut().zip(&mut self.squares).enumerate()
        {
            let distance = mean[channel].into() - *sum;
            *sum += distance * share;
            *total_squares += squares[channel].into() + distance * distance * product;
        }
        self.count = total;
    }
}

fn rows_per_block(channels: usize) -> usize {
    (BLOCK / channels.max(1)).max(1)
}

/// Whole blocks, split evenly over at most [`SEGMENTS`] ranges.
fn segments(length: usize, channels: usize) -> Vec<Range<usize>> {
    let block = rows_per_block(channels) * channels;
    let blocks = length.div_ceil(block.max(1));
    let segment = blocks.div_ceil(SEGMENTS).max(1) * block;
    (0..length)
        .step_by(segment.max(1))
        .map(|start| start..(start + segment).min(length))
        .collect()
}

fn segment_sums(
    x: &[f32],
    gradient: &[f32],
    mask: Mask<'_>,
    mean: &[f32],
    segment: Range<usize>,
) -> [Vec<f64>; 2] {
    let channels = mean.len();
    let block = rows_per_block(channels) * channels;
    let mut wide = [vec![0.0f64; channels], vec![0.0f64; channels]];
    let mut narrow = [vec![0.0f32; channels], vec![0.0f32; channels]];
    for start in segment.clone().step_by(block) {
        let range = start..(start + block).min(segment.end);
        let [sums, products] = &mut narrow;
        sums.fill(0.0);
        products.fill(0.0);
        gradient_rows(
            &x[range.clone()],
            &gradient[range.clone()],
            mask.part(range),
            mean,
            sums,
            products,
        );
        add_wide(&mut wide[0], sums);
        add_wide(&mut wide[1], products);
    }
    wide
}

fn add_wide<T: Copy + Into<f64>>(sums: &mut [f64], addends: &[T]) {
    for (sum, &addend) in sums.iter_mut().zip(addends) {
        *sum += addend.into();
    }
}
