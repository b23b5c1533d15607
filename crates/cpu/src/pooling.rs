//! Pooling in channels-last order.

use std::ops::Range;

use rayon::prelude::*;

use crate::vectorise::vectorised;

/// Side of the window of [`max_pool`], in pixels.
pub const WINDOW: usize = 3;
const STRIDE: usize = 2;
const PADDING: usize = 1;

/// Rows, columns and channels of the pictures of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl PictureShape {
    /// The shape after [`max_pool`].
    pub fn pooled(self) -> Self {
        let pooled = |size: usize| (size + 2 * PADDING - WINDOW) / STRIDE + 1;
        Self {
            height: pooled(self.height),
            width: pooled(self.width),
            ..self
        }
    }

    fn row(self) -> usize {
        self.width * self.channels
    }

    fn size(self) -> usize {
        self.height * self.row()
    }
}

/// Writes the largest value of each 3×3 window (stride 2, padding 1) to `y`, and its index among
/// the nine pixels to `taps`: the first of equal values.
pub fn max_pool(x: &[f32], shape: PictureShape, y: &mut [f32], taps: &mut [u8]) {
    let pooled = shape.pooled();
    assert_eq!(y.len(), taps.len(), "one tap for each value");
    let rows = y
        .par_chunks_mut(pooled.row())
        .zip(taps.par_chunks_mut(pooled.row()))
        .enumerate();
    rows.for_each(|(row, (y, taps))| {
        let picture = &x[row / pooled.height * shape.size()..][..shape.size()];
        max_pool_row(picture, shape, row % pooled.height, y, taps);
    });
}

/// Writes the gradient of [`max_pool`]'s input to `x`.
pub fn max_pool_gradient(gradient: &[f32], taps: &[u8], shape: PictureShape, x: &mut [f32]) {
    let pooled = shape.pooled();
    assert_eq!(gradient.len(), taps.len(), "one tap for each value");
    x.par_chunks_mut(shape.row())
        .enumerate()
        .for_each(|(row, x)| {
            let picture = row / shape.height * pooled.size();
            let gradient = &gradient[picture..][..pooled.size()];
            let taps = &taps[picture..][..pooled.size()];
            max_pool_gradient_row(gradient, taps, shape, row % shape.height, x);
        });
}

/// Writes the maxima and then the means of each picture's maps to `y` (2 × channels a picture), and
/// the pixel of each maximum, the first of equal ones, to `pixels` (channels a picture).
pub fn concat_pool(x: &[f32], shape: PictureShape, y: &mut [f32], pixels: &mut [i32]) {
    let channels = shape.channels;
    let pictures = x.par_chunks(shape.size());
    pictures
        .zip(
            y.par_chunks_mut(2 * channels)
                .zip(pixels.par_chunks_mut(channels)),
        )
        .for_each(|(x, (y, pixels))| concat_pool_picture(x, y, pixels));
}

/// Writes the gradient of [`concat_pool`]'s input to `x`.
pub fn concat_pool_gradient(gradient: &[f32], pixels: &[i32], shape: PictureShape, x: &mut [f32]) {
    let channels = shape.channels;
    let size = (shape.height * shape.width) as f32;
    let pictures = x.par_chunks_mut(shape.size());
    pictures
        .zip(
            gradient
                .par_chunks(2 * channels)
                .zip(pixels.par_chunks(channels)),
        )
        .for_each(|(x, (gradient, pixels))| {
            let (largest, mean) = gradient.split_at(channels);
            for row in x.chunks_exact_mut(channels) {
                for (x, mean) in row.iter_mut().zip(mean) {
                    *x = mean / size;
                }
            }
            for (channel, (&pixel, largest)) in pixels.iter().zip(largest).enumerate() {
                x[pixel as usize * channels + channel] += largest;
            }
        });
}

/// True if `value` replaces `best`: the first of equal values stays, and NaN stays for good.
#[inline(always)]
fn replaces(value: f32, best: f32) -> bool {
    value > best || value.is_nan()
}

/// Channels whose maxima stay in registers while the window is walked.
const BLOCK: usize = 16;

vectorised! {
    fn max_pool_row(x: &[f32], shape: PictureShape, row: usize, y: &mut [f32], taps: &mut [u8]) {
        let channels = shape.channels;
        let whole = channels / BLOCK * BLOCK;
        let pixels = y.chunks_exact_mut(channels).zip(taps.chunks_exact_mut(channels));
        for (column, (y, taps)) in pixels.enumerate() {
            let window = Window::new(shape, row, column);
            let (y, y_rest) = y.split_at_mut(whole);
            let (taps, taps_rest) = taps.split_at_mut(whole);
            let blocks = y.chunks_exact_mut(BLOCK).zip(taps.chunks_exact_mut(BLOCK));
            for (block, (y, taps)) in blocks.enumerate() {
                window.largest::<BLOCK>(x, block * BLOCK, y, taps);
            }
            for (i, (y, tap)) in y_rest.chunks_exact_mut(1).zip(taps_rest.chunks_exact_mut(1)).enumerate() {
                window.largest::<1>(x, whole + i, y, tap);
            }
        }
    }
}

