//! Results of decoding each file of `tests/fixtures/odd_files`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use image::RgbImage;
use pictures::decode::{DecodeError, MAX_PIXELS, Orientation, read_picture};

fn odd_files() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/odd_files")
}

/// The largest difference of a value from PIL's where both invert the same cosine transform and upsample the same
/// colours, each with its own rounding. 4 of 255 was the most in 49 photographs.
const LOSSY: u8 = 4;

/// Each readable file, its size, and the tolerance: none where the format leaves no choice.
const READABLE: [(&str, (u32, u32), u8); 13] = [
    ("alpha_png_named.jpg", (160, 120), 0),
    ("baseline.jpg", (160, 120), LOSSY),
    ("bmp_named.jpg", (160, 120), 0),
    ("cmyk.jpg", (160, 120), LOSSY),
    ("exif_rotated_6.jpg", (160, 120), LOSSY),
    ("gif_named.jpg", (160, 120), 0),
    ("grey.jpg", (160, 120), LOSSY),
    ("grey16_png_named.jpg", (160, 120), 0),
    ("one_pixel.png", (1, 1), 0),
    ("palette_png_named.jpg", (160, 120), 0),
    ("progressive.jpg", (160, 120), LOSSY),
    ("sliver_1600x7.jpg", (1600, 7), LOSSY),
    ("webp_named.jpg", (160, 120), 0),
];

/// Result of PIL for the file.
fn expected(name: &str) -> RgbImage {
    let path = odd_files()
        .join("expected")
        .join(name)
        .with_extension("png");
    image::open(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .into_rgb8()
}

#[test]
fn readable_files_have_pils_pixels() {
    for (name, size, tolerance) in READABLE {
        let picture =
            read_picture(&odd_files().join(name)).unwrap_or_else(|error| panic!("{error}"));
        let picture = picture.picture;
        assert_eq!(picture.dimensions(), size, "{name}");
        let expected = expected(name);
        assert_eq!(expected.dimensions(), size, "{name}");
        let largest = picture
            .iter()
            .zip(expected.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(largest <= Some(tolerance), "{name}: {largest:?} from PIL's");
    }
}

#[test]
fn an_exif_rotation_is_followed_or_ignored_as_it_is_wished() {
    let read = |name: &str| read_picture(&odd_files().join(name)).expect("a picture");
    let (rotated, plain) = (read("exif_rotated_6.jpg"), read("baseline.jpg").picture);
    assert_eq!(rotated.clone().oriented(Orientation::Ignore), plain);
    let upright = image::imageops::rotate90(&plain);
    assert_eq!(rotated.oriented(Orientation::Exif), upright);
}

/// The cause of the error for a file of the folder, after a check that the message names the file.
fn cause(name: &str) -> DecodeError {
    let path = odd_files().join(name);
    match read_picture(&path) {
        Err(error @ DecodeError::InFile { .. }) => {
            assert!(error.to_string().contains(name), "{error}");
            let DecodeError::InFile { cause, .. } = error else {
                unreachable!("matched above")
            };
            *cause
        }
        Err(error) => panic!("{name}: the error names no file: {error}"),
        Ok(_) => panic!("{name}: a picture"),
    }
}

#[test]
fn a_truncated_jpeg_is_a_named_error() {
    for name in ["broken_truncated_half.jpg", "broken_truncated_header.jpg"] {
        let cause = cause(name);
        assert!(
            matches!(&cause, DecodeError::Broken { format, .. } if format == "JPEG"),
            "{name}: {cause}"
        );
    }
}

/// One of the flips makes a marker that no JPEG data hold. (PIL refuses this file too.)
#[test]
fn flipped_bits_that_break_the_format_are_a_named_error() {
    let cause = cause("broken_bits_flipped.jpg");
    assert!(
        matches!(&cause, DecodeError::Broken { format, .. } if format == "JPEG"),
        "{cause}"
    );
}

#[test]
fn an_empty_file_is_a_named_error() {
    assert!(matches!(cause("broken_empty.jpg"), DecodeError::Empty));
}

#[test]
fn a_web_page_in_place_of_a_picture_is_told_by_name() {
    let cause = cause("broken_text.jpg");
    assert!(
        matches!(&cause, DecodeError::Foreign { format, .. } if *format == "a web page"),
        "{cause}"
    );
}

#[test]
fn a_picture_that_claims_too_much_is_refused_by_its_header() {
    const { assert!(60_000 * 60_000 > MAX_PIXELS) };
    let cause = cause("broken_png_bomb_60000x60000.png");
    assert!(
        matches!(
            cause,
            DecodeError::TooLarge {
                width: 60_000,
                height: 60_000
            }
        ),
        "{cause}"
    );
}

#[test]
fn a_file_that_is_not_there_is_a_named_error() {
    assert!(matches!(
        cause("no_such_file.jpg"),
        DecodeError::Unreadable(_)
    ));
}

#[test]
fn every_file_of_the_folder_has_its_test() {
    let broken = [
        "broken_bits_flipped.jpg",
        "broken_empty.jpg",
        "broken_png_bomb_60000x60000.png",
        "broken_text.jpg",
        "broken_truncated_half.jpg",
        "broken_truncated_header.jpg",
    ];
    let tested: BTreeSet<String> = READABLE
        .iter()
        .map(|(name, ..)| *name)
        .chain(broken)
        .map(str::to_owned)
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir(odd_files())
        .expect("the fixtures")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "expected" && name != "README.md")
        .collect();
    assert_eq!(tested, there);
}
