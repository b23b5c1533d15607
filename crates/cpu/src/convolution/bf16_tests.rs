//! The convolutions of a training in bf16 on every set of instructions of this processor: the same bits, and near the
//! definition in `f64`.

use proptest::prelude::*;

use super::{
    Algorithm, ConvolutionShape, Epilogue,
    bf16::{forward_pairs_at, input_gradient_pairs_at, weight_gradient_pairs_at},
    tests::{
        EXACT, cases, error, for_each_product, layers_of_resnets, numbers, odd_channels_and_sizes,
        rounded, square,
    },
};
use crate::simd::PairLevel;

/// Input, weight and gradient of the output.
struct Given {
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
}

impl Given {
    fn new(shape: &ConvolutionShape) -> Given {
        Given {
            x: numbers(shape.input_length(), 1),
            w: numbers(shape.weight_length(), 2),
            dy: numbers(shape.output_length(), 3),
        }
    }

    /// Output, gradient of the input, gradient of the weight.
    fn results(
        &self,
        level: PairLevel,
        shape: &ConvolutionShape,
        algorithm: Algorithm,
    ) -> [Vec<f32>; 3] {
        let Given { x, w, dy } = self;
        // What is overwritten must not depend on what was there.
        let [mut y, mut dx, mut dw] = [dy, x, w].map(|numbers| vec![f32::NAN; numbers.len()]);
        let epilogue = Epilogue::default();
        forward_pairs_at(level, shape, x, w, &mut y, epilogue, algorithm);
        input_gradient_pairs_at(level, shape, dy, w, &mut dx, algorithm);
        weight_gradient_pairs_at(level, shape, x, dy, &mut dw, algorithm);
        [y, dx, dw]
    }

    /// The results of the definition, and for each number the sum of its squared products.
    fn definition(&self, shape: &ConvolutionShape) -> [(Vec<f64>, Vec<f64>); 3] {
        let Given { x, w, dy } = self;
        let mut results = [dy, x, w].map(|of| (vec![0.0; of.len()], vec![0.0; of.len()]));
        for_each_product(shape, |i, j, k| {
            let (x, w, dy) = (f64::from(x[i]), f64::from(w[j]), f64::from(dy[k]));
            let products = [(k, x * w), (i, w * dy), (j, x * dy)];
            for ((sums, squares), (place, value)) in results.iter_mut().zip(products) {
                sums[place] += value;
                squares[place] += value * value;
            }
        });
        results
    }
}

/// The results on all levels with and without blocks, which must be the same to the last bit in each of both.
fn on_every_level(
    given: &Given,
    shape: &ConvolutionShape,
    algorithm: Algorithm,
) -> [[Vec<f32>; 3]; 2] {
    PairLevel::by_bits().map(|levels| on_levels(levels, given, shape, algorithm))
}

fn on_levels(
    levels: Vec<PairLevel>,
    given: &Given,
    shape: &ConvolutionShape,
    algorithm: Algorithm,
) -> [Vec<f32>; 3] {
    let mut first: Option<[Vec<f32>; 3]> = None;
    for level in levels {
        let found = given.results(level, shape, algorithm);
        let expected = first.get_or_insert_with(|| found.clone());
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let mut both = found.iter().zip(expected.iter());
            let same = both.all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{level:?} {algorithm:?} {shape:?}, result {i}");
        }
    }
    first.expect("a level")
}

/// The same bits on every level, and near the definition of the rounded factors: their products are exact and the sums are
/// `f32`, so [`EXACT`] holds as it does for products in `f32`.
fn assert_bf16(shape: &ConvolutionShape) {
    let given = Given::new(shape);
    let found = on_every_level(&given, shape, Algorithm::Exact);
    let Given { x, w, dy } = given;
    let [x, w, dy] = [x, w, dy].map(|numbers| rounded(&numbers));
    let definition = Given { x, w, dy }.definition(shape);
    for found in found {
        for (i, (found, (sums, squares))) in found.iter().zip(&definition).enumerate() {
            let error = error(found, sums, squares);
            assert!(error < EXACT, "{shape:?}, result {i}: {error:e}");
        }
    }
}

#[test]
fn training_in_bf16_agrees_with_the_definition_of_the_rounded_factors() {
    layers_of_resnets().iter().for_each(assert_bf16);
    // More pixels than a piece has, more channels than a task.
    assert_bf16(&square(1, 30, (160, 144), 1, 1, 0));
}

#[test]
fn odd_channels_sizes_and_strides_in_bf16_agree_with_the_definition() {
    odd_channels_and_sizes().iter().for_each(assert_bf16);
    assert_bf16(&square(2, 7, (16, 32), 1, 2, 0));
    assert_bf16(&square(2, 8, (5, 4), 1, 3, 0));
    assert_bf16(&square(1, 11, (48, 40), 3, 2, 1));
}

#[test]
fn layers_that_stay_in_f32_have_the_same_bits_on_every_level() {
    for shape in [
        square(2, 14, (64, 64), 3, 1, 1),
        square(3, 7, (128, 96), 3, 1, 1),
        square(1, 60, (160, 32), 3, 1, 1),
        square(1, 100, (32, 64), 3, 1, 1),
        square(1, 6, (288, 64), 3, 1, 1),
    ] {
        on_every_level(&Given::new(&shape), &shape, Algorithm::Fast);
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn any_shape_trained_in_bf16_agrees_with_the_definition(
        batch in 1usize..3, height in 1usize..14, width in 1usize..14,
        channels_in in 1usize..70, channels_out in 1usize..40,
        kernel in 1usize..5, stride in 1usize..4, padding in 0usize..3,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel);
        assert_bf16(&ConvolutionShape { batch, height, width, channels_in, channels_out, kernel, stride, padding });
    }
}
