//! Every convolution on every set of instructions of this processor, against the definition in `f64`.

use proptest::prelude::*;

use super::{
    Algorithm, ConvolutionShape, Epilogue, PackedWeight, forward_at, input_gradient_at,
    packed::AnyLevel, weight_gradient_at,
};
use crate::simd::{Level, PairLevel, round_pair};

/// Errors are relative to the root of the sum of squared products. `f32` rounds at 6e-8; a sum of `n` products of
/// random signs in sequence errs by about `6e-8 * sqrt(n / 2)`, the worst of 100,000 sums by five times that: 1e-5 for
/// the 2,300 products of the longest sum here.
pub(super) const EXACT: f64 = 1e-5;
/// Winograd's error is up to seven times as large in the mean (see [`Algorithm`]), but far from the bound above.
const FAST: f64 = 3e-5;

/// True where a program plays the processor, a hundred times as slow, as `scripts/test-arm.sh` says.
fn is_emulated() -> bool {
    std::env::var_os("EMULATED").is_some()
}

/// Cases of a property.
pub(super) fn cases() -> ProptestConfig {
    ProptestConfig::with_cases(if is_emulated() { 10 } else { 60 })
}

/// Repeatable numbers between -1 and 1.
pub(super) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / (1u64 << 23) as f64 - 1.0) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// Calls `product(input position, weight position, output position)` for every product of the definition.
pub(super) fn for_each_product(
    shape: &ConvolutionShape,
    mut product: impl FnMut(usize, usize, usize),
) {
    let (output_height, output_width) = (shape.output_height(), shape.output_width());
    for (n, i, j) in (0..shape.batch).flat_map(|n| {
        (0..output_height).flat_map(move |i| (0..output_width).map(move |j| (n, i, j)))
    }) {
        for (r, s) in (0..shape.kernel).flat_map(|r| (0..shape.kernel).map(move |s| (r, s))) {
            let row = (i * shape.stride + r) as isize - shape.padding as isize;
            let column = (j * shape.stride + s) as isize - shape.padding as isize;
            if row < 0
                || column < 0
                || row as usize >= shape.height
                || column as usize >= shape.width
            {
                continue;
            }
            let x = ((n * shape.height + row as usize) * shape.width + column as usize)
                * shape.channels_in;
            let y = ((n * output_height + i) * output_width + j) * shape.channels_out;
            for k in 0..shape.channels_out {
                for c in 0..shape.channels_in {
                    product(
                        x + c,
                        ((k * shape.channels_in + c) * shape.kernel + r) * shape.kernel + s,
                        y + k,
                    );
                }
            }
        }
    }
}

/// Largest difference, relative to the largest root of the sum of squared products.
pub(super) fn error(found: &[f32], expected: &[f64], squares: &[f64]) -> f64 {
    let scale = squares
        .iter()
        .fold(0f64, |a, b| a.max(*b))
        .sqrt()
        .max(1e-30);
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().all(|value| value.is_finite()));
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (f64::from(*a) - b).abs())
        .fold(0.0, f64::max)
        / scale
}

/// The three results of the definition, and for each number the sum of its squared products.
struct Definition {
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
    expected: [Vec<f64>; 3],
    squares: [Vec<f64>; 3],
}

