//! The loops over rows of channels, compiled for several instruction sets.

use super::affine::Mask;
use crate::vectorise::vectorised;

vectorised! {
    /// Mean and sum of squared distances of each channel over a block that fits the first cache.
    pub(super) fn block_moments(x: &[f32], mean: &mut [f32], squares: &mut [f32]) {
        let channels = mean.len();
        let squares = &mut squares[..channels];
        mean.fill(0.0);
        squares.fill(0.0);
        let quads = x.chunks_exact(4 * channels);
        let rest = quads.remainder();
        for quad in quads.clone() {
            let (a, b, c, d) = quarters(quad, channels);
            for i in 0..channels {
                mean[i] += (a[i] + b[i]) + (c[i] + d[i]);
            }
        }
        for row in rest.chunks_exact(channels) {
            for i in 0..channels {
                mean[i] += row[i];
            }
        }
        let count = (x.len() / channels) as f32;
        for mean in mean.iter_mut() {
            *mean /= count;
        }
        let square = |value: f32, mean: f32| (value - mean) * (value - mean);
        for quad in quads {
            let (a, b, c, d) = quarters(quad, channels);
            for i in 0..channels {
                let m = mean[i];
                squares[i] += (square(a[i], m) + square(b[i], m)) + (square(c[i], m) + square(d[i], m));
            }
        }
        for row in rest.chunks_exact(channels) {
            for i in 0..channels {
                squares[i] += square(row[i], mean[i]);
            }
        }
    }
}

#[inline(always)]
fn quarters(quad: &[f32], channels: usize) -> (&[f32], &[f32], &[f32], &[f32]) {
    let (a, quad) = quad.split_at(channels);
    let (b, quad) = quad.split_at(channels);
    let (c, d) = quad.split_at(channels);
    (a, b, c, &d[..channels])
}

vectorised! {
    pub(super) fn normalise_rows(x: &[f32], scale: &[f32], shift: &[f32], residual: Option<&[f32]>, relu: bool, y: &mut [f32]) {
        let channels = scale.len();
        let shift = &shift[..channels];
        let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
        for (row, (x, y)) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)).enumerate() {
            match residual {
                None => {
                    for i in 0..channels {
                        y[i] = at_least(x[i] * scale[i] + shift[i], floor);
                    }
                }
                Some(residual) => {
                    let residual = &residual[row * channels..][..channels];
                    for i in 0..channels {
                        y[i] = at_least(x[i] * scale[i] + shift[i] + residual[i], floor);
                    }
                }
            }
        }
    }
}

/// The larger value; not a number stays so, which `f32::max` would hide.
#[inline(always)]
fn at_least(value: f32, floor: f32) -> f32 {
    if value < floor { floor } else { value }
}

/// The gradient where the output is positive (or not a number), else zero.
#[inline(always)]
fn passed(gradient: f32, output: f32) -> f32 {
    if output <= 0.0 { 0.0 } else { gradient }
}

vectorised! {
    /// Adds the gradients of a block to `sums` and their products with the centred input to `products`.
    pub(super) fn gradient_rows(x: &[f32], gradient: &[f32], mask: Mask<'_>, mean: &[f32], sums: &mut [f32], products: &mut [f32]) {
        let channels = mean.len();
        let (sums, products) = (&mut sums[..channels], &mut products[..channels]);
        for (row, (x, gradient)) in x.chunks_exact(channels).zip(gradient.chunks_exact(channels)).enumerate() {
            match mask {
                Mask::All => {
                    for i in 0..channels {
                        sums[i] += gradient[i];
                        products[i] += gradient[i] * (x[i] - mean[i]);
                    }
                }
                Mask::Affine(affine) => {
                    let (scale, shift) = (&affine.scale[..channels], &affine.shift[..channels]);
                    for i in 0..channels {
                        let gradient = passed(gradient[i], x[i] * scale[i] + shift[i]);
                        sums[i] += gradient;
                        products[i] += gradient * (x[i] - mean[i]);
                    }
                }
                Mask::Output(y) => {
                    let y = &y[row * channels..][..channels];
                    for i in 0..channels {
                        let gradient = passed(gradient[i], y[i]);
                        sums[i] += gradient;
                        products[i] += gradient * (x[i] - mean[i]);
                    }
                }
            }
        }
    }
}

vectorised! {
    pub(super) fn input_gradient_rows(
        x: &mut [f32],
        gradient: &mut [f32],
        mask: Mask<'_>,
        mean: &[f32],
        scale: &[f32],
        slope: &[f32],
        offset: &[f32],
    ) {
        let channels = mean.len();
        let (scale, slope, offset) = (&scale[..channels], &slope[..channels], &offset[..channels]);
        for (row, (x, gradient)) in x.chunks_exact_mut(channels).zip(gradient.chunks_exact_mut(channels)).enumerate() {
            match mask {
                Mask::All => {
                    for i in 0..channels {
                        x[i] = gradient[i] * scale[i] + ((x[i] - mean[i]) * slope[i] + offset[i]);
                    }
                }
                Mask::Affine(affine) => {
                    let (forward, shift) = (&affine.scale[..channels], &affine.shift[..channels]);
                    for i in 0..channels {
                        let gradient = passed(gradient[i], x[i] * forward[i] + shift[i]);
                        x[i] = gradient * scale[i] + ((x[i] - mean[i]) * slope[i] + offset[i]);
                    }
                }
                Mask::Output(y) => {
                    let y = &y[row * channels..][..channels];
                    for i in 0..channels {
                        gradient[i] = passed(gradient[i], y[i]);
                        x[i] = gradient[i] * scale[i] + ((x[i] - mean[i]) * slope[i] + offset[i]);
                    }
                }
            }
        }
    }
}
