//! Convolution as a matrix product whose left matrix is gathered pixel by pixel, never stored whole.
//!
//! Row: an output pixel. Column: an output channel. The sum runs over taps and input channels. Forward and input
//! gradient differ only in the pixels that the taps read: the gradient of a strided convolution falls into
//! `stride * stride` phases of input pixels, each of which sees a fixed subset of the taps at stride one, so that
//! no product with an inserted zero is formed.

mod pairs;
mod product;
mod rows;
mod weight;

use super::shape::ConvolutionShape;
use crate::{gemm::PANEL_COLUMNS, simd::LANES};

/// One product of gathered pixels with a weight.
pub struct Gather {
    batch: usize,
    source: (usize, usize),
    source_channels: usize,
    source_step: usize,
    target: (usize, usize),
    target_channels: usize,
    target_step: usize,
    target_start: (usize, usize),
    /// Output pixels of the product, along both axes.
    grid: (usize, usize),
    runs: Vec<TapRun>,
    /// Row of the packed weight at which this product's taps start, and all rows of it: the phases of an input
    /// gradient share one packed weight.
    first_row: usize,
    weight_rows: usize,
    /// Row of the packed weight at which each kernel element starts.
    element_rows: Vec<usize>,
    /// True for a convolution; in a gradient the two kinds of channels of the weight exchange their roles.
    forward: bool,
}

/// Taps that lie side by side in a row of the source.
struct TapRun {
    row: isize,
    column: isize,
    taps: usize,
}

impl Gather {
    /// `output = convolution(input, weight)`.
    pub fn forward(shape: &ConvolutionShape) -> Gather {
        let padding = shape.padding as isize;
        let run = |row: usize| TapRun {
            row: row as isize - padding,
            column: -padding,
            taps: shape.kernel,
        };
        let elements = shape.kernel * shape.kernel;
        Gather {
            batch: shape.batch,
            source: (shape.height, shape.width),
            source_channels: shape.channels_in,
            source_step: shape.stride,
            target: (shape.output_height(), shape.output_width()),
            target_channels: shape.channels_out,
            target_step: 1,
            target_start: (0, 0),
            grid: (shape.output_height(), shape.output_width()),
            runs: (0..shape.kernel).map(run).collect(),
            first_row: 0,
            weight_rows: Gather::weight_panel_length(shape) / PANEL_COLUMNS,
            element_rows: (0..elements)
                .map(|element| element * shape.channels_in)
                .collect(),
            forward: true,
        }
    }

    /// The gradient for the input: a product for each phase, that is, for the input pixels whose row and column are
    /// equal modulo the stride. All use the weight that the first has packed.
    pub fn input_gradient(shape: &ConvolutionShape) -> Vec<Gather> {
        let mut element_rows = vec![0; shape.kernel * shape.kernel];
        let mut first_row = 0;
        let mut phases = Vec::new();
        for (row, column) in
            (0..shape.stride * shape.stride).map(|i| (i / shape.stride, i % shape.stride))
        {
            let (rows, columns) = (
                elements_of_phase(shape, row),
                elements_of_phase(shape, column),
            );
            for (i, r) in rows.iter().enumerate() {
                for (j, s) in columns.iter().enumerate() {
                    let tap = i * columns.len() + j;
                    element_rows[r * shape.kernel + s] = first_row + tap * shape.channels_out;
                }
            }
            phases.push(Gather::phase(
                shape,
                (row, column),
                (&rows, &columns),
                first_row,
            ));
            first_row +=
                (rows.len() * columns.len() * shape.channels_out).next_multiple_of(2 * LANES);
        }
        for phase in &mut phases {
            (phase.weight_rows, phase.element_rows) = (first_row, element_rows.clone());
        }
        phases
    }

    /// The input pixels from `start` on in steps of the stride, with the kernel rows and columns that meet them.
    fn phase(
        shape: &ConvolutionShape,
        start: (usize, usize),
        (rows, columns): (&[usize], &[usize]),
        first_row: usize,
    ) -> Gather {
        let offset = |start: usize, element: usize| {
            ((start + shape.padding) as isize - element as isize) / shape.stride as isize
        };
        let run = |row: &usize| TapRun {
            row: offset(start.0, *row),
            column: offset(start.1, columns[0]),
            taps: columns.len(),
        };
        let pixels = |size: usize, start: usize| size.saturating_sub(start).div_ceil(shape.stride);
        Gather {
            batch: shape.batch,
            source: (shape.output_height(), shape.output_width()),
            source_channels: shape.channels_out,
            source_step: 1,
            target: (shape.height, shape.width),
            target_channels: shape.channels_in,
            target_step: shape.stride,
            target_start: start,
            grid: (pixels(shape.height, start.0), pixels(shape.width, start.1)),
            runs: if columns.is_empty() {
                Vec::new()
            } else {
                rows.iter().map(run).collect()
            },
            first_row,
            weight_rows: 0,
            element_rows: Vec::new(),
            forward: false,
        }
    }

    /// Numbers of a column panel of the packed weight in the forward direction.
    pub fn weight_panel_length(shape: &ConvolutionShape) -> usize {
        (shape.kernel * shape.kernel * shape.channels_in).next_multiple_of(LANES) * PANEL_COLUMNS
    }

    fn taps(&self) -> usize {
        self.runs.iter().map(|run| run.taps).sum()
    }

    fn rows(&self) -> usize {
        self.batch * self.grid.0 * self.grid.1
    }

    /// Summands of one output, in groups of sixteen lanes of one or two numbers.
    fn groups(&self, numbers: usize) -> usize {
        (self.taps() * self.source_channels).div_ceil(LANES * numbers)
    }

    /// Numbers of a line: the summands of one output, and one vector more.
    fn line_length(&self, numbers: usize) -> usize {
        (self.groups(numbers) * numbers + 1) * LANES
    }

    fn column_panels(&self) -> usize {
        self.target_channels.div_ceil(PANEL_COLUMNS)
    }

    fn panel_length(&self) -> usize {
        self.weight_rows * PANEL_COLUMNS
    }
}

/// The kernel rows that meet the input rows `start`, `start + stride` and so on, the last first: so their output rows
/// are in ascending order.
fn elements_of_phase(shape: &ConvolutionShape, start: usize) -> Vec<usize> {
    let meets = |element: &usize| {
        (start + shape.padding + shape.stride * shape.kernel - element).is_multiple_of(shape.stride)
    };
    (0..shape.kernel).rev().filter(meets).collect()
}
