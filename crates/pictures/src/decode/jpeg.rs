//! Decoding of JPEG by `zune-jpeg` in its strict mode. `image` calls it in its lenient mode, where half a file becomes
//! a picture with a grey lower half.

use image::RgbImage;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::error::{DecodeError, check_size};

/// Largest side that the format can express; the effective limit is [`super::MAX_PIXELS`].
const MAX_SIDE: usize = 65_535;

/// Decodes grey, YCbCr, RGB, CMYK or YCCK, sequential or progressive, to RGB.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, DecodeError> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(from_zune)?;
    let (width, height) = decoder
        .dimensions()
        .ok_or_else(|| broken("no size in the header"))?;
    // The format stores sides in 16 bits.
    let (width, height) = (width as u32, height as u32);
    check_size(width, height)?;
    let pixels = decoder.decode().map_err(from_zune)?;
    RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| broken("fewer pixels than the header says"))
}

fn from_zune(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(reason) => DecodeError::Unsupported {
            format: "JPEG".to_owned(),
            reason: format!("{reason:?}"),
        },
        other => broken(other.to_string().trim().trim_matches('"')),
    }
}

fn broken(reason: &str) -> DecodeError {
    DecodeError::Broken {
        format: "JPEG".to_owned(),
        reason: reason.to_owned(),
    }
}
