//! The odd pictures of `tests/fixtures/odd_table`, each beside what Pillow makes of it.
//!
//! `scripts/odd-pictures.py` made both. Where the answers differ, [`DIFFERENT`] says why.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use image::RgbImage;
use pictures::decode::{DecodeError, Decoded, MAX_PIXELS, Orientation, decode};
use proptest::prelude::*;

/// The largest mean difference from Pillow's pixels, of 255.
const MEAN: f64 = 2.0;
/// No difference from pixels that a file holds without loss.
const EXACT: f64 = 0.0;

/// An answer other than Pillow's.
enum Different {
    /// It is refused with a sentence that contains this, though Pillow makes a picture of it.
    Refused(&'static str),
    /// It is a picture, though Pillow refuses it.
    Read,
    /// It is a picture of other pixels, with this mean difference at most: from `own/NAME.png`, which has what the file was
    /// made from, or else from Pillow's.
    Pixels(f64),
}
use Different::{Pixels, Read, Refused};

/// Files about which we answer otherwise than Pillow, with the reason.
const DIFFERENT: [(&str, Different, &str); 30] = [
    (
        "bmp_rle8_with_gaps.bmp",
        Read,
        "gaps have the first colour, as the format says",
    ),
    (
        "gif_frame_leaves_screen.gif",
        Pixels(EXACT),
        "the screen's size counts, as browsers have it",
    ),
    ("gif_frame_smaller_than_screen.gif", Pixels(EXACT), SCREEN),
    ("gif_frame_smaller_transparent.gif", Pixels(EXACT), SCREEN),
    ("jpeg_arithmetic.jpg", Refused("arithmetic coding"), UNKNOWN),
    ("jpeg_broken_app13.jpg", Read, METADATA),
    ("jpeg_broken_app2.jpg", Read, METADATA),
    (
        "jpeg_claims_twice_the_height.jpg",
        Refused("damaged or cut short"),
        HALF,
    ),
    (
        "jpeg_half_with_end.jpg",
        Refused("damaged or cut short"),
        HALF,
    ),
    (
        "jpeg_high_sliver.jpg",
        Pixels(6.0),
        "up to four pixels wide, libjpeg-turbo smooths no colours",
    ),
    (
        "jpeg_luma_sampled_less.jpg",
        Refused("unusual sampling"),
        UNKNOWN,
    ),
    ("jpeg_sampled_3x1.jpg", Refused("unusual sampling"), UNKNOWN),
    (
        "jpeg_stray_after_scan_data.jpg",
        Refused("damaged or cut short"),
        "they could as well be lost pixels",
    ),
    (
        "jpeg_three_scans.jpg",
        Refused("in scans of their own"),
        UNKNOWN,
    ),
    (
        "jpeg_three_scans_1x2.jpg",
        Refused("in scans of their own"),
        UNKNOWN,
    ),
    (
        "jpeg_two_scans_2x2.jpg",
        Refused("in scans of their own"),
        UNKNOWN,
    ),
    ("jpeg_unknown_segments.jpg", Read, METADATA),
    (
        "png_claims_twice_the_height.png",
        Refused("damaged or cut short"),
        HALF,
    ),
    ("png_grey_16.png", Pixels(EXACT), GREY_16),
    ("png_grey_16_trns.png", Pixels(EXACT), GREY_16),
    (
        "png_palette_missing.png",
        Refused("breaks the rules"),
        "Pillow makes up its colours",
    ),
    ("png_wrong_checksum_of_text.png", Read, METADATA),
    (
        "tiff_claims_twice_the_height.tif",
        Refused("damaged or cut short"),
        HALF,
    ),
    ("tiff_grey_16.tif", Pixels(EXACT), GREY_16),
    (
        "tiff_grey_float.tif",
        Refused("32 bits"),
        "floats have no known white: Pillow makes all black",
    ),
    (
        "tiff_oriented_6.tif",
        Pixels(EXACT),
        "stored as it is; Pillow turns TIFF, and no other format",
    ),
    (
        "tiff_oriented_6_long.tif",
        Pixels(EXACT),
        "stored as it is; Pillow turns TIFF, and no other format",
    ),
    ("tiff_bilevel_fax3.tif", Refused("fax of group 3"), UNKNOWN),
    (
        "tiff_bilevel_huffman.tif",
        Refused("fax of group 3"),
        UNKNOWN,
    ),
    ("tiff_lab.tif", Refused("CIE L*a*b*"), UNKNOWN),
];

const HALF: &str = "half a picture is an error";
const METADATA: &str = "the pixels are whole, and nothing else counts";
const UNKNOWN: &str = "the decoder does not know it";
const GREY_16: &str = "the high byte is kept, where Pillow makes all white";
const SCREEN: &str = "what no frame covers is black, where Pillow takes a colour of the palette";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/odd_table")
}

