//! Promises of the transforms for any picture.

use image::{Rgb, RgbImage};
use pictures::transform::{
    Augmentation, CropMap, CropPosition, Drawn, Draws, Flip, Padding, View, Zoom, apply,
    apply_to_frame,
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const PADDINGS: [Padding; 3] = [Padding::Reflection, Padding::Zeros, Padding::Border];

/// A picture in which every pixel differs from its neighbours.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            (x * 37 + y * 11) as u8,
            (x * 5 + y * 71) as u8,
            (x * y) as u8,
        ])
    })
}

/// Every setting at its widest.
fn wildest() -> Augmentation {
    Augmentation {
        max_rotate: 180.0,
        max_zoom: 30.0,
        max_lighting: 0.99,
        max_warp: 0.99,
        p_affine: 0.8,
        p_lighting: 0.8,
        do_flip: true,
        flip_vert: true,
        padding: Padding::Reflection,
        ..Augmentation::default()
    }
}

fn largest_difference(first: &[f32], second: &[f32]) -> f32 {
    first
        .iter()
        .zip(second)
        .map(|(first, second)| (first - second).abs())
        .fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_picture_size_and_draw_gives_values_from_0_to_1(
        width in 1u32..200, height in 1u32..200, size in 1usize..100, seed in any::<u8>(), padding in 0usize..3,
    ) {
        let draws = wildest().draw(&mut ChaCha8Rng::from_seed([seed; 32]));
        let square = apply(&picture(width, height), size, PADDINGS[padding], &draws);
        prop_assert_eq!(square.len(), 3 * size * size);
        // Weights that add up to 1 do so within two roundings of f32.
        prop_assert!(square.iter().all(|value| (0.0..=1.000_000_5).contains(value)));
    }

    #[test]
    fn the_crop_map_says_which_point_of_the_picture_a_point_of_the_square_shows(
        multiple in 1usize..=2, below in 0usize..16, short in 0.5f64..2.0, more in 0usize..100, upright in any::<bool>(),
    ) {
        // A short side of at most twice the target is not averaged, and a size just below a multiple of 32 is not padded.
        let size = 32 * multiple - below;
        let short = (short * 32.0 * multiple as f64) as usize;
        let (width, height) = if upright { (short, short + more) } else { (short + more, short) };
        // On a ramp the interpolated colour is the position itself.
        let ramp = RgbImage::from_fn(width as u32, height as u32, |x, y| Rgb([x as u8, y as u8, 0]));
        let square = apply(&ramp, size, Padding::Reflection, &Draws::validation());
        let map = CropMap::new(width, height, size);
        for (row, column) in [(0, 0), (size / 3, size / 2), (size - 1, size - 1)] {
            let [x, y] = map.to_picture([column as f64, row as f64]);
            let found = [0, 1].map(|channel| f64::from(square[(channel * size + row) * size + column]) * 255.0);
            // f32 rounding of a value up to 255.
            prop_assert!((found[0] - x).abs() < 1e-4 && (found[1] - y).abs() < 1e-4, "{found:?} at {x} {y}");
        }
    }

    #[test]
    fn the_crop_map_says_which_point_of_a_whole_picture_a_point_of_its_frame_shows(
        short in 31usize..=64, eighths in 8usize..=64, upright in any::<bool>(), padding in 0usize..3,
    ) {
        let long = (short * eighths / 8).min(256);
        let (width, height) = if upright { (short, long) } else { (long, short) };
        let ramp = RgbImage::from_fn(width as u32, height as u32, |x, y| Rgb([x as u8, y as u8, 0]));
        let map = CropMap::of(View::Whole { stride: 32 }, width, height, 32);
        let [columns, rows] = map.frame;
        let frame = apply_to_frame(&ramp, 32, map.frame, PADDINGS[padding], &Draws::validation());
        prop_assert_eq!(frame.len(), 3 * columns * rows);
        let mut inside = 0;
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let [x, y] = map.to_picture([column as f64, row as f64]);
            let is_inside = |place: f64, side: usize| (-1e-9..side as f64 - 1.0 + 1e-9).contains(&place);
            if is_inside(x, width) && is_inside(y, height) {
                let found = [0, 1].map(|channel| f64::from(frame[(channel * rows + row) * columns + column]) * 255.0);
                prop_assert!((found[0] - x).abs() < 1e-4 && (found[1] - y).abs() < 1e-4, "{found:?} at {x} {y}");
                inside += 1;
            }
        }
        // The short side is a multiple of the stride as it is, and of the long one less than a stride is filled up.
        prop_assert!(inside > 32 * (columns.max(rows) - 32));
    }
}

