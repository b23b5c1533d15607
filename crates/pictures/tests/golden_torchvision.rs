//! Random resized crop, RandAugment and random erasing against torchvision 0.29 (`tests/fixtures/augmentation`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use image::{RgbImage, imageops};
use pictures::transform::{
    Draws, Erasing, OPERATIONS, Padding, RandAugment, Rectangle, ResizedCrop, Tries, apply,
};
use safetensors::SafeTensors;
use serde::Deserialize;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// Bytes of each tensor, by name: three planes.
fn tensors(file: &str) -> BTreeMap<String, Vec<u8>> {
    let bytes = fs::read(fixtures().join("augmentation").join(file)).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = tensors.tensors().into_iter();
    tensors
        .map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect()
}

fn as_values(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect()
}

fn as_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .map(|value| (value * 255.0).round() as u8)
        .collect()
}

/// Number of values that differ, and the greatest difference.
fn difference(found: &[u8], expected: &[u8]) -> (usize, u8) {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    let off = pairs
        .map(|(found, expected)| found.abs_diff(*expected))
        .filter(|off| *off > 0);
    off.fold((0, 0), |(count, greatest), off| {
        (count + 1, greatest.max(off))
    })
}

#[test]
fn every_operation_of_rand_augment_is_torchvisions() {
    let recorded = tensors("rand_augment.safetensors");
    let square = &recorded["square"];
    let mut compared = 0;
    for (name, expected) in recorded.iter().filter(|(name, _)| *name != "square") {
        let (operation, strength) = name.split_once(' ').unwrap();
        let (reversed, magnitude) = (strength.starts_with('-'), strength[1..].parse().unwrap());
        let (operation, _) = OPERATIONS
            .into_iter()
            .find(|(_, known)| *known == operation)
            .unwrap();
        let mut values = as_values(square);
        RandAugment::new(magnitude, [(operation, reversed)]).apply(&mut values, 32);
        let off = difference(&as_bytes(&values), expected);
        assert_eq!(off, (0, 0), "{name}");
        compared += 1;
    }
    // 9 operations of two directions and 5 of one, three strengths each.
    assert_eq!(compared, (9 * 2 + 5) * 3);
}

#[derive(Deserialize)]
struct Boxes {
    crops: Vec<Crop>,
    erased: Vec<Erased>,
}

#[derive(Deserialize)]
struct Crop {
    size: [usize; 2],
    scale: [f64; 2],
    tries: [[f64; 4]; 10],
    r#box: [usize; 4],
}

#[derive(Deserialize)]
struct Erased {
    size: usize,
    tries: [[f64; 4]; 10],
    r#box: [usize; 4],
}

fn boxes() -> Boxes {
    serde_json::from_slice(&fs::read(fixtures().join("augmentation/boxes.json")).unwrap()).unwrap()
}

fn in_order(rectangle: Rectangle) -> [usize; 4] {
    [
        rectangle.top,
        rectangle.left,
        rectangle.height,
        rectangle.width,
    ]
}

#[test]
fn the_rectangles_of_a_random_resized_crop_are_torchvisions() {
    for crop in boxes().crops {
        let [height, width] = crop.size;
        let drawn = ResizedCrop {
            scale: crop.scale,
            tries: Tries(crop.tries),
        };
        assert_eq!(
            in_order(drawn.rectangle(height, width)),
            crop.r#box,
            "{:?} {:?}",
            crop.size,
            crop.scale
        );
    }
}

#[test]
fn the_rectangles_of_random_erasing_are_torchvisions() {
    for erased in boxes().erased {
        let erasing = Erasing(Tries(erased.tries));
        let rectangle = erasing.rectangle(erased.size).unwrap();
        assert_eq!(in_order(rectangle), erased.r#box, "{}", erased.size);
        let mut square = vec![1.0; 3 * erased.size * erased.size];
        erasing.apply(&mut square, erased.size);
        let zeros = square.iter().filter(|value| **value == 0.0).count();
        assert_eq!(zeros, 3 * rectangle.height * rectangle.width);
        let corner = (2 * erased.size + rectangle.top) * erased.size + rectangle.left;
        assert_eq!(square[corner], 0.0);
    }
}

/// Draws that take the whole of a picture of an allowed ratio: no attempt fits.
fn whole() -> Draws {
    Draws {
        resized_crop: Some(ResizedCrop {
            scale: [2.0, 2.0],
            tries: Tries([[0.5; 4]; 10]),
        }),
        ..Draws::validation()
    }
}

#[test]
fn a_crop_is_resized_as_torchvision_does_with_antialias() {
    let picture = image::open(fixtures().join("fastai/pictures/p3_120x90.png"))
        .unwrap()
        .into_rgb8();
    for (name, expected) in tensors("resized_crop.safetensors") {
        let numbers: Vec<u32> = name
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect();
        let [top, left, height, width] = numbers[..] else {
            panic!("{name}");
        };
        let crop = imageops::crop_imm(&picture, left, top, width, height).to_image();
        let drawn = whole()
            .resized_crop
            .unwrap()
            .rectangle(height as usize, width as usize);
        assert_eq!(in_order(drawn), [0, 0, height as usize, width as usize]);
        let square = apply(&crop, 32, Padding::Reflection, &whole());
        let (_, greatest) = difference(&as_bytes(&square), &expected);
        // PIL's weights are whole numbers of 2⁻²² and it rounds between the two directions.
        assert!(greatest <= 1, "{name}: off by {greatest}");
    }
}

/// A mirrored crop is the mirror of the crop.
#[test]
fn a_crop_is_flipped_like_any_other_square() {
    let picture = RgbImage::from_fn(48, 48, |x, y| image::Rgb([x as u8 * 5, y as u8 * 5, 7]));
    let plain = apply(&picture, 16, Padding::Reflection, &whole());
    for bits in 0..8u8 {
        let flip = pictures::transform::Flip {
            left_right: bits & 1 != 0,
            top_bottom: bits & 2 != 0,
            transpose: bits & 4 != 0,
        };
        let draws = |resized_crop| Draws {
            flip: pictures::transform::Drawn::applied(flip),
            resized_crop,
            ..Draws::validation()
        };
        let flipped = apply(
            &picture,
            16,
            Padding::Reflection,
            &draws(whole().resized_crop),
        );
        // The same flip as fastai's on the square that is resized already.
        let square = RgbImage::from_fn(16, 16, |x, y| {
            image::Rgb([0, 1, 2].map(|plane| {
                (plain[(plane * 16 + y as usize) * 16 + x as usize] * 255.0).round() as u8
            }))
        });
        let expected = apply(&enlarged(&square), 32, Padding::Reflection, &draws(None));
        for plane in 0..3 {
            for (row, column) in [(0, 0), (3, 12), (15, 1), (8, 15)] {
                let found = flipped[(plane * 16 + row) * 16 + column];
                let other = expected[(plane * 32 + 2 * row) * 32 + 2 * column];
                assert!(
                    (found - other).abs() < 0.02,
                    "{flip:?} {row} {column}: {found} {other}"
                );
            }
        }
    }
}

/// Each pixel four times, since fastai's squares have a multiple of 32 pixels.
fn enlarged(square: &RgbImage) -> RgbImage {
    RgbImage::from_fn(32, 32, |x, y| *square.get_pixel(x / 2, y / 2))
}