/// The files by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder()).expect("the fixtures");
    entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| {
            entry.path().is_file()
                && ![".json", ".md"]
                    .iter()
                    .any(|end| entry.path().to_string_lossy().ends_with(end))
        })
        .map(|entry| {
            let name = entry.file_name().into_string().expect("plain names");
            (name, std::fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

/// Pillow's pixels (`expected`), or what a file was made from (`own`); `None` where there are none.
fn pixels(kind: &str, name: &str) -> Option<RgbImage> {
    let path = folder().join(kind).join(format!("{name}.png"));
    let bytes = std::fs::read(path).ok()?;
    let picture = image::load_from_memory(&bytes).expect("a picture");
    Some(picture.into_rgb8())
}

/// What is wrong with `picture`, which should be `expected` but for a mean difference of `most`.
fn difference(picture: &RgbImage, expected: &RgbImage, most: f64) -> Option<String> {
    let [size, other] = [picture, expected].map(RgbImage::dimensions);
    if size != other {
        return Some(format!("has {size:?} pixels, not {other:?}"));
    }
    let values = picture.iter().zip(expected.iter());
    let differences = values.map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = differences.sum::<f64>() / picture.len() as f64;
    (mean > most).then(|| format!("is {mean:.2} from the pixels it should have"))
}

/// What is wrong with our answer about the file `name`, if anything is.
fn fault(
    name: &str,
    answer: Result<Decoded, DecodeError>,
    different: Option<&Different>,
) -> Option<String> {
    let expected = pixels("expected", name);
    let picture = match (answer.map(|decoded| decoded.picture), different) {
        (Err(error), Some(Refused(words))) if expected.is_some() => {
            let said = error.to_string();
            return (!said.contains(words)).then(|| format!("says `{said}`, not `{words}`"));
        }
        (Err(_), None) if expected.is_none() => return None,
        (Err(error), _) => return Some(format!("is refused: {error}")),
        (Ok(picture), _) => picture,
    };
    let Some(expected) = expected else {
        return (!matches!(different, Some(Read))).then(|| "is read, Pillow refuses it".to_owned());
    };
    let from_pillow = difference(&picture, &expected, MEAN);
    match different {
        None => from_pillow,
        Some(Refused(_) | Read) => Some("is read, as Pillow reads it".to_owned()),
        Some(Pixels(_)) if from_pillow.is_none() => Some("has Pillow's pixels".to_owned()),
        Some(Pixels(most)) => {
            let expected = pixels("own", name).unwrap_or(expected);
            difference(&picture, &expected, *most)
        }
    }
}

#[test]
fn odd_pictures_are_what_pillow_makes_of_them_or_differ_for_a_stated_reason() {
    let files = files();
    assert!(files.len() >= 60);
    let mut faults = Vec::new();
    for (name, bytes) in &files {
        let different = DIFFERENT.iter().find(|(other, ..)| other == name);
        let different = different.map(|(_, different, _)| different);
        if let Some(fault) = fault(name, decode(bytes), different) {
            faults.push(format!("{name} {fault}"));
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_format_says_how_its_picture_becomes_upright() {
    let files = files();
    for name in [
        "jpeg_oriented_6_big_endian.jpg",
        "jpeg_oriented_6_long.jpg",
        "jpeg_oriented_6_xmp.jpg",
        "png_oriented_6.png",
        "png_oriented_6_long.png",
        "png_oriented_6_behind.png",
        "png_oriented_6_raw_profile.png",
        "png_oriented_6_raw_profile_plain.png",
        "png_oriented_6_xmp.png",
        "webp_oriented_6_xmp.webp",
        "tiff_oriented_6_long.tif",
        "webp_oriented_6.webp",
        "webp_oriented_6_introduced.webp",
        "tiff_oriented_6.tif",
    ] {
        let decoded = decode(&files[name]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(decoded.turn.tag(), 6, "{name}");
        let upright = image::imageops::rotate90(&decoded.picture);
        assert_eq!(
            decoded.clone().oriented(Orientation::Exif),
            upright,
            "{name}"
        );
        let stored = decoded.picture.clone();
        assert_eq!(decoded.oriented(Orientation::Ignore), stored, "{name}");
    }
    let plain = decode(&files["jpeg_broken_app1.jpg"]).expect("a picture");
    assert_eq!(plain.turn.tag(), 1);
}

#[test]
fn what_is_not_supported_is_refused_in_words() {
    let files = files();
    for (name, words) in [
        ("jpeg_arithmetic.jpg", "arithmetic coding"),
        ("jpeg_12_bit.jpg", "12 bits for each value"),
        ("jpeg_lossless.jpg", "lossless coding"),
        (
            "jpeg_two_soi.jpg",
            "a second picture begins inside the first",
        ),
        ("jpeg_zero_height.jpg", "no pixels"),
        ("png_claims_too_much.png", "claims 60000 x 60000 pixels"),
        ("bmp_claims_too_much.bmp", "claims 60000 x 60000 pixels"),
        ("png_cut.png", "ends too early"),
        ("tiff_cut.tif", "ends too early"),
        ("tiff_palette_missing.tif", "palette is missing"),
    ] {
        let said = decode(&files[name]).expect_err(name).to_string();
        assert!(said.contains(words), "{name}: {said}");
    }
}

static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| files().into_values().collect());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn changed_bytes_of_any_odd_picture_give_a_picture_or_an_error(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        // Headers come first: half of the changes are in the first bytes.
        early in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = which.get(&FILES).clone();
        let reach = if early { bytes.len().min(120) } else { bytes.len() };
        for (index, value) in changes {
            bytes[index.index(reach)] = value;
        }
        // Half of the files keep all their bytes.
        bytes.truncate((cut.index(bytes.len() * 2) + 1).min(bytes.len()));
        if let Ok(Decoded { picture, .. }) = decode(&bytes) {
            prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= MAX_PIXELS);
        }
    }
}
