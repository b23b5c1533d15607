//! The eight views of a picture that test time augmentation (TTA) averages over.

use image::RgbImage;

use super::crop::CropPosition;
use super::draw::{Drawn, Draws};
use super::padding::Padding;
use super::pipeline::Workspace;
use super::zoom::Zoom;

/// Factor by which every view is zoomed.
const SCALE: f64 = 1.35;

/// A view of a picture: zoomed by 1.35 into one of its corners and cropped, mirrored or not.
///
/// The square is cut at the corner of the zoomed picture that was zoomed into. Of a mirrored view it is cut after the
/// mirroring, as fastai 1.0.30 does it: where a picture is wider than high, such a view shows more of its middle.
///
/// fastai keeps the training's random flips, warps, rotations and lighting in all views, so that no two runs agree; here
/// nothing is random. Its squares at the bottom or on the right lack one row or column; here they are whole.
///
/// Source: `fastai/vision/tta.py` of fastai 1.0.30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtaView {
    /// Zoomed into the bottom, not the top.
    pub bottom: bool,
    /// Zoomed into the right, not the left.
    pub right: bool,
    /// Mirrored left and right.
    pub mirrored: bool,
}

impl TtaView {
    /// All views, in fastai's order: top left, bottom left, top right, bottom right, then the same mirrored.
    pub const ALL: [Self; 8] = [
        Self::new(false, false, false),
        Self::new(true, false, false),
        Self::new(false, true, false),
        Self::new(true, true, false),
        Self::new(false, false, true),
        Self::new(true, false, true),
        Self::new(false, true, true),
        Self::new(true, true, true),
    ];

    const fn new(bottom: bool, right: bool, mirrored: bool) -> Self {
        Self {
            bottom,
            right,
            mirrored,
        }
    }

    /// The square of `size` × `size` pixels that the network sees of a picture in this view, before normalisation.
    ///
    /// Returns 3 · `size` · `size` values in 0..1: the planes red, green, blue, rows from the top.
    pub fn square(self, picture: &RgbImage, size: usize, padding: Padding) -> Vec<f32> {
        let mut square = vec![0.0; 3 * size * size];
        self.apply(
            &mut Workspace::default(),
            picture,
            size,
            padding,
            &mut square,
        );
        square
    }

    /// Does the same as [`Self::square`] for one picture after the other, and writes the result into `square`.
    ///
    /// # Panics
    /// If `square` does not hold 3 · `size` · `size` values.
    pub fn apply(
        self,
        workspace: &mut Workspace,
        picture: &RgbImage,
        size: usize,
        padding: Padding,
        square: &mut [f32],
    ) {
        workspace.apply(picture, size, padding, &self.draws(), square);
        if self.mirrored {
            square
                .chunks_exact_mut(size.max(1))
                .for_each(<[f32]>::reverse);
        }
    }

    /// The view before it is mirrored.
    fn draws(self) -> Draws {
        let share = |is_last| f64::from(u8::from(is_last));
        let mut draws = Draws::validation();
        draws.zoom = Drawn::applied(Zoom {
            scale: SCALE,
            row_pct: share(self.bottom),
            col_pct: share(self.right),
        });
        draws.crop = CropPosition {
            row_pct: share(self.bottom),
            // What is on the left after the mirroring is on the right before.
            col_pct: share(self.right != self.mirrored),
        };
        draws
    }
}
