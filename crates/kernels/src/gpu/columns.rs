//! The windows of a convolution laid out as a matrix ("im2col"), and the way back ("col2im").

use super::elements::{Values, argument, empty, units};
use crate::convolution::Convolution;
use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type, ops::FloatTensorOps};
use burn::tensor::Shape;
use burn_cubecl::cubecl::{self, prelude::*};
use std::ops::Range;

/// Windows of the `pictures` of `x` `[N, C, H, W]`, of `side` squared cells each, for an `output` of `[H', W']`:
/// `[pictures, H' W', side side C]`, with zeros where a window hangs over the edge. The channels lie innermost, as in the
/// memory of `x` on a GPU.
pub(super) fn columns(
    x: &Values,
    pictures: Range<usize>,
    output: [usize; 2],
    side: usize,
    convolution: Convolution,
) -> Values {
    let channels = x.shape()[1];
    let positions = output.iter().product();
    let shape = Shape::new([pictures.len(), positions, side * side * channels]);
    let columns = empty(x, shape, x.dtype);
    let (count, dim) = units(x, columns.shape().num_elements());
    // SAFETY: a unit writes its own element of `columns` if there is one, and reads within the shape of `x`.
    unsafe {
        fill::launch_unchecked(
            &x.client,
            count,
            dim,
            argument(x),
            argument(&columns),
            windows_of(pictures, output, side, convolution),
            dtype_to_storage_type(x.dtype),
        );
    }
    columns
}

/// A map `[N, C, H, W]` of the type of `like`, channels innermost in memory, with any content.
pub(super) fn empty_maps(like: &Values, [pictures, channels, height, width]: [usize; 4]) -> Values {
    let shape = Shape::new([pictures, height, width, channels]);
    Cube::float_permute(empty(like, shape, like.dtype), &[0, 3, 1, 2])
}

/// Adds up what `windows` `[1, pictures H' W', side side C]` (f32, laid out as by [`columns`] but for the steps between rows,
/// which a product leaves to the device) hold for each input: writes the `pictures` of `x` `[N, C, H, W]`.
/// The sums have a fixed order.
pub(super) fn add_windows(
    windows: &Values,
    x: &Values,
    pictures: Range<usize>,
    output: [usize; 2],
    side: usize,
    convolution: Convolution,
) {
    let [_, channels, rows, columns] = x.shape().dims();
    let count = pictures.len() * channels * rows * columns;
    let (cubes, dim) = units(x, count);
    let types = [x.dtype, windows.dtype].map(dtype_to_storage_type);
    // SAFETY: a unit of the `count` writes its own element of `x`, and reads within the shape of `windows`.
    unsafe {
        gather::launch_unchecked(
            &x.client,
            cubes,
            dim,
            argument(windows),
            argument(x),
            count,
            windows_of(pictures, output, side, convolution),
            types,
        );
    }
}

fn windows_of(
    pictures: Range<usize>,
    [height, width]: [usize; 2],
    side: usize,
    convolution: Convolution,
) -> WindowsLaunch {
    let Convolution {
        stride, padding, ..
    } = convolution;
    WindowsLaunch::new(pictures.start, height, width, side, stride, padding)
}

/// Geometry of the windows.
#[derive(CubeLaunch, CubeType)]
struct Windows {
    first_picture: usize,
    height: usize,
    width: usize,
    side: usize,
    stride: usize,
    padding: usize,
}

#[cube(launch_unchecked)]
fn fill<E: Numeric>(
    x: &Tensor<E>,
    columns: &mut Tensor<E>,
    windows: &Windows,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= columns.len() {
        terminate!();
    }
    let channels = x.shape(1);
    let channel = ABSOLUTE_POS % channels;
    let rest = ABSOLUTE_POS / channels;
    let column = rest % windows.side;
    let rest = rest / windows.side;
    let row = rest % windows.side;
    let rest = rest / windows.side;
    let left = rest % windows.width;
    let rest = rest / windows.width;
    let top = rest % windows.height;
    let picture = windows.first_picture + rest / windows.height;

    // Counted from the corner of the padding, so that nothing is below zero.
    let row = top * windows.stride + row;
    let column = left * windows.stride + column;
    let inside = row >= windows.padding
        && row < x.shape(2) + windows.padding
        && column >= windows.padding
        && column < x.shape(3) + windows.padding;
    if inside {
        let place = picture * x.stride(0)
            + channel * x.stride(1)
            + (row - windows.padding) * x.stride(2)
            + (column - windows.padding) * x.stride(3);
        columns[ABSOLUTE_POS] = x[place];
    } else {
        columns[ABSOLUTE_POS] = E::from_int(0);
    }
}

#[cube(launch_unchecked)]
fn gather<E: Float, F: Float>(
    columns: &Tensor<F>,
    x: &mut Tensor<E>,
    count: usize,
    windows: &Windows,
    #[define(E, F)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= count {
        terminate!();
    }
    let channels = x.shape(1);
    let channel = ABSOLUTE_POS % channels;
    let rest = ABSOLUTE_POS / channels;
    let column = rest % x.shape(3);
    let rest = rest / x.shape(3);
    let row = rest % x.shape(2);
    let picture = rest / x.shape(2);

    let mut sum = F::from_int(0);
    for window_row in 0..windows.side {
        // Never a difference below zero, not even one that is not used: a compiler may take it that there is none.
        if row + windows.padding >= window_row {
            let top = row + windows.padding - window_row;
            if top % windows.stride == 0 && top / windows.stride < windows.height {
                for window_column in 0..windows.side {
                    if column + windows.padding >= window_column {
                        let left = column + windows.padding - window_column;
                        if left % windows.stride == 0 && left / windows.stride < windows.width {
                            let line = picture * windows.height + top / windows.stride;
                            let position = line * windows.width + left / windows.stride;
                            let cell = window_row * windows.side + window_column;
                            let place = position * columns.stride(1)
                                + (cell * channels + channel) * columns.stride(2);
                            sum += columns[place];
                        }
                    }
                }
            }
        }
    }
    let place = (windows.first_picture + picture) * x.stride(0)
        + channel * x.stride(1)
        + row * x.stride(2)
        + column * x.stride(3);
    x[place] = E::cast_from(sum);
}
