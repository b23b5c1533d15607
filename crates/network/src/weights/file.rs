use super::{StateDict, WeightsError, format::Format, pth, safetensors, stream};
use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

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
                let failed = |error| WeightsError::Read {
                    path: path.to_owned(),
                    error,
                };
                let mut file = File::open(path).map_err(failed)?;
                let length = file.metadata().map_err(failed)?.len();
                let (state, texts) = stream::read(&mut file, length, path, |_| ())?;
                Ok((state.not_empty(path)?, texts))
            }
        }
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
        stream::read(reader, length, path, note)?.0.not_empty(path)
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
