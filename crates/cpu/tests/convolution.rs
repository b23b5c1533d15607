//! Properties of the convolutions beyond the numbers: the same bits for any number of threads, from run to
//! run, and for any batch.

use cpu::{Algorithm, ConvolutionShape, Epilogue};
use proptest::prelude::*;

/// Repeatable numbers between -1 and 1.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0)
        .collect()
}

/// Output, input gradient and weight gradient.
fn results(shape: &ConvolutionShape, algorithm: Algorithm) -> [Vec<f32>; 3] {
    let (x, w, dy) = (
        numbers(shape.input_length(), 1),
        numbers(shape.weight_length(), 2),
        numbers(shape.output_length(), 3),
    );
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    cpu::forward(shape, &x, &w, &mut y, Epilogue::default(), algorithm);
    cpu::input_gradient(shape, &dy, &w, &mut dx, algorithm);
    cpu::weight_gradient(shape, &x, &dy, &mut dw, algorithm);
    [y, dx, dw]
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a thread pool")
        .install(work)
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let layer = |batch, size, channels_in, channels_out, kernel, stride| ConvolutionShape {
        batch,
        height: size,
        width: size,
        channels_in,
        channels_out,
        kernel,
        stride,
        padding: kernel / 2,
    };
    let shapes = [
        layer(2, 64, 3, 64, 7, 2),
        layer(4, 28, 64, 64, 3, 1),
        layer(2, 14, 160, 160, 3, 1),
        layer(2, 28, 64, 128, 3, 2),
        layer(2, 28, 64, 256, 1, 1),
        layer(1, 7, 256, 512, 3, 1),
    ];
    // Where a program plays the processor (`scripts/test-arm.sh`), all would take minutes.
    let is_emulated = std::env::var_os("EMULATED").is_some();
    let numbers_of_threads: &[usize] = if is_emulated { &[3] } else { &[2, 3, 5] };
    for shape in &shapes {
        for algorithm in [Algorithm::Exact, Algorithm::Fast] {
            let one = on_threads(1, || results(shape, algorithm));
            for &threads in numbers_of_threads {
                assert!(
                    on_threads(threads, || results(shape, algorithm)) == one,
                    "{threads} threads, {algorithm:?}, {shape:?}"
                );
            }
        }
    }
}

#[test]
fn a_picture_gives_the_same_bits_alone_and_in_a_batch() {
    for algorithm in [Algorithm::Exact, Algorithm::Fast] {
        let shape = ConvolutionShape {
            batch: 3,
            height: 14,
            width: 14,
            channels_in: 64,
            channels_out: 64,
            kernel: 3,
            stride: 1,
            padding: 1,
        };
        let alone = ConvolutionShape { batch: 1, ..shape };
        let (x, weight) = (
            numbers(shape.input_length(), 1),
            numbers(shape.weight_length(), 2),
        );
        let mut all = vec![0.0; shape.output_length()];
        cpu::forward(
            &shape,
            &x,
            &weight,
            &mut all,
            Epilogue::default(),
            algorithm,
        );
        for (x, expected) in x
            .chunks(alone.input_length())
            .zip(all.chunks(alone.output_length()))
        {
            let mut found = vec![0.0; alone.output_length()];
            cpu::forward(
                &alone,
                x,
                &weight,
                &mut found,
                Epilogue::default(),
                algorithm,
            );
            assert!(found == expected, "{algorithm:?}");
        }
    }
}

#[test]
#[should_panic(expected = "numbers of the weight")]
fn a_weight_of_another_shape_is_refused() {
    let shape = ConvolutionShape {
        batch: 1,
        height: 4,
        width: 4,
        channels_in: 2,
        channels_out: 2,
        kernel: 3,
        stride: 1,
        padding: 1,
    };
    cpu::forward(
        &shape,
        &[0.0; 32],
        &[0.0; 35],
        &mut [0.0; 32],
        Epilogue::default(),
        Algorithm::Exact,
    );
}

proptest! {
    #[test]
    fn channels_last_pictures_have_the_numbers_of_planar_ones(
        batch in 1usize..4, channels in 1usize..9, pixels in 1usize..3000,
    ) {
        let planar = numbers(batch * channels * pixels, 1);
        let mut found = vec![f32::NAN; planar.len()];
        cpu::planar_to_channels_last(channels, pixels, &planar, &mut found);
        for (i, value) in found.iter().enumerate() {
            let (picture, pixel, channel) =
                (i / channels / pixels, i / channels % pixels, i % channels);
            prop_assert_eq!(*value, planar[(picture * channels + channel) * pixels + pixel]);
        }
    }
}
