//! Between burn's tensors and slices in channels-last order.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{DType, TensorMetadata};
use burn::tensor::Shape;

use super::memory;
use cpu::planar_to_channels_last;

/// Batch, channels, rows and columns.
pub(super) fn dimensions(tensor: &FlexTensor) -> [usize; 4] {
    tensor.shape().dims()
}

/// Returns true if the kernels of this crate take the tensor.
pub(super) fn is_f32(tensor: &FlexTensor) -> bool {
    tensor.dtype() == DType::F32
}

/// A tensor `[N, C, H, W]` whose memory `values` is in channels-last order.
pub(super) fn from_channels_last(values: memory::Buffer, shape: [usize; 4]) -> FlexTensor {
    let layout = Layout::new(Shape::new(shape), channels_last_strides(shape).to_vec(), 0);
    FlexTensor::new(values.into_bytes(), layout, DType::F32)
}

/// A tensor whose memory `values` is in the order of its dimensions.
pub(super) fn from_planes(values: memory::Buffer, shape: [usize; 4]) -> FlexTensor {
    FlexTensor::new(
        values.into_bytes(),
        Layout::contiguous(Shape::new(shape)),
        DType::F32,
    )
}

/// The tensor `[N, C, H, W]` with its memory in channels-last order and nothing else in it; itself if
/// it is so.
pub(super) fn into_channels_last(tensor: FlexTensor) -> FlexTensor {
    let shape @ [_, channels, height, width] = dimensions(&tensor);
    if is_channels_last(&tensor, shape) {
        return tensor;
    }
    let tensor = tensor.to_contiguous();
    let mut values = memory::Buffer::take(tensor.layout().num_elements());
    planar_to_channels_last(
        channels,
        height * width,
        tensor.storage(),
        values.as_mut_slice(),
    );
    from_channels_last(values, shape)
}

/// The elements of a tensor that [`into_channels_last`] or `to_contiguous` returned.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// A vector `[C]` as a tensor.
pub(super) fn from_vector(values: Vec<f32>) -> FlexTensor {
    let shape = Shape::new([values.len()]);
    let bytes = burn::tensor::Bytes::from_elems(values);
    FlexTensor::new(bytes, Layout::contiguous(shape), DType::F32)
}

fn is_channels_last(tensor: &FlexTensor, shape: [usize; 4]) -> bool {
    let layout = tensor.layout();
    let expected = channels_last_strides(shape);
    // The stride of a dimension of one element means nothing.
    let same = (0..4).all(|axis| shape[axis] == 1 || layout.strides()[axis] == expected[axis]);
    same && layout.start_offset() == 0
        && tensor.bytes().len() == layout.num_elements() * size_of::<f32>()
}

fn channels_last_strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    let row = channels * width;
    [height * row, 1, row, channels].map(|stride| stride as isize)
}
