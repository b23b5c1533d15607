//! Composition of all transforms of a picture into one sampling.

use image::RgbImage;

use super::draw::Draws;
use super::geometry::ResizeGeometry;
use super::lighting::Lighting;
use super::matrix::Matrix;
use super::padding::Padding;
use super::sampling::{PixelSource, Points, SamplingBuffers, sample};
use super::{area, crop, flip, rotate, warp, zoom};

/// Transforms `picture` by `draws` into a square of `size` × `size` pixels.
///
/// Returns 3 · `size` · `size` values in 0..1: the planes red, green, blue, rows from the top. The result depends on
/// the arguments alone; any picture and size are allowed. Use [`Workspace::apply`] for many pictures.
pub fn apply(picture: &RgbImage, size: usize, padding: Padding, draws: &Draws) -> Vec<f32> {
    let mut square = vec![0.0; 3 * size * size];
    Workspace::default().apply(picture, size, padding, draws, &mut square);
    square
}

/// The same for a frame of `frame` = [width, height] pixels: the picture is resized as for a square of `size`, and the crop, or
/// the padding, makes the frame of it.
pub fn apply_to_frame(
    picture: &RgbImage,
    size: usize,
    frame: [usize; 2],
    padding: Padding,
    draws: &Draws,
) -> Vec<f32> {
    let mut values = vec![0.0; 3 * frame[0] * frame[1]];
    Workspace::default().fill(picture, size, frame, padding, draws, &mut values);
    values
}

/// Buffers for transforming pictures one after the other.
#[derive(Default)]
pub struct Workspace {
    sampling: SamplingBuffers,
    area_sums: Vec<u32>,
    area_means: Vec<f32>,
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl Workspace {
    /// Does the same as [`apply`] and writes the result into `square`.
    ///
    /// # Panics
    /// If `square` does not hold 3 · `size` · `size` values.
    pub fn apply(
        &mut self,
        picture: &RgbImage,
        size: usize,
        padding: Padding,
        draws: &Draws,
        square: &mut [f32],
    ) {
        assert_eq!(
            square.len(),
            3 * size * size,
            "a square of {size} pixels has three planes"
        );
        if size == 0 || picture.width() == 0 || picture.height() == 0 {
            return square.fill(0.0);
        }
        match &draws.resized_crop {
            Some(crop) => {
                let flip = draws.flip.get().unwrap_or_default();
                crop.apply(picture, size, flip, square);
                if let Some(lighting) = Lighting::new(draws) {
                    lighting.apply(square);
                }
            }
            None => self.fill(picture, size, [size; 2], padding, draws, square),
        }
        if let Some(operations) = &draws.operations {
            operations.apply(square, size);
        }
    }

    /// All but torchvision's transforms, into a frame.
    fn fill(
        &mut self,
        picture: &RgbImage,
        size: usize,
        [width, height]: [usize; 2],
        padding: Padding,
        draws: &Draws,
        values: &mut [f32],
    ) {
        if size == 0 || picture.width() == 0 || picture.height() == 0 {
            return values.fill(0.0);
        }
        let geometry = ResizeGeometry::of(picture, size);
        let rows = crop::indices(geometry.resized_height, height, draws.crop.row_pct, padding);
        let columns = crop::indices(geometry.resized_width, width, draws.crop.col_pct, padding);
        grid_coordinates(&rows, &mut self.rows);
        grid_coordinates(&columns, &mut self.columns);
        self.sample(picture, &geometry, padding, draws, values);
        if let Some(lighting) = Lighting::new(draws) {
            lighting.apply(values);
        }
        blacken_padding(&rows, &columns, values);
    }

    /// Reads the points of the square from the picture, from its area averages where the reduction is strong.
    fn sample(
        &mut self,
        picture: &RgbImage,
        geometry: &ResizeGeometry,
        padding: Padding,
        draws: &Draws,
        square: &mut [f32],
    ) {
        let map = PointMap::new(geometry, draws);
        let points = |height: usize, width: usize| Points {
            map: map.to_pixels(height, width),
            columns: &self.columns,
            rows: &self.rows,
            limits: [width, height],
            padding,
        };
        let [height, width] = [geometry.height, geometry.width];
        match geometry
            .area_size()
            .filter(|_| map.reduces_more_than(geometry.reduction))
        {
            Some([reduced_height, reduced_width]) => {
                let sizes = [[height, width], [reduced_height, reduced_width]];
                area::average(
                    picture,
                    sizes[0],
                    sizes[1],
                    &mut self.area_sums,
                    &mut self.area_means,
                );
                let source = PixelSource {
                    values: &self.area_means,
                    width: reduced_width,
                };
                sample(
                    source,
                    points(reduced_height, reduced_width),
                    &mut self.sampling,
                    square,
                );
            }
            None if height > 1 && width > 1 => {
                let source = PixelSource {
                    values: picture.as_raw().as_slice(),
                    width,
                };
                sample(source, points(height, width), &mut self.sampling, square);
            }
            None => {
                let widened = at_least_two_by_two(picture);
                let source = PixelSource {
                    values: &widened,
                    width: width.max(2),
                };
                sample(source, points(height, width), &mut self.sampling, square);
            }
        }
    }
}

/// Map of the points of the resized grid to the picture, in coordinates that run from -1 to 1 over its pixel centres.
struct PointMap {
    /// Map from (grid column, grid row) to these coordinates.
    from_grid: Matrix,
    /// Last column and row of the grid.
    last: [f64; 2],
}

impl PointMap {
    fn new(geometry: &ResizeGeometry, draws: &Draws) -> Self {
        let [height, width] =
            [geometry.resized_height, geometry.resized_width].map(|length| length as f64);
        let last = [width - 1.0, height - 1.0];
        let mut affine = draws.flip.get().map_or(Matrix::IDENTITY, flip::matrix);
        affine = affine * draws.rotate.get().map_or(Matrix::IDENTITY, rotate::matrix);
        affine = affine * draws.zoom.get().map_or(Matrix::IDENTITY, zoom::matrix);
        affine.0[0][1] *= height / width;
        affine.0[1][0] *= width / height;
        let warp = draws.warp.get().map_or(Matrix::IDENTITY, warp::matrix);
        let normalise = Matrix::scale_and_shift(last.map(|last| 2.0 / last), [-1.0, -1.0]);
        Self {
            from_grid: affine * warp * normalise,
            last,
        }
    }