/// The part of one output pixel's window that lies inside the picture.
struct Window {
    shape: PictureShape,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Row and column, in padded coordinates, of the whole window's first pixel.
    start: (usize, usize),
}

impl Window {
    #[inline(always)]
    fn new(shape: PictureShape, row: usize, column: usize) -> Window {
        let start = (row * STRIDE, column * STRIDE);
        let inside = |start: usize, size: usize| {
            start.max(PADDING) - PADDING..(start + WINDOW - PADDING).min(size)
        };
        Window {
            shape,
            rows: inside(start.0, shape.height),
            columns: inside(start.1, shape.width),
            start,
        }
    }

    /// The largest values of `N` channels from `channel` on, and which pixels they are.
    #[inline(always)]
    fn largest<const N: usize>(&self, x: &[f32], channel: usize, y: &mut [f32], taps: &mut [u8]) {
        // Numbers of pixels as wide as the values, so that one mask chooses both.
        let mut best = self.values::<N>(x, self.rows.start, self.columns.start, channel);
        let mut best_taps = [self.tap(self.rows.start, self.columns.start); N];
        for row in self.rows.clone() {
            for column in self.columns.clone() {
                let values = self.values::<N>(x, row, column, channel);
                let tap = self.tap(row, column);
                for i in 0..N {
                    let better = replaces(values[i], best[i]);
                    best[i] = if better { values[i] } else { best[i] };
                    best_taps[i] = if better { tap } else { best_taps[i] };
                }
            }
        }
        y.copy_from_slice(&best);
        for (tap, best) in taps.iter_mut().zip(best_taps) {
            *tap = best as u8;
        }
    }

    #[inline(always)]
    fn values<const N: usize>(
        &self,
        x: &[f32],
        row: usize,
        column: usize,
        channel: usize,
    ) -> [f32; N] {
        let start = (row * self.shape.width + column) * self.shape.channels + channel;
        let mut values = [0.0; N];
        values.copy_from_slice(&x[start..start + N]);
        values
    }

    #[inline(always)]
    fn tap(&self, row: usize, column: usize) -> u32 {
        ((row + PADDING - self.start.0) * WINDOW + column + PADDING - self.start.1) as u32
    }
}

vectorised! {
    fn max_pool_gradient_row(gradient: &[f32], taps: &[u8], shape: PictureShape, row: usize, x: &mut [f32]) {
        let channels = shape.channels;
        let pooled = shape.pooled();
        x.fill(0.0);
        for (column, x) in x.chunks_exact_mut(channels).enumerate() {
            for tap in 0..WINDOW * WINDOW {
                // The window of which this pixel is the tap; it exists where the position is on the grid of windows.
                let window_row = (row + PADDING).wrapping_sub(tap / WINDOW);
                let window_column = (column + PADDING).wrapping_sub(tap % WINDOW);
                let (out_row, out_column) = (window_row / STRIDE, window_column / STRIDE);
                if !window_row.is_multiple_of(STRIDE)
                    || !window_column.is_multiple_of(STRIDE)
                    || out_row >= pooled.height
                    || out_column >= pooled.width
                {
                    continue;
                }
                let start = (out_row * pooled.width + out_column) * channels;
                let (gradient, taps) = (&gradient[start..][..channels], &taps[start..][..channels]);
                for i in 0..channels {
                    x[i] += if taps[i] == tap as u8 { gradient[i] } else { 0.0 };
                }
            }
        }
    }
}

vectorised! {
    fn concat_pool_picture(x: &[f32], y: &mut [f32], pixels: &mut [i32]) {
        let channels = pixels.len();
        let (largest, mean) = y.split_at_mut(channels);
        largest.copy_from_slice(&x[..channels]);
        mean.fill(0.0);
        pixels.fill(0);
        for (pixel, row) in x.chunks_exact(channels).enumerate() {
            for i in 0..channels {
                let better = replaces(row[i], largest[i]);
                largest[i] = if better { row[i] } else { largest[i] };
                pixels[i] = if better { pixel as i32 } else { pixels[i] };
                mean[i] += row[i];
            }
        }
        let size = (x.len() / channels) as f32;
        for mean in mean {
            *mean /= size;
        }
    }
}