impl Definition {
    fn new(shape: &ConvolutionShape) -> Definition {
        let x = numbers(shape.input_length(), 1);
        let w = numbers(shape.weight_length(), 2);
        let dy = numbers(shape.output_length(), 3);
        let mut expected = [vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]];
        let mut squares = expected.clone();
        for_each_product(shape, |i, j, k| {
            let (x, w, dy) = (f64::from(x[i]), f64::from(w[j]), f64::from(dy[k]));
            for (target, (place, value)) in [(k, x * w), (i, w * dy), (j, x * dy)]
                .into_iter()
                .enumerate()
            {
                expected[target][place] += value;
                squares[target][place] += value * value;
            }
        });
        Definition {
            x,
            w,
            dy,
            expected,
            squares,
        }
    }

    /// Errors of forward, input gradient and weight gradient.
    fn errors(&self, level: Level, shape: &ConvolutionShape, algorithm: Algorithm) -> [f64; 3] {
        let Definition {
            x,
            w,
            dy,
            expected,
            squares,
        } = self;
        // What is overwritten must not depend on what was there.
        let mut found = [
            vec![f32::NAN; dy.len()],
            vec![f32::NAN; x.len()],
            vec![f32::NAN; w.len()],
        ];
        forward_at(
            level,
            shape,
            x,
            w,
            &mut found[0],
            Epilogue::default(),
            algorithm,
        );
        input_gradient_at(level, shape, dy, w, &mut found[1], algorithm);
        weight_gradient_at(level, shape, x, dy, &mut found[2], algorithm);
        std::array::from_fn(|i| error(&found[i], &expected[i], &squares[i]))
    }
}

fn assert_close(shape: &ConvolutionShape) {
    let definition = Definition::new(shape);
    for level in Level::available() {
        for (algorithm, limit) in [(Algorithm::Exact, EXACT), (Algorithm::Fast, FAST)] {
            let errors = definition.errors(level, shape, algorithm);
            assert!(
                errors.iter().all(|error| *error < limit),
                "{level:?} {algorithm:?} {shape:?}: {errors:?}"
            );
        }
    }
}

pub(super) fn square(
    batch: usize,
    size: usize,
    channels: (usize, usize),
    kernel: usize,
    stride: usize,
    padding: usize,
) -> ConvolutionShape {
    ConvolutionShape {
        batch,
        height: size,
        width: size,
        channels_in: channels.0,
        channels_out: channels.1,
        kernel,
        stride,
        padding,
    }
}

/// Layers as ResNets have them, smaller.
pub(super) fn layers_of_resnets() -> [ConvolutionShape; 7] {
    [
        square(1, 32, (3, 64), 7, 2, 3),
        square(2, 14, (64, 64), 3, 1, 1),
        square(1, 14, (64, 128), 3, 2, 1),
        square(1, 14, (64, 128), 1, 2, 0),
        square(3, 7, (128, 128), 3, 1, 1),
        square(2, 4, (256, 256), 3, 1, 1),
        square(1, 8, (64, 256), 1, 1, 0),
    ]
}

/// Channels that fill no vector, and pictures that fill no tile.
pub(super) fn odd_channels_and_sizes() -> Vec<ConvolutionShape> {
    let with = |channels| {
        [
            square(2, 5, (channels, 19), 3, 1, 1),
            square(1, 9, (7, channels), 3, 2, 1),
            square(1, 1, (channels, channels), 3, 1, 1),
            square(3, 1, (channels, channels), 1, 1, 0),
        ]
    };
    [1, 3, 5, 17, 33].into_iter().flat_map(with).collect()
}

#[test]
fn the_layers_of_resnets_agree_with_the_definition() {
    layers_of_resnets().iter().for_each(assert_close);
}

#[test]
fn more_tiles_than_are_transformed_at_a_time_agree_with_the_definition() {
    assert_close(&square(1, 60, (160, 32), 3, 1, 1));
    if !is_emulated() {
        assert_close(&square(1, 200, (32, 32), 3, 1, 1));
    }
}

#[test]
fn odd_channels_and_sizes_agree_with_the_definition() {
    odd_channels_and_sizes().iter().for_each(assert_close);
}

#[test]
fn narrow_first_layers_agree_with_the_definition() {
    assert_close(&square(2, 31, (3, 5), 7, 2, 3));
    assert_close(&square(1, 8, (6, 33), 3, 1, 1));
    assert_close(&square(1, 10, (2, 32), 1, 3, 0));
    assert_close(&square(3, 1, (3, 64), 3, 2, 1));
}

#[test]
fn a_stride_beyond_the_kernel_leaves_the_gradient_zero_between() {
    assert_close(&square(2, 7, (16, 32), 1, 2, 0));
    assert_close(&square(2, 8, (5, 4), 1, 3, 0));
}