    /// Tells whether a picture that is reduced by `reduction` has to be area-averaged first: `reduction` is above
    /// 2 / (largest - smallest coordinate), x and y together. A zoom into the picture makes the averaging unnecessary.
    ///
    /// A projective map takes its extremes over a rectangle at the corners, unless the rectangle meets the horizon,
    /// where the coordinates have no bounds.
    fn reduces_more_than(&self, reduction: f64) -> bool {
        let [right, bottom] = self.last;
        let corners = [[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]];
        let (mut smallest, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
        for [x, y] in corners {
            let (point, denominator) = self.from_grid.project(x, y);
            if denominator <= 0.0 {
                return true;
            }
            smallest = smallest.min(point[0]).min(point[1]);
            largest = largest.max(point[0]).max(point[1]);
        }
        reduction > 2.0 / (largest - smallest)
    }

    /// Map from (grid column, grid row) to pixel coordinates of a picture of `height` × `width` pixels.
    fn to_pixels(&self, height: usize, width: usize) -> Matrix {
        let half = [(width as f64 - 1.0) / 2.0, (height as f64 - 1.0) / 2.0];
        Matrix::scale_and_shift(half, half) * self.from_grid
    }
}

/// Coordinates of the grid's rows or columns that the crop shows. Those of black padding are arbitrary.
fn grid_coordinates(indices: &[Option<i64>], coordinates: &mut Vec<f64>) {
    coordinates.clear();
    coordinates.extend(indices.iter().map(|index| index.unwrap_or(0) as f64));
}

/// Writes zeros where the crop reaches beyond the resized picture: brightness and contrast do not change the padding.
fn blacken_padding(rows: &[Option<i64>], columns: &[Option<i64>], square: &mut [f32]) {
    if rows.iter().chain(columns).all(Option::is_some) {
        return;
    }
    for plane in square.chunks_exact_mut(rows.len() * columns.len()) {
        for (row, values) in rows.iter().zip(plane.chunks_exact_mut(columns.len())) {
            for (column, value) in columns.iter().zip(values) {
                if row.is_none() || column.is_none() {
                    *value = 0.0;
                }
            }
        }
    }
}

/// The picture's bytes with a single row or column written twice, so that every pixel has neighbours.
fn at_least_two_by_two(picture: &RgbImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let wider = RgbImage::from_fn(width.max(2), height.max(2), |x, y| {
        *picture.get_pixel(x.min(width - 1), y.min(height - 1))
    });
    wider.into_raw()
}
