use super::WeightsError;
use std::{fs::File, io::Read, path::Path};

/// Largest file accepted, in bytes. The largest network here, a ResNet-152 with its optimizer's state, takes 0.8 GB.
const LARGEST_FILE: u64 = 4 << 30;

/// Kind of a file by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `torch.save` since PyTorch 1.6.
    TorchZip,
    /// A pickle: `torch.save` before PyTorch 1.6, or no torch file at all.
    Pickle,
    /// The safetensors container.
    Safetensors,
}

impl Format {
    /// Kind of the file at `path` by its first bytes, never by its name.
    pub fn of(path: &Path) -> Result<Self, WeightsError> {
        let read = |error| WeightsError::Read {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(read)?;
        let bytes = file.metadata().map_err(read)?.len();
        if bytes > LARGEST_FILE {
            return Err(WeightsError::TooLarge {
                path: path.to_owned(),
                what: "the file",
                limit: LARGEST_FILE,
            });
        }
        let mut start = Vec::new();
        file.take(64).read_to_end(&mut start).map_err(read)?;
        Self::of_start(&start, path)
    }

    fn of_start(start: &[u8], path: &Path) -> Result<Self, WeightsError> {
        let path = || path.to_owned();
        let text = start.trim_ascii_start();
        match start {
            [] => Err(WeightsError::Empty { path: path() }),
            // Eight bytes of length, then JSON. Text that has its `{` here by chance has no zero byte before it.
            _ if start.get(8) == Some(&b'{') && start[..8].contains(&0) => Ok(Self::Safetensors),
            _ if start.starts_with(b"PK\x03\x04") => Ok(Self::TorchZip),
            [0x80, ..] => Ok(Self::Pickle),
            _ if text.starts_with(b"<") => Err(WeightsError::WebPage { path: path() }),
            _ if text.starts_with(b"version https://git-lfs") => {
                Err(WeightsError::LfsPointer { path: path() })
            }
            _ => Err(WeightsError::UnknownFormat { path: path() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(start: &[u8]) -> Result<Format, WeightsError> {
        Format::of_start(start, Path::new("w.pth"))
    }

    #[test]
    fn a_safetensors_header_is_known_by_its_brace_not_by_its_length() {
        for length in [0x80_u64, 0x3c, 0x4b50, 1 << 60] {
            let start = [&length.to_le_bytes()[..], b"{\"a\""].concat();
            assert_eq!(of(&start).unwrap(), Format::Safetensors, "{length}");
        }
    }

    #[test]
    fn downloads_that_went_wrong_are_named() {
        for (start, error) in [
            (&b""[..], "Empty"),
            (b"\n <!DOCTYPE html><html>", "WebPage"),
            (b"<style>{ color", "WebPage"),
            (
                b"version https://git-lfs.github.com/spec/v1\n",
                "LfsPointer",
            ),
            (b"hello", "UnknownFormat"),
        ] {
            let found = format!("{:?}", of(start).unwrap_err());
            assert!(found.starts_with(error), "{found} instead of {error}");
        }
    }
}
