use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageBuffer, Luma, Rgba};
use proptest::prelude::*;

use super::*;

/// A smooth picture with some colour in it.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 7) as u8, (y * 5) as u8, (x + y) as u8])
    })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, format)
        .expect("a picture that the format can hold");
    bytes.into_inner()
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode_image(picture)
        .expect("an encoded picture");
    bytes
}

#[test]
fn lossless_formats_give_their_pixels_back() {
    let picture = scene(33, 21);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
        let bytes = encoded(&DynamicImage::ImageRgb8(picture.clone()), format);
        assert_eq!(
            decode(&bytes).expect("a good file").picture,
            picture,
            "{format:?}"
        );
    }
}

#[test]
fn alpha_is_dropped_without_blending() {
    let picture = ImageBuffer::from_fn(4, 3, |x, y| Rgba([10, 20, 30, (x * 20 + y) as u8]));
    let bytes = encoded(&DynamicImage::ImageRgba8(picture), ImageFormat::Png);
    assert_eq!(
        decode(&bytes).expect("a good file").picture,
        RgbImage::from_pixel(4, 3, Rgb([10, 20, 30]))
    );
}

#[test]
fn of_16_bits_the_high_byte_is_kept() {
    let colour = ImageBuffer::from_pixel(2, 2, Rgb([0x12ffu16, 0x00ff, 0xff00]));
    let bytes = encoded(&DynamicImage::ImageRgb16(colour), ImageFormat::Png);
    assert_eq!(
        decode(&bytes).expect("a good file").picture,
        RgbImage::from_pixel(2, 2, Rgb([0x12, 0x00, 0xff]))
    );
    let grey = ImageBuffer::from_pixel(2, 2, Luma([0x12ffu16]));
    let bytes = encoded(&DynamicImage::ImageLuma16(grey), ImageFormat::Png);
    assert_eq!(
        decode(&bytes).expect("a good file").picture,
        RgbImage::from_pixel(2, 2, Rgb([0x12; 3]))
    );
}

/// Two photographs of the real set are like this, and PIL reads them.
#[test]
fn extra_bytes_before_the_end_of_a_jpeg_are_passed_over() {
    let mut bytes = jpeg(&scene(64, 48));
    let plain = decode(&bytes).expect("a good file").picture;
    let end = bytes.len() - 2;
    bytes.splice(end..end, [0x5a; 240]);
    assert_eq!(decode(&bytes).expect("a readable file").picture, plain);
}

#[test]
fn a_jpeg_that_claims_too_much_is_refused_by_its_header() {
    let mut bytes = jpeg(&scene(64, 48));
    let frame = bytes
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .expect("a frame header");
    bytes[frame + 5..frame + 9].fill(0xff);
    assert!(matches!(
        decode(&bytes),
        Err(DecodeError::TooLarge {
            width: 65_535,
            height: 65_535
        })
    ));
}

#[test]
fn another_format_is_named() {
    let error = decode(b"\0\0\x01\0\x01\0\x10\x10").expect_err("an icon");
    assert!(
        matches!(&error, DecodeError::Unsupported { format, .. } if format == "ICO"),
        "{error}"
    );
}

/// Small files of each format, so that thousands of broken ones are tried quickly.
fn small_files() -> Vec<Vec<u8>> {
    let picture = scene(24, 17);
    let formats = [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ];
    let mut files: Vec<Vec<u8>> = formats
        .map(|format| encoded(&DynamicImage::ImageRgb8(picture.clone()), format))
        .into();
    files.push(jpeg(&picture));
    files
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for bytes in small_files() {
        let format = image::guess_format(&bytes).expect("a format");
        // The trailers of PNG (12 bytes), GIF (1) and JPEG (2) come after the last pixel.
        for length in 0..bytes.len() - 12 {
            assert!(
                decode(&bytes[..length]).is_err(),
                "{format:?} cut to {length} of {} bytes",
                bytes.len()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_bytes_give_a_picture_or_an_error(
        which in 0usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = small_files().swap_remove(which);
        for (index, value) in changes {
            let position = index.index(bytes.len());
            bytes[position] = value;
        }
        // Half of the files keep all their bytes.
        bytes.truncate((cut.index(bytes.len() * 2) + 1).min(bytes.len()));
        if let Ok(Decoded { picture, .. }) = decode(&bytes) {
            prop_assert!(u64::from(picture.width()) * u64::from(picture.height()) <= MAX_PIXELS);
        }
    }

    #[test]
    fn any_bytes_after_a_known_start_are_answered(start in 0usize..5, rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let starts: [&[u8]; 5] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\xff\0\0\0WEBPVP8 ", b"BM"];
        let bytes = [starts[start], &rest].concat();
        let _ = decode(&bytes);
    }
}

/// A GIF of no pixels was trained on, and ended a whole explanation.
#[test]
fn a_picture_without_pixels_is_an_error() {
    let gif = b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\0\0\0\0\0\x02\x01\0\0;";
    let error = decode(gif).unwrap_err();
    assert!(
        matches!(error, DecodeError::NoPixels | DecodeError::Broken { .. }),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read() {
    let error = read_bytes(std::path::Path::new("/dev/zero")).unwrap_err();
    assert!(error.to_string().contains("no file"), "{error}");
}
