//! Random erasing (Zhong et al. 2020, arXiv:1708.04896) as torchvision's `v2.RandomErasing(scale=(0.02, 0.33), ratio=(0.3,
//! 3.3), value=0)` after the normalisation.
//!
//! With the probability p a rectangle of the square is set to 0, which is the mean colour of the normalisation: its area is
//! uniform in 2 to 33 % of the square, the logarithm of height : width uniform between those of 0.3 and 3.3, its place
//! uniform. Nothing is erased if ten attempts do not fit.

use super::rectangle::{Rectangle, Tries, whole};

const SCALE: [f64; 2] = [0.02, 0.33];
const RATIO: [f64; 2] = [0.3, 3.3];

/// What was drawn for one picture: attempts at the rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erasing(pub Tries);

impl Erasing {
    /// The rectangle in a square of `size` × `size` pixels.
    pub fn rectangle(&self, size: usize) -> Option<Rectangle> {
        let sides =
            |area: f64, ratio: f64| [whole((area * ratio).sqrt()), whole((area / ratio).sqrt())];
        let fits = |lengths: [usize; 2]| lengths.into_iter().all(|length| length < size);
        self.0.first([size, size], SCALE, RATIO, sides, fits)
    }

    /// Erases it from the planes `square`.
    pub fn apply(&self, square: &mut [f32], size: usize) {
        let Some(Rectangle {
            top,
            left,
            height,
            width,
        }) = self.rectangle(size)
        else {
            return;
        };
        for plane in square.chunks_exact_mut((size * size).max(1)) {
            for row in plane.chunks_exact_mut(size).skip(top).take(height) {
                row[left..left + width].fill(0.0);
            }
        }
    }
}
