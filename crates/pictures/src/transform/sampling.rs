//! Bilinear interpolation of a picture at mapped points.

use super::matrix::Matrix;
use super::padding::Padding;
use super::taps::Taps;
use super::vectorised::{VectorKernel, vectorised};

/// Pixels of a picture of at least 2 × 2: interleaved RGB, values 0..255.
#[derive(Clone, Copy)]
pub(super) struct PixelSource<'a, T> {
    pub values: &'a [T],
    pub width: usize,
}

/// The points of a picture to read.
#[derive(Clone, Copy)]
pub(super) struct Points<'a> {
    /// Map from (grid column, grid row) to pixel coordinates of the source.
    pub map: Matrix,
    /// Grid column of each column of the square.
    pub columns: &'a [f64],
    /// Grid row of each row of the square.
    pub rows: &'a [f64],
    /// Width and height of the source that padding begins at; 1 where the source was widened from a single pixel.
    pub limits: [usize; 2],
    /// Values outside the source.
    pub padding: Padding,
}

/// Buffers that are used again for the next picture.
#[derive(Default)]
pub(super) struct SamplingBuffers {
    positions: [Vec<f64>; 2],
    across: Taps,
    down: Taps,
    blended: Vec<f32>,
}

/// Reads the picture at all `points` into three planes (red, green, blue) of rows × columns values 0..1.
pub(super) fn sample<T: Copy + Into<f32>>(
    source: PixelSource<'_, T>,
    points: Points<'_>,
    buffers: &mut SamplingBuffers,
    planes: &mut [f32],
) {
    let planes = Planes::new(planes, points.columns.len());
    if points.map.is_separable() {
        vectorised(SeparableKernel {
            source,
            points,
            buffers,
            planes,
        });
    } else {
        vectorised(GeneralKernel {
            source,
            points,
            buffers,
            planes,
        });
    }
}

/// The factor from bytes to 0..1.
const UNIT: f32 = 1.0 / 255.0;

/// Three planes that are written row by row.
struct Planes<'a> {
    channels: [&'a mut [f32]; 3],
    width: usize,
}

impl<'a> Planes<'a> {
    fn new(values: &'a mut [f32], width: usize) -> Self {
        let (red, rest) = values.split_at_mut(values.len() / 3);
        let (green, blue) = rest.split_at_mut(rest.len() / 2);
        Self {
            channels: [red, green, blue],
            width,
        }
    }

    #[inline(always)]
    fn row(&mut self, row: usize) -> [&mut [f32]; 3] {
        let start = row * self.width;
        let width = self.width;
        self.channels
            .each_mut()
            .map(|channel| &mut channel[start..start + width])
    }
}

/// Sampling where rows and columns are mapped independently: two rows of the picture are blended, then its columns.
struct SeparableKernel<'a, T> {
    source: PixelSource<'a, T>,
    points: Points<'a>,
    buffers: &'a mut SamplingBuffers,
    planes: Planes<'a>,
}

impl<T: Copy + Into<f32>> VectorKernel for SeparableKernel<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let SamplingBuffers {
            positions: [positions, _],
            across,
            down,
            blended,
        } = self.buffers;
        let [[scale_x, _, shift_x], [_, scale_y, shift_y], _] = self.points.map.0;
        let Points {
            columns,
            rows,
            limits,
            padding,
            ..
        } = self.points;
        across.place(columns, [scale_x, shift_x], limits[0], padding, positions);
        down.place(rows, [scale_y, shift_y], limits[1], padding, positions);
        let leftmost = across.first.iter().copied().min().unwrap_or(0);
        let rightmost = across.first.iter().copied().max().unwrap_or(0);
        for first in &mut across.first {
            *first = 3 * (*first - leftmost);
        }
        let span = 3 * leftmost as usize..3 * (rightmost as usize + 2);
        blended.resize(span.len(), 0.0);
        for row in 0..rows.len() {
            let (near, far) = (down.near[row] * UNIT, down.far[row] * UNIT);
            let (upper, lower) = row_pair(self.source, down.first[row]);
            for ((value, &upper), &lower) in blended
                .iter_mut()
                .zip(&upper[span.clone()])
                .zip(&lower[span.clone()])
            {
                *value = near * upper.into() + far * lower.into();
            }
            blend_columns(blended, across, self.planes.row(row));
        }
    }
}

