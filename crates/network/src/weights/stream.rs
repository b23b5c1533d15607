//! A safetensors file that is read once, each number to the place where it stays.

use super::{NamedTensor, StateDict, TensorValues, WeightsError, elements::ElementType, wrapper};
use ::safetensors::{Dtype, SafeTensorError, tensor::Metadata};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
    sync::mpsc::sync_channel,
    thread,
};

/// Bytes of the length of the header.
const LENGTH: usize = size_of::<u64>();
/// The largest header that the library takes, in bytes.
const LARGEST_HEADER: u64 = 100_000_000;
/// Bytes that are read at a time: few enough that they are still in the cache when they are noted.
const CHUNK: usize = 1 << 18;
/// Chunks that may wait to be noted. They are in memory anyway.
const WAITING: usize = 256;

/// Reads all tensors of the file `path`, which has `length` bytes, from `reader`, and the texts that it has about them, under
/// keys. `note` sees all its bytes in their order, on a thread of its own.
pub(super) fn read(
    reader: &mut impl Read,
    length: u64,
    path: &Path,
    mut note: impl FnMut(&[u8]) + Send,
) -> Result<(StateDict, BTreeMap<String, String>), WeightsError> {
    let failed = |error| WeightsError::Read {
        path: path.to_owned(),
        error,
    };
    let (header, metadata) = header(reader, length, path)?;
    let mut parts = parts(&metadata, path)?;
    thread::scope(|scope| {
        let (sender, chunks) = sync_channel::<&[u8]>(WAITING);
        thread::Builder::new().spawn_scoped(scope, move || {
            chunks.into_iter().for_each(&mut note);
        })?;
        // The other end lives as long as this one.
        let _ = sender.send(&header);
        for part in &mut parts {
            for chunk in part.memory.bytes().chunks_mut(CHUNK) {
                reader.read_exact(chunk)?;
                let _ = sender.send(chunk);
            }
        }
        io::Result::Ok(())
    })
    .map_err(failed)?;
    let named = parts.into_iter().filter_map(|part| {
        let values = part.memory.into_values()?;
        let shape = part.shape;
        Some((part.name?, NamedTensor { shape, values }))
    });
    let texts = metadata.metadata().clone().unwrap_or_default();
    Ok((named.collect(), texts.into_iter().collect()))
}

/// The bytes before the numbers, and what they say, which the library checks.
fn header(
    reader: &mut impl Read,
    length: u64,
    path: &Path,
) -> Result<(Vec<u8>, Metadata), WeightsError> {
    let damaged = |reason: String| WeightsError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let failed = |error| WeightsError::Read {
        path: path.to_owned(),
        error,
    };
    let behind = length
        .checked_sub(LENGTH as u64)
        .ok_or_else(|| damaged(SafeTensorError::HeaderTooSmall.to_string()))?;
    let mut header = vec![0; LENGTH];
    reader.read_exact(&mut header).map_err(failed)?;
    let count = u64::from_le_bytes(header[..LENGTH].try_into().expect("eight bytes"));
    if count > LARGEST_HEADER {
        return Err(damaged(SafeTensorError::HeaderTooLarge.to_string()));
    }
    if count > behind {
        return Err(damaged(SafeTensorError::InvalidHeaderLength.to_string()));
    }
    header.resize(LENGTH + count as usize, 0);
    reader.read_exact(&mut header[LENGTH..]).map_err(failed)?;
    let metadata: Metadata =
        serde_json::from_slice(&header[LENGTH..]).map_err(|error| damaged(error.to_string()))?;
    if metadata.data_len() as u64 != behind - count {
        let error = SafeTensorError::MetadataIncompleteBuffer;
        return Err(damaged(error.to_string()));
    }
    Ok((header, metadata))
}

/// A tensor of a file, in the order of their bytes.
struct Part {
    /// Its name in the network; `None` if it does not belong to it.
    name: Option<String>,
    shape: Vec<usize>,
    memory: Memory,
}

/// Where the bytes of a tensor go.
enum Memory {
    /// They are its numbers.
    Numbers(Vec<f32>),
    /// They will be made numbers of; of no type, they won't.
    Bytes(Option<ElementType>, Vec<u8>),
}

fn parts(metadata: &Metadata, path: &Path) -> Result<Vec<Part>, WeightsError> {
    let names = metadata.offset_keys();
    let prefix = wrapper::prefix(names.iter().map(String::as_str));
    let part = |full_name: &String| {
        let info = metadata.info(full_name).expect("it has this name");
        let name = full_name.strip_prefix(&prefix).map(str::to_owned);
        let known = element_type(info.dtype);
        if name.is_some() && known.is_none() {
            return Err(WeightsError::ElementType {
                path: path.to_owned(),
                name: full_name.clone(),
                element_type: info.dtype.to_string(),
            });
        }
        let length = info.data_offsets.1 - info.data_offsets.0;
        let is_number = known == Some(ElementType::F32) && name.is_some();
        Ok(Part {
            memory: match is_number {
                true => Memory::Numbers(vec![0.0; length / size_of::<f32>()]),
                false => Memory::Bytes(known, vec![0; length]),
            },
            name,
            shape: info.shape.clone(),
        })
    };
    names.iter().map(part).collect()
}

fn element_type(dtype: Dtype) -> Option<ElementType> {
    Some(match dtype {
        Dtype::F64 => ElementType::F64,
        Dtype::F32 => ElementType::F32,
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::BF16,
        Dtype::I64 => ElementType::I64,
        Dtype::I32 => ElementType::I32,
        Dtype::I16 => ElementType::I16,
        Dtype::I8 => ElementType::I8,
        Dtype::U32 => ElementType::U32,
        Dtype::U16 => ElementType::U16,
        Dtype::U8 => ElementType::U8,
        _ => return None,
    })
}

impl Memory {
    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Self::Numbers(numbers) => bytemuck::cast_slice_mut(numbers),
            Self::Bytes(_, bytes) => bytes,
        }
    }

    fn into_values(self) -> Option<TensorValues> {
        match self {
            Self::Numbers(numbers) => Some(TensorValues::F32(numbers)),
            Self::Bytes(element_type, bytes) => Some(element_type?.decode(&bytes)),
        }
    }
}
