use super::{NamedTensor, StateDict, WeightsError, elements::ElementType, pickle_guard, wrapper};
use pytorch_reader::{DType, PytorchError, PytorchReader};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};
use zip::ZipArchive;

/// A file may hold tensors that share numbers, so they can take more memory than the file; this many times at most.
const LARGEST_EXPANSION: u64 = 4;

/// First instructions of a file of `torch.save` before PyTorch 1.6, after the protocol: its magic number.
const LEGACY_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// A legacy file is this many pickles (magic number, version, machine, state dictionary, keys), then the numbers.
const LEGACY_PICKLES: usize = 5;

/// Reads a zip file of `torch.save`.
pub(super) fn read_zip(path: &Path) -> Result<StateDict, WeightsError> {
    let damaged = |error: zip::result::ZipError| damaged(path, error);
    let mut archive = ZipArchive::new(BufReader::new(open(path)?)).map_err(damaged)?;
    for entry in 0..archive.len() {
        let entry = archive.by_index(entry).map_err(damaged)?;
        if entry.name().map_err(damaged)?.ends_with("data.pkl") {
            pickle_guard::inspect(&mut BufReader::new(entry), path)?;
        }
    }
    read(path)
}

/// Reads a file of `torch.save` before PyTorch 1.6: several pickles, then the tensors' numbers.
pub(super) fn read_stream(path: &Path) -> Result<StateDict, WeightsError> {
    let mut file = BufReader::new(open(path)?);
    let start = file.fill_buf().map_err(|error| WeightsError::Read {
        path: path.to_owned(),
        error,
    })?;
    let is_torch = start
        .get(2..)
        .is_some_and(|rest| rest.starts_with(LEGACY_MAGIC));
    for _ in 0..if is_torch { LEGACY_PICKLES } else { 1 } {
        pickle_guard::inspect(&mut file, path)?;
    }
    if !is_torch {
        return Err(WeightsError::UnknownFormat {
            path: path.to_owned(),
        });
    }
    read(path)
}

/// Reads the tensors of a file whose pickles have been inspected.
fn read(path: &Path) -> Result<StateDict, WeightsError> {
    let reader = PytorchReader::new(path).map_err(|error| match error {
        PytorchError::Io(error) if error.raw_os_error().is_some() => WeightsError::Read {
            path: path.to_owned(),
            error,
        },
        error => damaged(path, error),
    })?;
    let prefix = wrapper::prefix(reader.tensors().keys().map(String::as_str));
    let tensors = || {
        reader
            .tensors()
            .iter()
            .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?, tensor)))
    };
    check_size(path, tensors().map(|(_, tensor)| tensor.byte_len() as u64))?;
    let mut state = StateDict::new();
    for (name, tensor) in tensors() {
        let element_type =
            element_type(tensor.dtype()).ok_or_else(|| WeightsError::ElementType {
                path: path.to_owned(),
                name: tensor.name.clone(),
                element_type: format!("{:?}", tensor.dtype()),
            })?;
        let bytes = tensor.read().map_err(|error| damaged(path, error))?;
        let shape = tensor.shape().to_vec();
        state.insert(
            name,
            NamedTensor {
                shape,
                values: element_type.decode(&bytes),
            },
        );
    }
    Ok(state)
}

/// Refuses tensors whose numbers, all together, are out of proportion to the file.
fn check_size(path: &Path, tensors: impl Iterator<Item = u64>) -> Result<(), WeightsError> {
    let file = std::fs::metadata(path)
        .map_err(|error| WeightsError::Read {
            path: path.to_owned(),
            error,
        })?
        .len();
    let limit = LARGEST_EXPANSION * file;
    let bytes = tensors.fold(0, u64::saturating_add);
    if bytes > limit {
        return Err(WeightsError::TooLarge {
            path: path.to_owned(),
            what: "what it unpacks to",
            limit,
        });
    }
    Ok(())
}

fn element_type(dtype: DType) -> Option<ElementType> {
    Some(match dtype {
        DType::F64 => ElementType::F64,
        DType::F32 => ElementType::F32,
        DType::F16 => ElementType::F16,
        DType::BF16 => ElementType::BF16,
        DType::I64 => ElementType::I64,
        DType::I32 => ElementType::I32,
        DType::I16 => ElementType::I16,
        DType::I8 => ElementType::I8,
        DType::U32 => ElementType::U32,
        DType::U16 => ElementType::U16,
        DType::U8 | DType::Bool => ElementType::U8,
        DType::U64 => return None,
    })
}

fn open(path: &Path) -> Result<File, WeightsError> {
    File::open(path).map_err(|error| WeightsError::Read {
        path: path.to_owned(),
        error,
    })
}

fn damaged(path: &Path, error: impl std::fmt::Display) -> WeightsError {
    WeightsError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
