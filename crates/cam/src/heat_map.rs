/// One value per position of a feature map, as a method gave it: raw, possibly negative.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Number of rows, at least 1.
    pub height: usize,
    /// Number of columns, at least 1.
    pub width: usize,
    /// Rows from the top.
    pub values: Vec<f32>,
}

impl HeatMap {
    /// Smallest and largest value.
    pub fn range(&self) -> [f32; 2] {
        let fold =
            |start: f32, pick: fn(f32, f32) -> f32| self.values.iter().copied().fold(start, pick);
        [
            fold(f32::INFINITY, f32::min),
            fold(f32::NEG_INFINITY, f32::max),
        ]
    }

    /// The map with everything negative set to zero: evidence for the class, without evidence against it.
    pub fn rectified(&self) -> Self {
        let values = self.values.iter().map(|value| value.max(0.0)).collect();
        Self { values, ..*self }
    }

    /// Returns true if any position speaks for the class.
    pub fn has_positive(&self) -> bool {
        self.values.iter().any(|value| *value > 0.0)
    }

    /// The map at a point of the frame that the network saw: `(0, 0)` is its upper left corner, `(1, 1)` its lower
    /// right one.
    ///
    /// The cells cover the frame evenly. Between their centres the value is bilinear; outside the outer centres it is
    /// that of the nearest point between them. So matplotlib draws a small picture over a large one.
    pub fn at(&self, [x, y]: [f64; 2]) -> f64 {
        self.between(self.columns_at(x), self.rows_at(y))
    }

    /// The columns around a point in 0..1, for [`Self::between`]: pixels above one another share them.
    pub fn columns_at(&self, x: f64) -> Neighbours {
        Neighbours::around(x, self.width)
    }

    /// The rows around a point in 0..1, for [`Self::between`].
    pub fn rows_at(&self, y: f64) -> Neighbours {
        Neighbours::around(y, self.height)
    }

    /// The value between two columns and two rows.
    pub fn between(&self, columns: Neighbours, rows: Neighbours) -> f64 {
        let in_row = |row: usize| {
            let value = |column: usize| f64::from(self.values[row * self.width + column]);
            columns.blend(value(columns.first), value(columns.second))
        };
        rows.blend(in_row(rows.first), in_row(rows.second))
    }

    /// The map at the centres of `width` × `height` pixels that cover the frame, rows from the top.
    pub fn spread(&self, [width, height]: [usize; 2]) -> Vec<f64> {
        let centres = |count| (0..count).map(move |index| (index as f64 + 0.5) / count as f64);
        let columns: Vec<Neighbours> = centres(width).map(|x| self.columns_at(x)).collect();
        let in_row = |row| {
            columns
                .iter()
                .map(move |columns| self.between(*columns, row))
        };
        centres(height)
            .flat_map(|y| in_row(self.rows_at(y)))
            .collect()
    }
}

/// The two cells around a point, and how far it is from the first to the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbours {
    first: usize,
    second: usize,
    share: f64,
}

impl Neighbours {
    /// The neighbours of a point in 0..1 among `cells` cells.
    fn around(point: f64, cells: usize) -> Self {
        let last = cells - 1;
        let place = (point * cells as f64 - 0.5).clamp(0.0, last as f64);
        let first = place as usize;
        Self {
            first,
            second: (first + 1).min(last),
            share: place - first as f64,
        }
    }

    fn blend(&self, first: f64, second: f64) -> f64 {
        first * (1.0 - self.share) + second * self.share
    }
}

/// A map whose rows have `width` cells, for tests.
#[cfg(test)]
pub(crate) fn map(width: usize, values: &[f32]) -> HeatMap {
    HeatMap {
        height: values.len() / width,
        width,
        values: values.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_itself_at_the_centres_of_its_cells_and_level_beyond_the_outer_ones() {
        let map = map(2, &[1.0, 2.0, 3.0, 5.0]);
        assert_eq!(map.spread([2, 2]), [1.0, 2.0, 3.0, 5.0]);
        assert_eq!(map.at([0.0, 0.0]), 1.0);
        assert_eq!(map.at([1.0, 1.0]), 5.0);
        assert_eq!(map.at([0.5, 0.5]), 2.75);
        assert_eq!(map.at([0.5, 0.0]), 1.5);
    }

    #[test]
    fn a_single_cell_is_the_same_everywhere() {
        let map = map(1, &[-3.0]);
        assert_eq!(map.spread([3, 3]), [-3.0; 9]);
        assert_eq!(map.range(), [-3.0, -3.0]);
    }

    #[test]
    fn what_speaks_against_the_class_is_cut_off_only_when_asked() {
        let map = map(3, &[-2.0, 0.0, 4.0]);
        assert_eq!(map.range(), [-2.0, 4.0]);
        assert!(map.has_positive());
        assert_eq!(map.rectified().values, [0.0, 0.0, 4.0]);
    }
}
