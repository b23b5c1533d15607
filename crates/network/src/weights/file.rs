use super::{StateDict, WeightsError, format::Format, pth, safetensors, stream};
use std::{collections::BTreeMap, io::Read, path::Path};

impl StateDict {
    /// Reads a torch file (zip or legacy stream) or a safetensors file, told apart by content. Names are the file's,
    /// without what wraps them: `{"model": …}`, `{"state_dict": …}`, `module.`. f16, bf16 and f64 become f32; strided
    /// tensors become row-major.
    ///
    /// # Errors
    /// Any file that is not sound. Nothing in a file is executed, and no more memory is taken than a small multiple of
    /// its length.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Ok(Self::read_with_texts(path)?.0)
    }

    /// The same, and the texts that a safetensors file has about its tensors, under keys; torch's files have none.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_with_texts(path: &Path) -> Result<(Self, BTreeMap<String, String>), WeightsError> {
        let without = |state: Self| Ok((state.not_empty(path)?, BTreeMap::new()));
        match Format::of(path)? {
            Format::TorchZip => without(pth::read_zip(path)?),
            Format::Pickle => without(pth::read_stream(path)?),
            Format::Safetensors => {
                let bytes = std::fs::read(path).map_err(|error| WeightsError::Read {
                    path: path.to_owned(),
                    error,
                })?;
                let state = Self::from_safetensors(&bytes, path)?;
                Ok((state, safetensors::metadata(&bytes, path)?))
            }
        }
    }

    /// Reads the bytes of a safetensors file; `path` is its name in messages.
    ///
    /// # Errors
    /// The bytes are not sound.
    pub fn from_safetensors(bytes: &[u8], path: &Path) -> Result<Self, WeightsError> {
        safetensors::decode(bytes, path)?.not_empty(path)
    }

    /// Reads a safetensors file of `length` bytes from `reader`, each number to the place where it stays; `path` is its name in
    /// messages. `note` sees all bytes in their order, on a thread of its own.
    ///
    /// # Errors
    /// The file is not sound, or became shorter.
    pub fn read_safetensors(
        reader: &mut impl Read,
        length: u64,
        path: &Path,
        note: impl FnMut(&[u8]) + Send,
    ) -> Result<Self, WeightsError> {
        stream::read(reader, length, path, note)?.not_empty(path)
    }

    /// The bytes of a safetensors file: the same for the same content.
    ///
    /// # Errors
    /// A tensor's shape does not fit its values.
    pub fn to_safetensors(
        &self,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, WeightsError> {
        safetensors::encode(self, metadata)
    }

    /// Writes [`Self::to_safetensors`] to a file, which appears complete or not at all, also when one of that name
    /// exists.
    ///
    /// # Errors
    /// The folder cannot be written, the disk is full, or a tensor's shape does not fit its values.
    pub fn write_safetensors(
        &self,
        path: &Path,
        metadata: &BTreeMap<String, String>,
    ) -> Result<(), WeightsError> {
        let bytes = self.to_safetensors(metadata)?;
        files::write_atomically(path, &bytes).map_err(|error| WeightsError::Write {
            path: path.to_owned(),
            error,
        })
    }

    fn not_empty(self, path: &Path) -> Result<Self, WeightsError> {
        if self.is_empty() {
            return Err(WeightsError::NoTensors {
                path: path.to_owned(),
            });
        }
        Ok(self)
    }
}
