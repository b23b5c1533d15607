//! Occlusion: what the target loses when a part of the picture is hidden.

use crate::{asked::Asked, heat_map::HeatMap};

/// Cells along the short side of the frame.
const CELLS: usize = 12;

/// Occlusion: `S − S_ij` for each cell ij of a grid of 12 along the short side of the frame, where `S_ij` is the target with
/// the window of two by two cells around that cell's centre hidden under the mean colour of the training pictures.
///
/// Zeiler, Fergus: *Visualizing and Understanding Convolutional Networks*, 2014, arXiv:1311.2901. It knows nothing of the
/// network's inside, and needs a forward pass for each cell.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let size = asked.frame_size();
    let cell = (size[0].min(size[1]) as f64 / CELLS as f64).max(1.0);
    let [columns, rows] = size.map(|side| ((side as f64 / cell).round() as usize).max(1));
    let frame = asked.frame();
    let mut hidden = (0..rows * columns).map(|index| {
        let across = window(index % columns, columns, size[0]);
        let down = window(index / columns, rows, size[1]);
        let mut frame = frame.to_vec();
        for plane in frame.chunks_exact_mut(size[0] * size[1]) {
            for row in plane.chunks_exact_mut(size[0]).take(down[1]).skip(down[0]) {
                row[across[0]..across[1]].fill(0.0);
            }
        }
        frame
    });
    let scores = asked.scores(&mut hidden);
    let whole = asked.score();
    HeatMap {
        height: rows,
        width: columns,
        values: scores.into_iter().map(|score| whole - score).collect(),
    }
}

/// First pixel of the window around cell `index` of `cells` along a side, and the first behind it.
fn window(index: usize, cells: usize, side: usize) -> [usize; 2] {
    [-0.5, 1.5].map(|beyond| {
        let place = side as f64 * (index as f64 + beyond) / cells as f64;
        (place.round().max(0.0) as usize).min(side)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    const SIZE: [usize; 2] = [48, 24];

    #[test]
    fn each_cell_has_what_the_window_around_it_hides() {
        // Adds up the pixels of a frame, the one at column 30, row 3 ten times.
        let sum = Given {
            size: SIZE,
            frame: vec![1.0; 3 * SIZE[0] * SIZE[1]],
            of_frame: Some(|frame| frame.iter().sum::<f32>() + 9.0 * frame[3 * SIZE[0] + 30]),
            ..Given::default()
        };
        let map = map(&sum);
        assert_eq!([map.width, map.height], [24, 12]);
        // Cells of two by two pixels, windows of four by four, three planes; a window is cut off at the edge.
        assert_eq!(map.values[5 * 24 + 5], 48.0);
        assert_eq!(map.values[0], 27.0);
        let highest = map.values.iter().filter(|value| **value == 57.0).count();
        // The pixel lies under the windows of two cells by two.
        assert_eq!((highest, map.values[24 + 15]), (4, 57.0));
    }
}
