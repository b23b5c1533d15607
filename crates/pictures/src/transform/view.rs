//! The part of a picture that a network is shown when it does not train.

use super::geometry::ResizeGeometry;

/// A picture that is longer than this is shown to [`View::Whole`] without its ends: longer ones are slivers, and a frame of
/// theirs would have no bounds.
const LONGEST: usize = 8;

/// Part of a picture that a network is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The square in the middle, as in validation.
    #[default]
    Square,
    /// All of it: the short side as long as that of the square, the long side in proportion, then both filled up to a multiple
    /// of the network's stride (in pixels), half on each side, with what the padding says. So nothing is cut off or
    /// distorted, and the cells of the feature map cover the frame evenly. Of a picture that is more than eight times as long
    /// as wide, the middle eight.
    Whole {
        /// Pixels along a side for each cell of the network's feature map.
        stride: usize,
    },
}

impl View {
    /// Width and height in pixels of the frame that a network is shown of a picture of `width` × `height` (each at least 1)
    /// for squares of `size`.
    pub fn frame(self, width: usize, height: usize, size: usize) -> [usize; 2] {
        match self {
            Self::Square => [size; 2],
            Self::Whole { stride } => {
                let geometry = ResizeGeometry::new(height, width, size);
                let longest = LONGEST * geometry.target;
                [geometry.resized_width, geometry.resized_height]
                    .map(|side| side.min(longest).next_multiple_of(stride))
            }
        }
    }

    /// Returns true if the ends of a picture of `width` × `height` are cut off because it is too long.
    pub fn cuts_off_ends(self, width: usize, height: usize) -> bool {
        self != Self::Square && width.max(height) > LONGEST * width.min(height)
    }
}
