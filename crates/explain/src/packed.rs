//! Drawn pictures as files in memory.

use base64::{Engine, prelude::BASE64_STANDARD};
use image::{ImageError, ImageFormat, RgbImage, codecs::jpeg::JpegEncoder};
use std::io::Cursor;

const JPEG_QUALITY: u8 = 88;

/// A picture that a format cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("a drawn picture of {width} x {height} pixels cannot be packed: {error}")]
pub struct PackError {
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// Error of the encoder.
    pub error: ImageError,
}

/// The bytes of a PNG file.
///
/// # Errors
/// A picture without pixels.
pub fn png(picture: &RgbImage) -> Result<Vec<u8>, PackError> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|error| refused(picture, error))?;
    Ok(bytes.into_inner())
}

/// The bytes of a JPEG file.
///
/// # Errors
/// A picture without pixels, or with a side of more than 65535.
pub fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, PackError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(picture)
        .map_err(|error| refused(picture, error))?;
    Ok(bytes)
}

/// A PNG file inside a page, as a `data:` address.
///
/// # Errors
/// Those of [`png`].
pub fn png_address(picture: &RgbImage) -> Result<String, PackError> {
    Ok(address("png", &png(picture)?))
}

/// A JPEG file inside a page, as a `data:` address.
///
/// # Errors
/// Those of [`jpeg`].
pub fn jpeg_address(picture: &RgbImage) -> Result<String, PackError> {
    Ok(address("jpeg", &jpeg(picture)?))
}

fn address(format: &str, bytes: &[u8]) -> String {
    format!(
        "data:image/{format};base64,{}",
        BASE64_STANDARD.encode(bytes)
    )
}

fn refused(picture: &RgbImage, error: ImageError) -> PackError {
    let (width, height) = picture.dimensions();
    PackError {
        width,
        height,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        let error = png(&RgbImage::new(0, 3)).unwrap_err();
        assert!(error.to_string().contains("0 x 3 pixels"), "{error}");
        assert!(jpeg(&RgbImage::new(0, 3)).is_err());
        assert!(jpeg(&RgbImage::new(70_000, 1)).is_err());
    }
}
