//! The size that a file claims in its header, for those who plan memory.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{ImageFormat, ImageReader};

/// Width times height in the header of the picture file `path`; 0 if it cannot be told. Pixels are not read.
pub fn claimed_pixels(path: &Path) -> u64 {
    let [width, height] = size(path).unwrap_or_default();
    u64::from(width) * u64::from(height)
}

fn size(path: &Path) -> Option<[u32; 2]> {
    // A pipe may never end.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let file = || Some(BufReader::new(File::open(path).ok()?));
    let reader = ImageReader::new(file()?).with_guessed_format().ok()?;
    let size = match reader.format()? {
        ImageFormat::Tiff => tiff::decoder::Decoder::new(file()?)
            .ok()?
            .dimensions()
            .ok()?,
        _ => reader.into_dimensions().ok()?,
    };
    Some(size.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_how_many_pixels_there_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/odd_table");
        for (name, pixels) in [
            ("jpeg_420.jpg", 43 * 29),
            ("png_rgb_8.png", 43 * 29),
            ("gif_87.gif", 43 * 29),
            ("webp_lossy.webp", 43 * 29),
            ("bmp_24.bmp", 43 * 29),
            ("tiff_strips.tif", 43 * 29),
            ("README.md", 0),
            ("no such file", 0),
        ] {
            assert_eq!(claimed_pixels(&folder.join(name)), pixels, "{name}");
        }
    }
}
