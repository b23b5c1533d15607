//! Crop: the part of the resized picture that is kept.

use rand::{Rng, RngExt};

use super::padding::Padding;

/// Place of the square within the resized picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropPosition {
    /// Vertical place, from top (0) to bottom (1).
    pub row_pct: f64,
    /// Horizontal place, from left (0) to right (1).
    pub col_pct: f64,
}

impl CropPosition {
    /// Middle of the picture, used for validation.
    pub(crate) const CENTRE: Self = Self {
        row_pct: 0.5,
        col_pct: 0.5,
    };
}

/// Draws a place, uniform over all that the square can take.
pub(super) fn draw(random: &mut impl Rng) -> CropPosition {
    CropPosition {
        row_pct: random.random(),
        col_pct: random.random(),
    }
}

/// First of the `size` rows (or columns) taken out of `length`, at the share `pct` of the possible places.
///
/// Negative when `length` is shorter than `size`: the picture is then padded on both sides.
pub(super) fn first_index(length: usize, size: usize, pct: f64) -> i64 {
    let pad = if length < size {
        (size - length).div_ceil(2)
    } else {
        0
    };
    let room = length + 2 * pad - size;
    let offset = ((room + 1) as f64 * pct) as usize;
    offset.min(room) as i64 - pad as i64
}

/// Rows (or columns) of the resized picture that the `size` rows (or columns) of the crop show; `None` is black
/// padding.
pub(super) fn indices(length: usize, size: usize, pct: f64, padding: Padding) -> Vec<Option<i64>> {
    let first = first_index(length, size, pct);
    (first..first + size as i64)
        .map(|i| padding.index(i, length as i64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_side_is_cut_where_the_draw_says() {
        assert_eq!(first_index(299, 224, 0.0), 0);
        assert_eq!(first_index(299, 224, 0.5), 38);
        assert_eq!(first_index(299, 224, 0.999_999), 75);
        assert_eq!(first_index(299, 224, 1.0), 75);
    }

    #[test]
    fn a_shorter_side_is_padded_as_its_mode_says() {
        let ends = |padding| {
            let all = indices(5, 8, 0.0, padding);
            assert_eq!(all.len(), 8);
            (all[0], all[1], all[7])
        };
        assert_eq!(ends(Padding::Reflection), (Some(2), Some(1), Some(3)));
        assert_eq!(ends(Padding::Border), (Some(0), Some(0), Some(4)));
        assert_eq!(ends(Padding::Zeros), (None, None, None));
    }
}