#[test]
fn slivers_and_single_pixels_are_pictures_too() {
    let sides = [
        (1, 1),
        (1, 300),
        (300, 1),
        (1600, 7),
        (7, 1600),
        (2, 2),
        (2, 1),
    ];
    for (width, height) in sides {
        for size in [1, 15, 16, 33, 47, 72, 224] {
            for padding in PADDINGS {
                for seed in 0..4 {
                    let draws = wildest().draw(&mut ChaCha8Rng::from_seed([seed; 32]));
                    let square = apply(&picture(width, height), size, padding, &draws);
                    assert!(
                        square.iter().all(|value| value.is_finite()),
                        "{width} x {height} at {size}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_picture_of_one_colour_keeps_it() {
    let one = RgbImage::from_pixel(1, 1, Rgb([51, 102, 204]));
    let square = apply(&one, 40, Padding::Border, &Draws::validation());
    for (plane, expected) in square.chunks_exact(40 * 40).zip([0.2, 0.4, 0.8]) {
        assert!(plane.iter().all(|value| (value - expected).abs() < 1e-6));
    }
}

#[test]
fn a_picture_without_pixels_is_black() {
    assert_eq!(
        apply(
            &RgbImage::new(0, 5),
            2,
            Padding::Reflection,
            &Draws::validation()
        ),
        [0.0; 12]
    );
    assert!(apply(&picture(3, 3), 0, Padding::Reflection, &Draws::validation()).is_empty());
}

#[test]
fn a_picture_of_the_square_s_size_is_unchanged_by_validation() {
    let picture = picture(64, 64);
    let square = apply(&picture, 64, Padding::Reflection, &Draws::validation());
    for (x, y, pixel) in picture.enumerate_pixels() {
        for channel in 0..3 {
            let value = square[(channel * 64 + y as usize) * 64 + x as usize];
            // The sampling point is off the pixel's centre by the rounding of f64, the value by that of f32.
            assert!((value - f32::from(pixel[channel]) / 255.0).abs() < 1e-6);
        }
    }
}

#[test]
fn each_of_the_eight_symmetries_moves_the_pixels_of_a_square_picture() {
    let picture = picture(64, 64);
    for bits in 0..8u32 {
        let flip = Flip {
            left_right: bits & 1 != 0,
            top_bottom: bits & 2 != 0,
            transpose: bits & 4 != 0,
        };
        let draws = Draws {
            flip: Drawn::applied(flip),
            ..Draws::validation()
        };
        let square = apply(&picture, 64, Padding::Reflection, &draws);
        // The matrices of `dihedral_affine`: the point (x, y) reads (±x, ±y), or (±y, ±x) when transposed.
        let moved = RgbImage::from_fn(64, 64, |x, y| {
            let (x, y) = if flip.transpose { (y, x) } else { (x, y) };
            let mirror =
                |position: u32, mirrored: bool| if mirrored { 63 - position } else { position };
            *picture.get_pixel(mirror(x, flip.left_right), mirror(y, flip.top_bottom))
        });
        let expected = apply(&moved, 64, Padding::Reflection, &Draws::validation());
        assert!(largest_difference(&square, &expected) < 1e-5, "{flip:?}");
    }
}

#[test]
fn a_transform_that_changes_nothing_gives_the_picture_by_both_ways_of_sampling() {
    let picture = picture(90, 70);
    let plain = Draws::validation();
    let expected = apply(&picture, 64, Padding::Reflection, &plain);
    let idle = [
        Draws {
            rotate: Drawn::applied(0.0),
            ..plain
        },
        Draws {
            warp: Drawn::applied([0.0; 4]),
            ..plain
        },
        Draws {
            zoom: Drawn::applied(Zoom {
                scale: 1.0,
                row_pct: 0.1,
                col_pct: 0.9,
            }),
            ..plain
        },
        Draws {
            rotate: Drawn::applied(1e-9),
            ..plain
        },
        Draws {
            warp: Drawn::applied([1e-9; 4]),
            ..plain
        },
    ];
    for draws in idle {
        let square = apply(&picture, 64, Padding::Reflection, &draws);
        assert!(largest_difference(&square, &expected) < 1e-5, "{draws:?}");
    }
}

#[test]
fn black_padding_is_not_lit() {
    let white = RgbImage::from_pixel(120, 90, Rgb([255; 3]));
    let draws = Draws {
        brightness: Drawn::applied(0.7),
        crop: CropPosition {
            row_pct: 0.0,
            col_pct: 0.0,
        },
        ..Draws::validation()
    };
    // At 72 the short side becomes 64: four rows are added at the top, four at the bottom.
    let square = apply(&white, 72, Padding::Zeros, &draws);
    assert!(square[..4 * 72].iter().all(|&value| value == 0.0));
    assert!(square[4 * 72..68 * 72].iter().all(|&value| value > 0.99));
    assert!(square[68 * 72..72 * 72].iter().all(|&value| value == 0.0));
}
