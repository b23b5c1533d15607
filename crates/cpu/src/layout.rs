//! Conversion of planar pictures (`[batch, channels, height, width]`) to channels-last ones.

use rayon::prelude::*;

/// Pixels moved by one task: the planes of one task stay in the first-level cache.
const PIXELS: usize = 1024;

/// Writes `planar` (`[batch, channels, pixels]`) as `[batch, pixels, channels]`.
///
/// # Panics
/// When the slices differ in length or are no whole number of pictures.
pub fn planar_to_channels_last(
    channels: usize,
    pixels: usize,
    planar: &[f32],
    channels_last: &mut [f32],
) {
    let picture = channels * pixels;
    assert!(planar.len() == channels_last.len() && planar.len().is_multiple_of(picture.max(1)));
    let pictures = channels_last
        .par_chunks_mut(picture)
        .zip(planar.par_chunks(picture));
    pictures.for_each(|(target, source)| {
        target
            .par_chunks_mut(PIXELS * channels)
            .enumerate()
            .for_each(|(block, target)| {
                for channel in 0..channels {
                    let plane = &source[channel * pixels + block * PIXELS..];
                    for (pixel, value) in target.chunks_exact_mut(channels).zip(plane) {
                        pixel[channel] = *value;
                    }
                }
            });
    });
}