#[test]
fn the_epilogue_adds_bias_then_residual_then_cuts_at_zero() {
    for (level, algorithm) in Level::available()
        .into_iter()
        .flat_map(|level| [(level, Algorithm::Exact), (level, Algorithm::Fast)])
    {
        for shape in [
            square(1, 6, (8, 37), 3, 1, 1),
            square(2, 8, (32, 64), 3, 1, 1),
        ] {
            let (x, w) = (
                numbers(shape.input_length(), 1),
                numbers(shape.weight_length(), 2),
            );
            let (bias, residual) = (
                numbers(shape.channels_out, 3),
                numbers(shape.output_length(), 4),
            );
            let mut plain = vec![0.0; shape.output_length()];
            forward_at(
                level,
                &shape,
                &x,
                &w,
                &mut plain,
                Epilogue::default(),
                algorithm,
            );
            let mut found = vec![0.0; shape.output_length()];
            let epilogue = Epilogue {
                bias: Some(&bias),
                residual: Some(&residual),
                relu: true,
            };
            forward_at(level, &shape, &x, &w, &mut found, epilogue, algorithm);
            for (i, value) in plain.iter().enumerate() {
                let sum = value + bias[i % shape.channels_out] + residual[i];
                assert!(sum.is_finite(), "{level:?} {algorithm:?} {shape:?}");
                // Not `f32::max`, which would make zero of NaN.
                let expected = if sum <= 0.0 { 0.0 } else { sum };
                assert_eq!(found[i].to_bits(), expected.to_bits());
            }
        }
    }
}

#[test]
fn a_weight_packed_once_gives_the_same_bits_for_pictures_of_any_size() {
    let kernels = [
        (square(1, 1, (64, 96), 1, 1, 0), [(1, 7), (2, 9)]),
        (square(1, 1, (5, 37), 1, 2, 0), [(2, 5), (1, 8)]),
        (square(1, 3, (64, 64), 3, 1, 1), [(1, 14), (3, 5)]),
        (square(1, 3, (160, 32), 3, 1, 1), [(1, 14), (2, 30)]),
        (square(1, 3, (32, 40), 3, 2, 1), [(1, 9), (2, 8)]),
        (square(1, 7, (3, 64), 7, 2, 3), [(2, 16), (1, 31)]),
    ];
    for (level, algorithm) in Level::available()
        .into_iter()
        .flat_map(|level| [(level, Algorithm::Exact), (level, Algorithm::Fast)])
    {
        for (kernel, pictures) in &kernels {
            let w = numbers(kernel.weight_length(), 2);
            let packed = PackedWeight::at(AnyLevel::Single(level), kernel, &w, algorithm);
            for (batch, size) in pictures {
                let shape = packed.shape_for((*batch, *size, *size));
                let x = numbers(shape.input_length(), 1);
                let (bias, residual) = (
                    numbers(shape.channels_out, 3),
                    numbers(shape.output_length(), 4),
                );
                let epilogue = Epilogue {
                    bias: Some(&bias),
                    residual: Some(&residual),
                    relu: true,
                };
                let mut expected = vec![f32::NAN; shape.output_length()];
                forward_at(level, &shape, &x, &w, &mut expected, epilogue, algorithm);
                let mut found = vec![f32::NAN; shape.output_length()];
                packed.forward_at(level, &shape, &x, &mut found, epilogue);
                let bits =
                    |numbers: &[f32]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<u32>>();
                assert_eq!(
                    bits(&found),
                    bits(&expected),
                    "{level:?} {algorithm:?} {shape:?}"
                );
            }
        }
    }
}

/// The nearest bf16.
pub(super) fn rounded(numbers: &[f32]) -> Vec<f32> {
    let round = |number: &f32| f32::from_bits(round_pair(0.0, *number).to_bits() & 0xffff_0000);
    numbers.iter().map(round).collect()
}

