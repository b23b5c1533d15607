//! Memory that decoding takes: little before the size is known to be allowed, and what docs/pictures.md says after.

use std::alloc::System;
use std::io::Cursor;

use cap::Cap;
use image::{DynamicImage, GrayImage, ImageFormat};
use pictures::decode::{DecodeError, decode};

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

const MIB: usize = 1 << 20;

/// Runs `work`, which ends the process if it takes more than `bytes`.
fn within<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    MEMORY.set_limit(MEMORY.allocated() + bytes).unwrap();
    let result = work();
    MEMORY.set_limit(usize::MAX).unwrap();
    result
}

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(GrayImage::new(width, height))
        .to_rgb8()
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// Changes `old`, which is there once, to `new`.
fn changed(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let place = bytes
        .windows(old.len())
        .position(|part| part == old)
        .unwrap();
    bytes[place..place + new.len()].copy_from_slice(new);
    bytes
}

/// One test, since the limit is the process's.
#[test]
fn too_large_a_claim_takes_no_memory_and_a_picture_of_108_megapixels_takes_three_bytes_for_each() {
    let small = |format| encoded(40, 30, format);
    let jpeg = changed(small(ImageFormat::Jpeg), &[0, 30, 0, 40], &[0xff; 4]);
    // The checksum of the header is wrong then, so it is made anew.
    let mut png = changed(
        small(ImageFormat::Png),
        &[0, 0, 0, 40, 0, 0, 0, 30],
        &[0, 1, 0, 0, 0, 1, 0, 0],
    );
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let gif = changed(small(ImageFormat::Gif), &[40, 0, 30, 0], &[0xff; 4]);
    let bmp = changed(
        small(ImageFormat::Bmp),
        &[40, 0, 0, 0, 30, 0, 0, 0],
        &[0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0],
    );
    let odd = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/odd_table/tiff_strips.tif"
    );
    let claim = |tag: u8, value: [u8; 2]| [tag, 1, 4, 0, 1, 0, 0, 0, value[0], value[1]];
    let tiff = std::fs::read(odd).unwrap();
    let tiff = changed(tiff, &claim(0, [43, 0]), &claim(0, [0xff; 2]));
    let tiff = changed(tiff, &claim(1, [29, 0]), &claim(1, [0xff; 2]));
    for (name, bytes) in [
        ("jpeg", jpeg),
        ("png", png),
        ("gif", gif),
        ("bmp", bmp),
        ("tiff", tiff),
    ] {
        let error = within(MIB, || decode(&bytes)).map(|_| ()).unwrap_err();
        // The strips of a TIFF cannot hold what it claims, which is found first.
        let is_expected = match error {
            DecodeError::TooLarge { .. } => true,
            DecodeError::Broken { .. } => name == "tiff",
            _ => false,
        };
        assert!(is_expected, "{name}: {error}");
    }

    let phone = encoded(12_000, 9_000, ImageFormat::Jpeg);
    let most = 3 * 12_000 * 9_000 + phone.len() + 16 * MIB;
    let picture = within(most, || decode(&phone)).unwrap().picture;
    assert_eq!(picture.dimensions(), (12_000, 9_000));
}
