//! One picture as validation sees it, for those who load no epoch.

use std::path::Path;

use image::RgbImage;

use crate::decode::{DecodeError, Orientation, Turn, decode, read_bytes};
use crate::transform::{CropMap, Draws, Padding, View, apply, apply_to_frame};

/// A decoded picture file and the frame that the network sees of it, in validation a square.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationPicture {
    /// Content of the file.
    pub bytes: Vec<u8>,
    /// Decoded pixels in their own size, turned as the network sees them.
    pub pixels: RgbImage,
    /// The turn that `pixels` were given after they were read.
    pub turned: Turn,
    /// The turn that would make `pixels` upright.
    pub upright: Turn,
    /// Map between the frame and `pixels`.
    pub crop: CropMap,
    /// The frame: planes red, green, blue in 0..1. A square is that of [`validation_square`];
    /// [`Normalisation::apply`](super::Normalisation::apply) makes of it what a validation batch of the loader holds.
    pub frame: Vec<f32>,
}

impl ValidationPicture {
    /// Reads, decodes and transforms the file `path` for squares of `size` × `size` pixels, turned upright or not; `view` says
    /// how much of it is shown.
    ///
    /// # Errors
    /// [`DecodeError::InFile`], which names the file and holds the cause.
    pub fn read(
        path: &Path,
        size: usize,
        view: View,
        padding: Padding,
        orientation: Orientation,
    ) -> Result<Self, DecodeError> {
        let bytes = read_bytes(path)?;
        let decoded = decode(&bytes).map_err(|error| error.in_file(path))?;
        let (turned, upright) = match orientation {
            Orientation::Exif => (decoded.turn, Turn::NONE),
            Orientation::Ignore => (Turn::NONE, decoded.turn),
        };
        let pixels = decoded.oriented(orientation);
        let [width, height] = [pixels.width(), pixels.height()].map(|side| side as usize);
        let crop = CropMap::of(view, width, height, size);
        let draws = Draws::validation();
        let frame = apply_to_frame(&pixels, size, crop.frame, padding, &draws);
        Ok(Self {
            bytes,
            pixels,
            turned,
            upright,
            crop,
            frame,
        })
    }
}

/// Square of `size` × `size` pixels that the network sees of a picture in validation, before normalisation.
///
/// Returns 3 · `size` · `size` values in 0..1: the planes red, green, blue, rows from the top. They are the values
/// that [`batches`](super::batches) normalises for [`Purpose::Validation`](super::Purpose::Validation), bit for bit.
pub fn validation_square(pixels: &RgbImage, size: usize, padding: Padding) -> Vec<f32> {
    apply(pixels, size, padding, &Draws::validation())
}
