//! The windows of a convolution laid out as a matrix ("im2col").

use crate::convolution::Convolution;
use burn::backend::{Cube, TensorMetadata, tensor::FloatTensor};
use burn::tensor::Shape;
use burn_cubecl::{
    cubecl::{self, calculate_cube_count_elemwise, prelude::*},
    ops::numeric::empty_device_contiguous_dtype,
};
use std::ops::Range;

/// Windows of the `pictures` of `x` `[N, C, H, W]`, of `side` squared cells each, for an output of `[H', W']`:
/// `[pictures, H' W', side side C]`, with zeros where a window hangs over the edge. The channels lie innermost, as in the
/// memory of `x` on a GPU.
pub(super) fn columns(
    x: &FloatTensor<Cube>,
    pictures: Range<usize>,
    [height, width]: [usize; 2],
    side: usize,
    convolution: Convolution,
) -> FloatTensor<Cube> {
    let channels = x.shape()[1];
    let shape = Shape::new([pictures.len(), height * width, side * side * channels]);
    let columns = empty_device_contiguous_dtype(x.client.clone(), x.device.clone(), shape, x.dtype);
    let count = columns.shape().num_elements();
    let cube_dim = CubeDim::new(&x.client, count);
    let cube_count = calculate_cube_count_elemwise(&x.client, count, cube_dim);
    // SAFETY: a unit writes its own element of `columns` if there is one, and reads within the shape of `x`.
    unsafe {
        fill::launch_unchecked(
            &x.client,
            cube_count,
            cube_dim,
            x.clone().into_tensor_arg(),
            columns.clone().into_tensor_arg(),
            WindowsLaunch::new(
                pictures.start,
                height,
                width,
                side,
                convolution.stride,
                convolution.padding,
            ),
            burn::backend::cubecl::dtype_to_storage_type(x.dtype),
        );
    }
    columns
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
