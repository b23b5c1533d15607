//! NaN passes through ReLU and pooling: a broken weight must reach the loss instead of becoming zero on the way.

use cpu::{
    batch_norm::{Affine, Statistics, normalise},
    pooling::{PictureShape, concat_pool, max_pool},
};

/// More channels than a vector has, so that whole vectors and a rest are computed.
const CHANNELS: usize = 37;

/// A picture of the given number of pixels, NaN at one channel of one pixel, negative elsewhere.
fn picture(pixels: usize, pixel: usize, channel: usize) -> Vec<f32> {
    let mut numbers = vec![-1.0; pixels * CHANNELS];
    numbers[pixel * CHANNELS + channel] = f32::NAN;
    numbers
}

fn square(side: usize) -> PictureShape {
    PictureShape {
        height: side,
        width: side,
        channels: CHANNELS,
    }
}

#[test]
fn the_relu_of_batch_norm_passes_nan_on() {
    let statistics = Statistics {
        mean: vec![0.0; CHANNELS],
        variance: vec![1.0; CHANNELS],
    };
    let affine = Affine::new(&statistics, &[1.0; CHANNELS], &[0.0; CHANNELS], 0.0);
    for channel in [0, 16, CHANNELS - 1] {
        let (broken, whole) = (picture(3, 1, channel), vec![-1.0; 3 * CHANNELS]);
        for (x, residual) in [
            (&broken, None),
            (&broken, Some(&whole[..])),
            (&whole, Some(&broken[..])),
        ] {
            let mut y = vec![7.0; x.len()];
            normalise(x, &affine, residual, true, &mut y);
            for (i, value) in y.iter().enumerate() {
                assert_eq!(value.is_nan(), i == CHANNELS + channel, "{i}: {value}");
            }
        }
    }
}

#[test]
fn max_pooling_passes_nan_on() {
    let shape = square(5);
    for (pixel, channel) in (0..25).flat_map(|pixel| [(pixel, 0), (pixel, CHANNELS - 1)]) {
        let x = picture(25, pixel, channel);
        let mut y = vec![7.0; 9 * CHANNELS];
        let mut taps = vec![0; y.len()];
        max_pool(&x, shape, &mut y, &mut taps);
        for (i, value) in y.iter().enumerate() {
            let (row, column) = (i / CHANNELS / 3, i / CHANNELS % 3);
            let sees = (pixel / 5).abs_diff(2 * row) <= 1 && (pixel % 5).abs_diff(2 * column) <= 1;
            let expected = sees && i % CHANNELS == channel;
            assert_eq!(value.is_nan(), expected, "pixel {pixel}, {i}: {value}");
        }
    }
}

#[test]
fn concat_pooling_passes_nan_on() {
    let shape = square(2);
    for (pixel, channel) in (0..4).flat_map(|pixel| [(pixel, 0), (pixel, CHANNELS - 1)]) {
        let x = picture(4, pixel, channel);
        let (mut y, mut pixels) = (vec![7.0; 2 * CHANNELS], vec![0; CHANNELS]);
        concat_pool(&x, shape, &mut y, &mut pixels);
        for (i, value) in y.iter().enumerate() {
            assert_eq!(value.is_nan(), i % CHANNELS == channel, "{i}: {value}");
        }
        assert_eq!(pixels[channel] as usize, pixel);
    }
}
