//! Decoding of picture files to RGB pixels.
//!
//! The rules are those of PIL's `Image.open(..).convert("RGB")`, which the original recipe uses: the content and not the
//! name decides the format, alpha is dropped without blending, and a file that was cut short is an error. JPEG pixels differ
//! from PIL's by at most 4 of 255, 0.4 in the mean (another inverse cosine transform and another rounding in the chroma
//! upsampling). [`Decoded::oriented`] turns a picture upright if it is wished.

mod budget;
mod claim;
mod error;
mod foreign;
mod ifd;
mod jpeg;
mod jpeg_segments;
mod metadata;
mod png_chunks;
#[cfg(test)]
mod tests;
mod tiff;
mod turn;

use std::io::Cursor;
use std::path::Path;

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};

pub use budget::DECODING_BYTES;
pub use claim::claimed_pixels;
pub use error::{DecodeError, MAX_PIXELS};
pub use turn::{Orientation, Turn};

use error::{check_size, plain};
use metadata::Metadata;

/// Largest amount of memory that a decoder may take for one picture, in bytes: [`MAX_PIXELS`] at 16 bits of red,
/// green, blue, alpha.
const MAX_ALLOCATION: u64 = MAX_PIXELS * 8;

/// A decoded picture as it is stored, and the turn that it asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The pixels, 8 bit RGB.
    pub picture: RgbImage,
    /// The turn that makes the stored picture upright.
    pub turn: Turn,
}

impl Decoded {
    /// The picture upright, or as it is stored.
    pub fn oriented(self, orientation: Orientation) -> RgbImage {
        match orientation {
            Orientation::Exif => self.turn.apply(self.picture),
            Orientation::Ignore => self.picture,
        }
    }
}

/// Reads the file `path` and decodes it with [`decode`].
///
/// # Errors
/// [`DecodeError::InFile`], which names the file and holds the cause.
pub fn read_picture(path: &Path) -> Result<Decoded, DecodeError> {
    let bytes = read_bytes(path)?;
    decode(&bytes).map_err(|error| error.in_file(path))
}

/// Content of the picture file `path`.
///
/// # Errors
/// [`DecodeError::InFile`] with the cause [`DecodeError::Unreadable`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, DecodeError> {
    let read = || -> Result<Vec<u8>, DecodeError> {
        // A device or a pipe may never end.
        if !std::fs::metadata(path)
            .map_err(DecodeError::Unreadable)?
            .is_file()
        {
            return Err(DecodeError::NoFile);
        }
        std::fs::read(path).map_err(DecodeError::Unreadable)
    };
    read().map_err(|error| error.in_file(path))
}

/// Decodes the first picture in `bytes`: JPEG, PNG, GIF, WebP, TIFF or BMP, grey, palette, CMYK, with alpha or 16 bits
/// deep, as 8 bit RGB. The pixels are as they are stored: see [`Decoded::oriented`].
///
/// The high byte of 16 bits is kept. (PIL does the same for colour, but clips 16 bit grey at 255, which turns pictures
/// white. That is not copied here.)
///
/// It waits while other threads decode so much that they take [`DECODING_BYTES`] together.
///
/// # Errors
/// One variant of [`DecodeError`] for each cause. Nothing in `bytes` makes this panic.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let (picture, turn) = match image::guess_format(bytes) {
        Err(_) => {
            return Err(match foreign::format(bytes) {
                Some((format, advice)) => DecodeError::Foreign { format, advice },
                None => DecodeError::UnknownFormat,
            });
        }
        Ok(ImageFormat::Jpeg) => jpeg::decode(bytes)?,
        Ok(ImageFormat::Tiff) => tiff::decode(bytes)?,
        Ok(format) => decode_other(bytes, format)?,
    };
    if picture.width() == 0 || picture.height() == 0 {
        return Err(DecodeError::NoPixels);
    }
    Ok(Decoded { picture, turn })
}

fn decode_other(bytes: &[u8], format: ImageFormat) -> Result<(RgbImage, Turn), DecodeError> {
    if let Some([width, height]) = claimed_size(bytes, format) {
        check_size(width, height)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOCATION);
    reader.limits(limits);
    let mut decoder = reader
        .into_decoder()
        .map_err(|error| from_image(error, format))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // The decoder's own picture and ours, which is made from it.
    let pixels = u64::from(width) * u64::from(height);
    let _share = budget::take(2 * decoder.total_bytes() + 3 * pixels);
    // Metadata that cannot be read say nothing: the pixels are what counts.
    let metadata = match format {
        ImageFormat::Png => png_chunks::metadata(bytes),
        _ => Metadata {
            exif: decoder.exif_metadata().unwrap_or_default(),
            xmp: decoder.xmp_metadata().unwrap_or_default(),
        },
    };
    let turn = metadata.turn();
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| from_image(error, format))?;
    Ok((to_rgb8(picture), turn))
}

/// Width and height in the header, for formats whose decoder may refuse them in words of its own.
fn claimed_size(bytes: &[u8], format: ImageFormat) -> Option<[u32; 2]> {
    let number = |place: usize| bytes.get(place..)?.first_chunk::<4>().copied();
    match format {
        ImageFormat::Png => Some([number(16)?, number(20)?].map(u32::from_be_bytes)),
        // The oldest header has two bytes for each.
        ImageFormat::Bmp if u32::from_le_bytes(number(14)?) != 12 => {
            Some([number(18)?, number(22)?].map(|side| i32::from_le_bytes(side).unsigned_abs()))
        }
        _ => None,
    }
}

/// Converts to 8 bits. `image` would round 16 bits to the nearest 8, where PIL cuts the low byte off.
fn to_rgb8(picture: DynamicImage) -> RgbImage {
    let high = |value: u16| (value >> 8) as u8;
    match picture {
        DynamicImage::ImageRgb8(picture) => picture,
        DynamicImage::ImageLuma16(picture) => {
            let (width, height) = picture.dimensions();
            let grey = GrayImage::from_fn(width, height, |x, y| {
                image::Luma([high(picture.get_pixel(x, y).0[0])])
            });
            DynamicImage::ImageLuma8(grey).to_rgb8()
        }
        DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_) => {
            let picture = picture.to_rgb16();
            RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
                Rgb(picture.get_pixel(x, y).0.map(high))
            })
        }
        other => other.to_rgb8(),
    }
}

fn from_image(error: image::ImageError, format: ImageFormat) -> DecodeError {
    let name = format!("{format:?}").to_uppercase();
    match error {
        image::ImageError::Unsupported(_) => {
            DecodeError::unsupported(&name, "a variant that is hardly used")
        }
        image::ImageError::Limits(_) => {
            DecodeError::unsupported(&name, "it is too wide, too high, or needs too much memory")
        }
        other => DecodeError::broken(&name, plain(&other.to_string())),
    }
}
