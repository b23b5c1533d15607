use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use files::sha256_hex;
use serde::{Deserialize, Serialize};

/// Bytes at either end of a file that tell it from another: enough for every picture that was saved again, and read in no
/// time from a data set of any size.
const END: u64 = 8 << 10;

/// What tells whether a picture is still the one that a run began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureRecord {
    /// Name of its class.
    pub class: String,
    /// Length of its file.
    pub bytes: u64,
    /// SHA-256 of the first and the last 8 KiB of the file.
    pub ends: String,
}

impl PictureRecord {
    /// The record of the file at `path`. One that cannot be read has no length: whoever decodes it will say why.
    pub fn of(class: &str, path: &Path) -> Self {
        let (bytes, ends) = length_and_ends(path).unwrap_or_default();
        Self {
            class: class.to_owned(),
            bytes,
            ends,
        }
    }
}

fn length_and_ends(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut ends = Vec::new();
    (&mut file).take(END).read_to_end(&mut ends)?;
    file.seek(SeekFrom::Start(END.max(length.saturating_sub(END))))?;
    file.take(END).read_to_end(&mut ends)?;
    Ok((length, sha256_hex(&ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_length_beginning_or_end_is_another_picture() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bmp");
        let record = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            PictureRecord::of("pug", &path)
        };
        for length in [1, 100, 8192, 8193, 20_000] {
            let bytes = vec![7; length];
            let before = record(&bytes);
            assert_eq!(record(&bytes), before);
            assert_ne!(record(&vec![7; length + 1]), before);
            for place in [0, length - 1] {
                let mut changed = bytes.clone();
                changed[place] = 8;
                assert_ne!(record(&changed), before, "byte {place} of {length}");
            }
        }
        assert_eq!(PictureRecord::of("pug", &folder.path().join("b")).bytes, 0);
    }
}
