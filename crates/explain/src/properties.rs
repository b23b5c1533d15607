//! What holds of the maps of every method.

use crate::{
    explanation::{Asking, Classes, explain},
    network::{SavedNetwork, tests::symmetrical},
    pictures::{Picture, PictureFile},
};
use cam::{HeatMap, METHODS, Method};
use image::{Rgb, RgbImage, imageops};
use measure::correlation;
use network::Architecture;
use pictures::{
    decode::Turn,
    transform::{CropMap, Draws, Padding, View, apply_to_frame},
};
use std::path::Path;

/// A picture of which the network sees this frame.
fn picture(frame: Vec<f32>, size: [usize; 2]) -> Picture {
    Picture {
        file: PictureFile::without_class(Path::new(""), "drawn"),
        digest: String::new(),
        pixels: RgbImage::new(8, 8),
        turned: Turn::NONE,
        upright: Turn::NONE,
        crop: CropMap {
            frame: size,
            ..CropMap::new(8, 8, 32)
        },
        frame,
    }
}

/// Blots of different colours, nowhere symmetrical.
fn blots([width, height]: [usize; 2]) -> Vec<f32> {
    let value = |index: usize| {
        let (plane, place) = (index / (width * height), index % (width * height));
        let (x, y) = ((place % width) as f32, (place / width) as f32);
        0.5 + 0.25 * ((0.11 * x + plane as f32).sin() + (0.07 * y * x / width as f32).cos())
    };
    (0..3 * width * height).map(value).collect()
}

fn mirrored(values: &[f32], width: usize) -> Vec<f32> {
    let rows = values.chunks_exact(width);
    rows.flat_map(|row| row.iter().rev().copied()).collect()
}

fn map_of(
    network: &SavedNetwork,
    method: &'static Method,
    frame: Vec<f32>,
    size: [usize; 2],
) -> HeatMap {
    let asking = Asking {
        classes: Classes::These(vec![1]),
        ..Asking::default()
    };
    let explained = explain(network, vec![picture(frame, size)], &asking, &[method]).unwrap();
    explained[0].maps[0].raw.clone()
}

/// The map of a frame, and that of the mirrored frame mirrored back.
fn there_and_back(
    network: &SavedNetwork,
    method: &'static Method,
    size: [usize; 2],
) -> [HeatMap; 2] {
    let frame = blots(size);
    let other = map_of(network, method, mirrored(&frame, size[0]), size);
    let back = HeatMap {
        values: mirrored(&other.values, other.width),
        ..other
    };
    [map_of(network, method, frame, size), back]
}

/// The kernels are their own mirror images. A VGG halves its sides by windows of two, which lie alike from both ends of an even side; a
/// ResNet takes every second place from the left, which are the same from the right only if the side is odd all the way. RISE hides
/// other places of the mirrored picture.
#[test]
fn where_the_strides_allow_it_the_map_of_a_mirrored_picture_is_the_mirrored_map() {
    let cases = [
        (Architecture::Vgg16Bn, [96, 64]),
        (Architecture::ResNet18, [97, 65]),
    ];
    for (architecture, size) in cases {
        let network = symmetrical(architecture);
        for method in METHODS.iter().filter(|method| method.name() != "rise") {
            let [map, back] = there_and_back(&network, method, size);
            let largest = map.range().map(f32::abs)[1].max(map.range().map(f32::abs)[0]);
            assert!(largest > 0.0, "{method:?}");
            for (found, expected) in back.values.iter().zip(&map.values) {
                // Sums in another order.
                assert!(
                    (found - expected).abs() <= 1e-3 * largest,
                    "{architecture:?}, {method:?}: {found} and {expected}"
                );
            }
        }
    }
}

/// From the picture itself, resized, and filled up by the same on both sides.
#[test]
fn seen_whole_a_mirrored_picture_has_the_mirrored_map() {
    let network = symmetrical(Architecture::Vgg16Bn);
    let pixels = RgbImage::from_fn(300, 128, |x, y| {
        Rgb([x, 2 * y, x * y / 40].map(|value| (value % 256) as u8))
    });
    let map = |pixels: &RgbImage, method| {
        let crop = CropMap::of(View::Whole { stride: 32 }, 300, 128, 64);
        let draws = Draws::validation();
        let frame = apply_to_frame(pixels, 64, crop.frame, Padding::Reflection, &draws);
        map_of(&network, method, frame, crop.frame)
    };
    for name in [
        "grad-cam",
        "occlusion",
        "integrated-gradients",
        "guided-grad-cam",
    ] {
        let method = cam::method(name).unwrap();
        let straight = map(&pixels, method);
        let other = map(&imageops::flip_horizontal(&pixels), method);
        assert!(straight.width > straight.height);
        let likeness = correlation(&straight.values, &mirrored(&other.values, other.width));
        // The pixels that the frame is made of are rounded in another order.
        assert!(likeness.unwrap() > 0.999, "{name}: {likeness:?}");
    }
}

/// Multiples of 32, which whole pictures are filled up to, are not odd.
#[test]
fn elsewhere_a_resnet_makes_another_map_of_a_mirrored_picture() {
    let likeness = likeness_of_the_mirrored("grad-cam", [96, 64]);
    assert!(likeness < 0.9, "{likeness}");
}

#[test]
fn rise_makes_a_map_that_is_like_the_mirrored_one() {
    let likeness = likeness_of_the_mirrored("rise", [97, 65]);
    assert!(likeness > 0.5 && likeness < 0.9999, "{likeness}");
}

fn likeness_of_the_mirrored(method: &str, size: [usize; 2]) -> f64 {
    let network = symmetrical(Architecture::ResNet18);
    let [map, back] = there_and_back(&network, cam::method(method).unwrap(), size);
    correlation(&map.values, &back.values).unwrap()
}

/// Of equal values the first is the largest, and what comes back through a maximum goes there: a map that follows gradients prefers
/// one side of a picture that has none.
#[test]
fn a_picture_of_one_colour_has_a_map_of_numbers_and_without_gradients_a_symmetrical_one() {
    let network = symmetrical(Architecture::Vgg16Bn);
    let without_gradients = [
        "activation",
        "eigen-cam",
        "ablation-cam",
        "score-cam",
        "occlusion",
    ];
    for colour in [0.0, 0.5, 1.0] {
        for method in METHODS.iter().filter(|method| method.name() != "rise") {
            let map = map_of(&network, method, vec![colour; 3 * 64 * 64], [64, 64]);
            assert!(
                map.values.iter().all(|value| value.is_finite()),
                "{method:?}"
            );
            let largest = map
                .values
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            if without_gradients.contains(&method.name()) {
                for (value, other) in map.values.iter().zip(mirrored(&map.values, map.width)) {
                    // Scores of about 1 that are nearly equal are subtracted.
                    let tolerance = 1e-3 * largest + 1e-6;
                    assert!(
                        (value - other).abs() <= tolerance,
                        "{method:?} of {colour}: {value} and {other}"
                    );
                }
            }
        }
    }
}

/// Under the mean colour nothing can be hidden, and there is no way from it to itself.
#[test]
fn a_picture_of_the_mean_colour_loses_nothing_when_a_part_is_hidden() {
    let network = symmetrical(Architecture::ResNet18);
    for name in ["occlusion", "rise", "integrated-gradients"] {
        let method = cam::method(name).unwrap();
        let map = map_of(&network, method, vec![0.5; 3 * 64 * 64], [64, 64]);
        assert!(
            map.values.iter().all(|value| *value == 0.0),
            "{name}: {:?}",
            map.range()
        );
    }
}