/// The convolution in bf16 on all levels: the same bits, and near the definition of the rounded numbers; largest error
/// relative to the definition of the given ones.
fn assert_bf16(shape: &ConvolutionShape, algorithm: Algorithm) -> f64 {
    let Definition {
        x,
        w,
        expected,
        squares,
        ..
    } = Definition::new(shape);
    let mut largest = 0.0f64;
    for levels in PairLevel::by_bits() {
        let mut first: Option<Vec<f32>> = None;
        for level in levels {
            let packed = PackedWeight::at(AnyLevel::Pairs(level), shape, &w, algorithm);
            let mut found = vec![f32::NAN; shape.output_length()];
            packed.forward_pairs_at(level, shape, &x, &mut found, Epilogue::default());
            let expected = first.get_or_insert_with(|| found.clone());
            let same = found
                .iter()
                .zip(expected)
                .all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{level:?} {algorithm:?} {shape:?}");
        }
        let found = first.expect("a level");
        if algorithm == Algorithm::Exact {
            let (x, w) = (rounded(&x), rounded(&w));
            let mut exact = vec![0.0; found.len()];
            for_each_product(shape, |i, j, k| {
                exact[k] += f64::from(x[i]) * f64::from(w[j])
            });
            let error = error(&found, &exact, &squares[0]);
            assert!(error < EXACT, "{shape:?}: {error:e}");
        }
        largest = largest.max(error(&found, &expected[0], &squares[0]));
    }
    largest
}

/// Of the root of the sum of squared products. Rounding to eight bits errs by up to 2^-9 in each factor, independently: a sum of
/// many products by about 2^-9 in the mean, the worst by five times that; a sum of one by 2^-8.
const BF16: f64 = 1e-2;

#[test]
fn bf16_gives_the_same_bits_on_every_level_and_errs_as_its_rounding() {
    let shapes = [
        square(1, 32, (3, 64), 7, 2, 3),
        square(2, 14, (64, 64), 3, 1, 1),
        square(1, 6, (288, 64), 3, 1, 1),
        square(1, 9, (64, 96), 3, 2, 1),
        square(1, 14, (64, 128), 1, 2, 0),
        square(1, 8, (64, 256), 1, 1, 0),
        square(2, 5, (1056, 33), 1, 1, 0),
        square(2, 5, (17, 19), 3, 1, 1),
        square(1, 7, (48, 5), 3, 2, 1),
        square(2, 9, (6, 33), 3, 1, 1),
        square(3, 1, (3, 64), 3, 2, 1),
    ];
    for algorithm in [Algorithm::Exact, Algorithm::Fast] {
        for shape in &shapes {
            let error = assert_bf16(shape, algorithm);
            assert!(error < BF16, "{shape:?}: {error:e}");
        }
    }
}

#[test]
fn the_epilogue_follows_a_product_in_bf16_too() {
    let shape = square(1, 9, (40, 37), 3, 2, 1);
    let (x, w) = (
        numbers(shape.input_length(), 1),
        numbers(shape.weight_length(), 2),
    );
    let (bias, residual) = (
        numbers(shape.channels_out, 3),
        numbers(shape.output_length(), 4),
    );
    for level in PairLevel::by_bits().concat() {
        let packed = PackedWeight::at(AnyLevel::Pairs(level), &shape, &w, Algorithm::Fast);
        let mut plain = vec![f32::NAN; shape.output_length()];
        packed.forward_pairs_at(level, &shape, &x, &mut plain, Epilogue::default());
        let epilogue = Epilogue {
            bias: Some(&bias),
            residual: Some(&residual),
            relu: true,
        };
        let mut found = vec![f32::NAN; shape.output_length()];
        packed.forward_pairs_at(level, &shape, &x, &mut found, epilogue);
        for (i, value) in plain.iter().enumerate() {
            let sum = value + bias[i % shape.channels_out] + residual[i];
            assert_eq!(found[i].to_bits(), sum.max(0.0).to_bits(), "{level:?}");
        }
    }
}

