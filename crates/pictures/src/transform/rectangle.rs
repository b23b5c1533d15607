//! Rectangles of a random area and shape, for whoever cuts one out.

use rand::{Rng, RngExt};

/// Attempts at a rectangle before another is taken, as in torchvision.
const TRIES: usize = 10;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

/// Uniform numbers of 0..1 for each attempt: of the area, of the shape, of the row, of the column. They do not depend on the
/// picture, of which only whoever cuts knows the size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tries(pub [[f64; 4]; TRIES]);

impl Tries {
    pub(super) fn draw(random: &mut impl Rng) -> Self {
        Self([(); TRIES].map(|()| [(); 4].map(|()| random.random())))
    }

    /// The first attempt that `fits`, placed in `height` × `width` pixels. Its area is uniform in `scale`, as a share of all
    /// pixels; `sides` makes height and width of an area and a ratio whose logarithm is uniform between those of `ratio`.
    pub(super) fn first(
        &self,
        [height, width]: [usize; 2],
        scale: [f64; 2],
        ratio: [f64; 2],
        sides: impl Fn(f64, f64) -> [usize; 2],
        fits: impl Fn([usize; 2]) -> bool,
    ) -> Option<Rectangle> {
        let between = |[low, high]: [f64; 2], number: f64| low + (high - low) * number;
        self.0.iter().find_map(|[area, shape, row, column]| {
            let area = (height * width) as f64 * between(scale, *area);
            let shape = between(ratio.map(f64::ln), *shape).exp();
            let [rows, columns] = sides(area, shape);
            let place = |number: f64, room: usize| (number * (room + 1) as f64) as usize;
            fits([rows, columns]).then(|| Rectangle {
                top: place(*row, height - rows),
                left: place(*column, width - columns),
                height: rows,
                width: columns,
            })
        })
    }
}

/// Rounded to a whole number as Python does.
pub(super) fn whole(length: f64) -> usize {
    length.round_ties_even() as usize
}
