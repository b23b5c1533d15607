//! Errors of decoding, and the size above which pictures are refused.

use std::path::{Path, PathBuf};

/// Size of the largest picture that is decoded, in pixels (width times height). A file that claims more is refused
/// before any memory is taken for its pixels. It is PIL's limit: twice the pixels that fill a quarter of a GiB at three bytes
/// each.
pub const MAX_PIXELS: u64 = 178_956_970;

/// Error of reading or decoding a picture.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// It is a folder, a device or a pipe.
    #[error("it is no file: a folder, a device or a pipe")]
    NoFile,
    /// The picture is 0 pixels wide or high.
    #[error("the picture has no pixels: replace it")]
    NoPixels,
    /// The file has no bytes.
    #[error("the file is empty: fetch or copy it again")]
    Empty,
    /// The first bytes belong to no known picture format.
    #[error("the content is not a picture: expected JPEG, PNG, GIF, WebP, TIFF or BMP")]
    UnknownFormat,
    /// The content is something else, or a picture in a format that is not read at all.
    #[error("the content is {format}, which is not read: {advice}")]
    Foreign {
        /// What it is.
        format: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The picture has a format, or a variant of one, that is not supported.
    #[error(
        "the content is {format}, which is not supported ({reason}): convert it to an ordinary JPEG or PNG"
    )]
    Unsupported {
        /// Name of the format, e.g. `ICO`.
        format: String,
        /// What is not supported of it, in words of ours.
        reason: String,
    },
    /// The header claims more than [`MAX_PIXELS`] pixels.
    #[error(
        "the picture claims {width} x {height} pixels, more than the {MAX_PIXELS} allowed: reduce it"
    )]
    TooLarge {
        /// Claimed width in pixels.
        width: u32,
        /// Claimed height in pixels.
        height: u32,
    },
    /// The header is valid, but the data break the rules of the format or end too early.
    #[error("the {format} data are damaged or cut short ({reason}): fetch or copy the file again")]
    Broken {
        /// Name of the format, e.g. `JPEG`.
        format: String,
        /// Its fault, in words of ours.
        reason: &'static str,
    },
    /// Any other variant, with the file it happened in.
    #[error("{}: {cause}", path.display())]
    InFile {
        /// The picture's file.
        path: PathBuf,
        /// Error in it.
        cause: Box<DecodeError>,
    },
}

impl DecodeError {
    /// This error as [`DecodeError::InFile`], which names the file.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::InFile {
            path: path.to_path_buf(),
            cause: Box::new(self),
        }
    }
}

impl DecodeError {
    pub(super) fn unsupported(format: &str, reason: &str) -> Self {
        Self::Unsupported {
            format: format.to_owned(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn broken(format: &str, reason: &'static str) -> Self {
        Self::Broken {
            format: format.to_owned(),
            reason,
        }
    }
}

/// What a decoder says of a broken file, in words of ours.
pub(super) fn plain(said: &str) -> &'static str {
    const CHECKSUMS: [&str; 3] = ["crc", "checksum", "adler"];
    const ENDS: [&str; 10] = [
        "end of",
        "eof",
        "too short",
        "premature",
        "whole buffer",
        "exhausted",
        "not enough",
        "more data",
        "truncated",
        "no more bytes",
    ];
    let said = said.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&CHECKSUMS) {
        "a checksum does not fit"
    } else if says(&ENDS) {
        "it ends too early"
    } else {
        "its content breaks the rules of the format"
    }
}

/// Refuses a picture larger than [`MAX_PIXELS`].
pub(super) fn check_size(width: u32, height: u32) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(DecodeError::TooLarge { width, height });
    }
    Ok(())
}