/// The outputs that a number of the input, of the bias or of the residual reaches, as the definition has it.
fn outputs_reached(
    shape: &ConvolutionShape,
    input: usize,
    bias: usize,
    residual: usize,
) -> Vec<bool> {
    let mut reached = vec![false; shape.output_length()];
    for_each_product(shape, |i, _, k| reached[k] |= i == input);
    for (i, reached) in reached.iter_mut().enumerate() {
        *reached |= i % shape.channels_out == bias || i == residual;
    }
    reached
}

#[test]
fn the_relu_of_the_epilogue_passes_nan_on() {
    for (level, shape) in Level::available().into_iter().flat_map(|level| {
        // 37 channels: whole vectors and a rest; the second shape is one of the first layer.
        [
            (level, square(1, 6, (8, 37), 3, 1, 1)),
            (level, square(1, 9, (3, 37), 7, 2, 3)),
        ]
    }) {
        let (mut x, w) = (
            numbers(shape.input_length(), 1),
            numbers(shape.weight_length(), 2),
        );
        let (mut bias, mut residual) = (
            numbers(shape.channels_out, 3),
            numbers(shape.output_length(), 4),
        );
        let (input_place, bias_place, residual_place) = (shape.channels_in, 36, 1);
        x[input_place] = f32::NAN;
        bias[bias_place] = f32::NAN;
        residual[residual_place] = f32::NAN;
        let mut found = vec![0.0; shape.output_length()];
        let epilogue = Epilogue {
            bias: Some(&bias),
            residual: Some(&residual),
            relu: true,
        };
        forward_at(
            level,
            &shape,
            &x,
            &w,
            &mut found,
            epilogue,
            Algorithm::Exact,
        );
        let expected = outputs_reached(&shape, input_place, bias_place, residual_place);
        for (i, (value, expected)) in found.iter().zip(expected).enumerate() {
            assert_eq!(
                value.is_nan(),
                expected,
                "{level:?} {shape:?}, output {i}: {value}"
            );
        }
    }
}

/// NaN comes from the bias alone: in the input it would reach whole tiles.
#[test]
fn the_relu_of_winograd_passes_nan_on() {
    let shape = square(1, 8, (32, 64), 3, 1, 1);
    let (x, w) = (
        numbers(shape.input_length(), 1),
        numbers(shape.weight_length(), 2),
    );
    for level in Level::available() {
        for channel in [0, 15, 16, 63] {
            let mut bias = numbers(shape.channels_out, 3);
            bias[channel] = f32::NAN;
            let epilogue = Epilogue {
                bias: Some(&bias),
                residual: None,
                relu: true,
            };
            let mut found = vec![0.0; shape.output_length()];
            forward_at(level, &shape, &x, &w, &mut found, epilogue, Algorithm::Fast);
            for (i, value) in found.iter().enumerate() {
                let expected = i % shape.channels_out == channel;
                assert_eq!(value.is_nan(), expected, "{level:?}, output {i}: {value}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn any_shape_agrees_with_the_definition(
        batch in 1usize..4, height in 1usize..18, width in 1usize..18,
        channels_in in 1usize..40, channels_out in 1usize..40,
        kernel in 1usize..5, stride in 1usize..4, padding in 0usize..3,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel);
        assert_close(&ConvolutionShape { batch, height, width, channels_in, channels_out, kernel, stride, padding });
    }

    #[test]
    fn any_shape_in_bf16_has_the_same_bits_on_every_level(
        batch in 1usize..3, height in 1usize..12, width in 1usize..12,
        channels_in in 1usize..70, channels_out in 1usize..40,
        kernel in 1usize..5, stride in 1usize..4, padding in 0usize..3,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel);
        let shape = ConvolutionShape { batch, height, width, channels_in, channels_out, kernel, stride, padding };
        prop_assert!(assert_bf16(&shape, Algorithm::Exact) < BF16);
    }
}