/// Computes one row of the square from a row of the picture; `across.first` counts values, not pixels.
#[inline(always)]
fn blend_columns(blended: &[f32], across: &Taps, [red, green, blue]: [&mut [f32]; 3]) {
    let taps = across.first.iter().zip(&across.near).zip(&across.far);
    for ((((&first, near), far), red), (green, blue)) in
        taps.zip(red).zip(green.iter_mut().zip(blue))
    {
        let pair = &blended[first as usize..first as usize + 6];
        *red = near * pair[0] + far * pair[3];
        *green = near * pair[1] + far * pair[4];
        *blue = near * pair[2] + far * pair[5];
    }
}

/// Sampling where every point has its own four neighbours.
struct GeneralKernel<'a, T> {
    source: PixelSource<'a, T>,
    points: Points<'a>,
    buffers: &'a mut SamplingBuffers,
    planes: Planes<'a>,
}

impl<T: Copy + Into<f32>> VectorKernel for GeneralKernel<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let SamplingBuffers {
            positions: [xs, ys],
            across,
            down,
            ..
        } = self.buffers;
        let Points {
            map: Matrix([u, v, w]),
            columns,
            rows,
            limits,
            padding,
        } = self.points;
        for list in [&mut *xs, &mut *ys] {
            list.resize(columns.len(), 0.0);
        }
        across.resize(columns.len());
        down.resize(columns.len());
        for (index, &row) in rows.iter().enumerate() {
            let [u_row, v_row, w_row] = [u, v, w].map(|line| line[1] * row + line[2]);
            for ((x, y), &column) in xs.iter_mut().zip(ys.iter_mut()).zip(columns) {
                let inverse = 1.0 / (w[0] * column + w_row);
                *x = (u[0] * column + u_row) * inverse;
                *y = (v[0] * column + v_row) * inverse;
            }
            across.fill(xs, limits[0], padding);
            down.fill(ys, limits[1], padding);
            blend_neighbours(self.source, across, down, self.planes.row(index));
        }
    }
}

/// Computes one row of the square, each point from its four neighbours.
#[inline(always)]
fn blend_neighbours<T: Copy + Into<f32>>(
    source: PixelSource<'_, T>,
    across: &Taps,
    down: &Taps,
    [red, green, blue]: [&mut [f32]; 3],
) {
    let across = across.first.iter().zip(&across.near).zip(&across.far);
    let down = down.first.iter().zip(&down.near).zip(&down.far);
    let channels = red.iter_mut().zip(green).zip(blue);
    for ((((x, left), right), ((y, top), bottom)), ((red, green), blue)) in
        across.zip(down).zip(channels)
    {
        let start = 3 * (*y as usize * source.width + *x as usize);
        let upper = two_pixels(source.values, start);
        let lower = two_pixels(source.values, start + 3 * source.width);
        let (top, bottom) = (top * UNIT, bottom * UNIT);
        let mut pair = [0.0; 8];
        for (value, (upper, lower)) in pair.iter_mut().zip(upper.into_iter().zip(lower)) {
            *value = top * upper + bottom * lower;
        }
        *red = left * pair[0] + right * pair[3];
        *green = left * pair[1] + right * pair[4];
        *blue = left * pair[2] + right * pair[5];
    }
}

/// The six values of two neighbouring pixels and two without meaning, since eight are read with one instruction.
#[inline(always)]
fn two_pixels<T: Copy + Into<f32>>(values: &[T], start: usize) -> [f32; 8] {
    match values[start..].first_chunk::<8>() {
        Some(eight) => eight.map(Into::into),
        None => [0, 1, 2, 3, 4, 5, 5, 5].map(|offset| values[start + offset].into()),
    }
}

/// Row `first` of the picture and the one below it.
#[inline(always)]
fn row_pair<'a, T>(source: PixelSource<'a, T>, first: u32) -> (&'a [T], &'a [T]) {
    let stride = 3 * source.width;
    source.values[first as usize * stride..(first as usize + 2) * stride].split_at(stride)
}
