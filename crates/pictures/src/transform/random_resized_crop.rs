//! Random resized crop (Szegedy et al. 2015, arXiv:1409.4842, section 6) as torchvision's `v2.RandomResizedCrop`.
//!
//! A rectangle of the picture is brought to the square, whatever its shape: its area is uniform in `scale` (a share of the
//! picture's), the logarithm of width : height uniform between those of 3/4 and 4/3, its place uniform over all that fit. If
//! ten attempts do not fit, it is the largest rectangle in the middle whose ratio is allowed. It is resized bilinearly, with
//! a wider filter where it is reduced (`antialias=True`).

use image::{RgbImage, imageops};

use super::flip::Flip;
use super::rectangle::{Rectangle, Tries, whole};

/// torchvision's range of width : height.
const RATIO: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0];

/// What was drawn for one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizedCrop {
    /// Least and greatest share of the picture's area.
    pub scale: [f64; 2],
    /// Attempts at the rectangle.
    pub tries: Tries,
}

impl ResizedCrop {
    /// The rectangle in a picture of `height` × `width` pixels.
    pub fn rectangle(&self, height: usize, width: usize) -> Rectangle {
        let sides =
            |area: f64, ratio: f64| [whole((area / ratio).sqrt()), whole((area * ratio).sqrt())];
        let fits = |[rows, columns]: [usize; 2]| {
            (1..=height).contains(&rows) && (1..=width).contains(&columns)
        };
        let drawn = self
            .tries
            .first([height, width], self.scale, RATIO, sides, fits);
        drawn.unwrap_or_else(|| in_the_middle(height, width))
    }

    /// Writes its square of `size` × `size` pixels into the planes `square`, flipped as `flip` says.
    pub(super) fn apply(&self, picture: &RgbImage, size: usize, flip: Flip, square: &mut [f32]) {
        let Rectangle {
            top,
            left,
            height,
            width,
        } = self.rectangle(picture.height() as usize, picture.width() as usize);
        let [left, top, width, height] = [left, top, width, height].map(|length| length as u32);
        let crop = imageops::crop_imm(picture, left, top, width, height);
        let filter = imageops::FilterType::Triangle;
        let resized = imageops::resize(&crop.to_image(), size as u32, size as u32, filter);
        for row in 0..size {
            for column in 0..size {
                let [x, y] = source(flip, [column, row], size);
                let pixel = resized.get_pixel(x as u32, y as u32);
                for channel in 0..3 {
                    square[(channel * size + row) * size + column] =
                        f32::from(pixel[channel]) / 255.0;
                }
            }
        }
    }
}

/// Column and row from which the flipped square takes that of `column` and `row`.
fn source(flip: Flip, [column, row]: [usize; 2], size: usize) -> [usize; 2] {
    let [x, y] = if flip.transpose {
        [row, column]
    } else {
        [column, row]
    };
    let mirrored = |place: usize, is: bool| if is { size - 1 - place } else { place };
    [mirrored(x, flip.left_right), mirrored(y, flip.top_bottom)]
}

/// The largest rectangle in the middle with an allowed ratio.
fn in_the_middle(height: usize, width: usize) -> Rectangle {
    let (rows, columns) = (height as f64, width as f64);
    let [height_kept, width_kept] = if columns / rows < RATIO[0] {
        [whole(columns / RATIO[0]), width]
    } else if columns / rows > RATIO[1] {
        [height, whole(rows * RATIO[1])]
    } else {
        [height, width]
    };
    Rectangle {
        top: (height - height_kept) / 2,
        left: (width - width_kept) / 2,
        height: height_kept,
        width: width_kept,
    }
}
