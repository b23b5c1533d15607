//! Size to which a picture is resized before it is cropped.

use image::RgbImage;

/// Resizing of a picture of `height` × `width` pixels to the scale of the square.
///
/// Source: `_get_resize_target` and `_round_multiple` of fastai 1.0.30.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizeGeometry {
    /// Height of the picture in pixels.
    pub height: usize,
    /// Width of the picture in pixels.
    pub width: usize,
    /// Short side after resizing: the square's size rounded to a multiple of 32, at least 32.
    pub target: usize,
    /// Height after resizing, before the crop.
    pub resized_height: usize,
    /// Width after resizing, before the crop.
    pub resized_width: usize,
    /// Half the factor of reduction; above 1 the picture may be area-averaged first.
    pub reduction: f64,
}

impl ResizeGeometry {
    /// The geometry for a picture of `height` × `width` pixels (each at least 1) and a square of `size`.
    pub fn new(height: usize, width: usize, size: usize) -> Self {
        let target = (((size as f64 / 32.0 + 0.5) as usize) * 32).max(32);
        let ratio = (height as f64 / target as f64).min(width as f64 / target as f64);
        let resized = |length: usize| (length as f64 / ratio).round_ties_even() as usize;
        let (resized_height, resized_width) = (resized(height), resized(width));
        let reduction =
            (height as f64 / resized_height as f64).min(width as f64 / resized_width as f64) / 2.0;
        Self {
            height,
            width,
            target,
            resized_height,
            resized_width,
            reduction,
        }
    }

    /// The geometry for `picture` and a square of `size`.
    pub(super) fn of(picture: &RgbImage, size: usize) -> Self {
        Self::new(picture.height() as usize, picture.width() as usize, size)
    }

    /// Height and width after area averaging, where the reduction is above 1.
    ///
    /// The product with the reciprocal is fastai's: 500 rows with a reduction of 500/114/2 give 227, where the
    /// quotient would give 228.
    pub fn area_size(&self) -> Option<[usize; 2]> {
        let reduced = |length: usize| (length as f64 * (1.0 / self.reduction)) as usize;
        (self.reduction > 1.0).then(|| [reduced(self.height), reduced(self.width)])
    }
}
