//! What starts a kernel with a unit for each element of a tensor.

use burn::backend::{Cube, TensorMetadata, cubecl::dtype_to_storage_type, tensor::FloatTensor};
use burn::tensor::{DType, Shape};
use burn_cubecl::{
    cubecl::{calculate_cube_count_elemwise, prelude::*},
    kernel::into_contiguous,
    ops::numeric::empty_device_contiguous_dtype,
};

pub(super) type Values = FloatTensor<Cube>;

/// A unit for each of `count` elements, on the device of `like`.
pub(super) fn units(like: &Values, count: usize) -> (CubeCount, CubeDim) {
    let cube_dim = CubeDim::new(&like.client, count);
    (
        calculate_cube_count_elemwise(&like.client, count, cube_dim),
        cube_dim,
    )
}

/// A tensor with any content, on the device of `like`.
pub(super) fn empty(like: &Values, shape: Shape, dtype: DType) -> Values {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, dtype)
}

pub(super) fn argument(tensor: &Values) -> TensorArg {
    tensor.clone().into_tensor_arg()
}

pub(super) fn scalar(value: f64, dtype: DType) -> InputScalar {
    InputScalar::new(value, dtype_to_storage_type(dtype))
}

/// `inputs`, of one shape, laid out alike, and as many outputs like them: a unit may touch its own element of each.
pub(super) fn side_by_side<const INPUTS: usize, const OUTPUTS: usize>(
    inputs: [Values; INPUTS],
) -> ([Values; INPUTS], [Values; OUTPUTS]) {
    let inputs = inputs.map(into_contiguous);
    let like = &inputs[0];
    let outputs = [(); OUTPUTS].map(|()| empty(like, like.shape(), like.dtype));
    (inputs, outputs)
}
