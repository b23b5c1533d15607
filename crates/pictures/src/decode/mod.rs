//! From the bytes of a picture file to RGB pixels.
//!
//! The rules are PIL's `Image.open(..).convert("RGB")`, which the original recipe uses: the format is found in the
//! content and not in the name, alpha is dropped without blending, an EXIF rotation is ignored, and a file that was cut
//! short is an error. JPEG pixels differ from PIL's by at most 4 of 255, 0.4 in the mean (another inverse cosine
//! transform and another rounding in the chroma upsampling).

mod jpeg;
#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};

/// The largest picture that is decoded, in pixels (width times height). A file that claims more is refused before any
/// memory is taken for its pixels.
pub const MAX_PIXELS: u64 = 100_000_000;

/// The most memory a decoder may take for one picture, in bytes: [`MAX_PIXELS`] at 16 bits of red, green, blue, alpha.
const MAX_ALLOCATION: u64 = MAX_PIXELS * 8;

/// Why a picture cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// There are no bytes at all.
    #[error("the file is empty: fetch or copy it again")]
    Empty,
    /// The first bytes are those of no picture format.
    #[error("the content is no picture: expected JPEG, PNG, GIF, WebP or BMP")]
    UnknownFormat,
    /// A picture, of a format or a variety of one that is not read here.
    #[error(
        "the content is {format}, which is not supported ({reason}): convert it to an ordinary JPEG or PNG"
    )]
    Unsupported {
        /// Name of the format, e.g. `TIFF`.
        format: String,
        /// What the decoder says.
        reason: String,
    },
    /// The header claims more than [`MAX_PIXELS`] pixels.
    #[error(
        "the picture claims {width} x {height} pixels, more than the {MAX_PIXELS} allowed: reduce it"
    )]
    TooLarge {
        /// Claimed width in pixels.
        width: u32,
        /// Claimed height in pixels.
        height: u32,
    },
    /// The header is that of the format, but the data break its rules or end too early.
    #[error("the {format} data are damaged or cut short ({reason}): fetch or copy the file again")]
    Broken {
        /// Name of the format, e.g. `JPEG`.
        format: String,
        /// What the decoder says.
        reason: String,
    },
    /// Any of the above, with the file it happened in.
    #[error("{}: {cause}", path.display())]
    InFile {
        /// The picture's file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<DecodeError>,
    },
}

impl DecodeError {
    /// This error as [`DecodeError::InFile`], which names the file.
    pub fn in_file(self, path: &Path) -> Self {
        Self::InFile {
            path: path.to_path_buf(),
            cause: Box::new(self),
        }
    }
}

/// The picture in the file `path`, decoded as [`decode`] says.
///
/// # Errors
/// [`DecodeError::InFile`], which names the file and holds the cause.
pub fn read_picture(path: &Path) -> Result<RgbImage, DecodeError> {
    let bytes = read_bytes(path)?;
    decode(&bytes).map_err(|error| error.in_file(path))
}

/// Content of the picture file `path`.
///
/// # Errors
/// [`DecodeError::InFile`] with the cause [`DecodeError::Unreadable`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, DecodeError> {
    std::fs::read(path).map_err(|error| DecodeError::Unreadable(error).in_file(path))
}

/// The first picture in `bytes`: JPEG, PNG, GIF, WebP or BMP, grey, palette, CMYK, with alpha or 16 bits deep, as 8 bit
/// RGB.
///
/// Of 16 bits the high byte is kept. (PIL does so for colour; its 16 bit grey is clipped at 255, which turns pictures
/// white, and is not followed.)
///
/// # Errors
/// One variant of [`DecodeError`] for each cause. Nothing in `bytes` makes this panic.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    match image::guess_format(bytes) {
        Err(_) => Err(DecodeError::UnknownFormat),
        Ok(ImageFormat::Jpeg) => jpeg::decode(bytes),
        Ok(format) => decode_other(bytes, format),
    }
}

fn decode_other(bytes: &[u8], format: ImageFormat) -> Result<RgbImage, DecodeError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOCATION);
    reader.limits(limits);
    let decoder = reader
        .into_decoder()
        .map_err(|error| from_image(error, format))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| from_image(error, format))?;
    Ok(to_rgb8(picture))
}

/// Refuses what is larger than [`MAX_PIXELS`].
fn check_size(width: u32, height: u32) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DecodeError::TooLarge { width, height });
    }
    Ok(())
}

/// Written out for 16 bits because `image` rounds to the nearest there; PIL cuts the low byte off.
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
        image::ImageError::Unsupported(reason) => DecodeError::Unsupported {
            format: name,
            reason: reason.to_string(),
        },
        other => DecodeError::Broken {
            format: name,
            reason: other.to_string().trim().to_owned(),
        },
    }
}
