//! What a safetensors file is written as; [`super::stream`] reads it.

use super::{NamedTensor, StateDict, TensorValues, WeightsError};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The bytes of a file.
///
/// The library's own writer keeps metadata in a hash map, whose order differs from run to run; a file of ours has the
/// same bytes every time, so the header is put together here.
pub(super) fn encode(
    state: &StateDict,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, WeightsError> {
    let header = header(state, metadata)?;
    let values = || aligned(state).map(|(_, tensor)| bytes_of(&tensor.values));
    let length = size_of::<u64>() + header.len() + values().map(<[u8]>::len).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    values().for_each(|values| bytes.extend(values));
    Ok(bytes)
}

/// The JSON header, padded with spaces to a multiple of eight bytes.
fn header(state: &StateDict, metadata: &BTreeMap<String, String>) -> Result<Vec<u8>, WeightsError> {
    let mut entries = Map::new();
    if !metadata.is_empty() {
        entries.insert("__metadata__".to_owned(), json!(metadata));
    }
    let mut start = 0;
    for (name, tensor) in aligned(state) {
        entries.insert(name.to_owned(), entry(name, tensor, &mut start)?);
    }
    let mut header = Value::Object(entries).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

fn entry(name: &str, tensor: &NamedTensor, start: &mut usize) -> Result<Value, WeightsError> {
    let NamedTensor { shape, values } = tensor;
    if shape.iter().product::<usize>() != values.len() {
        return Err(WeightsError::WrongLength {
            name: name.to_owned(),
            shape: shape.clone(),
            values: values.len(),
        });
    }
    let end = *start + bytes_of(values).len();
    let offsets = [std::mem::replace(start, end), end];
    let dtype = match values {
        TensorValues::F32(_) => "F32",
        TensorValues::I64(_) => "I64",
    };
    Ok(json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets }))
}

/// Wider elements first, so that every tensor's bytes start at a multiple of its element's size.
fn aligned(state: &StateDict) -> impl Iterator<Item = (&str, &NamedTensor)> {
    let is_wide = |tensor: &NamedTensor| matches!(tensor.values, TensorValues::I64(_));
    let wide = state.iter().filter(move |(_, tensor)| is_wide(tensor));
    let narrow = state.iter().filter(move |(_, tensor)| !is_wide(tensor));
    wide.chain(narrow)
}

fn bytes_of(values: &TensorValues) -> &[u8] {
    match values {
        TensorValues::F32(values) => bytemuck::cast_slice(values),
        TensorValues::I64(values) => bytemuck::cast_slice(values),
    }
}
