//! Decoding of JPEG by `zune-jpeg` in its strict mode. `image` calls it in its lenient mode, where half a file becomes
//! a picture with a grey lower half.

use image::RgbImage;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::budget;
use super::error::{DecodeError, check_size, plain};
use super::jpeg_segments::{self, Segments};
use super::turn::Turn;

/// Largest side that the format can express; the effective limit is [`super::MAX_PIXELS`].
const MAX_SIDE: usize = 65_535;

/// Decodes grey, YCbCr, RGB, CMYK or YCCK, sequential or progressive, to RGB; with the turn that its metadata ask for.
pub(super) fn decode(bytes: &[u8]) -> Result<(RgbImage, Turn), DecodeError> {
    let Segments {
        clean,
        width,
        height,
        coefficients,
        metadata,
    } = jpeg_segments::read(bytes)?;
    check_size(width, height)?;
    let pixels = 3 * u64::from(width) * u64::from(height);
    let _share = budget::take(pixels + coefficients);
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(clean.as_slice()), options);
    let pixels = decoder.decode().map_err(from_zune)?;
    let picture = RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| broken("fewer pixels than the header says"))?;
    Ok((picture, metadata.turn()))
}

fn from_zune(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(_) => unsupported("a kind of coding that is hardly used"),
        other => broken(plain(&other.to_string())),
    }
}

fn unsupported(reason: &str) -> DecodeError {
    DecodeError::unsupported("JPEG", reason)
}

fn broken(reason: &'static str) -> DecodeError {
    DecodeError::broken("JPEG", reason)
}
