//! Digests that a file is checked against.

use std::fmt;
use std::io::{self, Read};

use md5::Md5;

use crate::DownloadError;

/// The fewest digits of a prefix that are accepted: as many as torch puts into the names of its weights.
const SHORTEST_PREFIX: usize = 8;

/// Digest that the bytes of a file must have, in hexadecimal digits of either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// All 32 digits of MD5 (RFC 1321): guards against damage, not against malice.
    Md5(String),
    /// All 64 digits of SHA-256 (FIPS 180-4).
    Sha256(String),
    /// The first digits of SHA-256, at least eight: torch's file names carry them (`resnet34-b627a593.pth`).
    Sha256Prefix(String),
}

impl Digest {
    /// An error unless the digest has the digits that its kind needs: an empty prefix would match every file.
    pub(crate) fn check_form(&self) -> Result<(), DownloadError> {
        let (digits, lengths) = match self {
            Digest::Md5(digits) => (digits, 32..=32),
            Digest::Sha256(digits) => (digits, 64..=64),
            Digest::Sha256Prefix(digits) => (digits, SHORTEST_PREFIX..=64),
        };
        if lengths.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        {
            return Ok(());
        }
        Err(DownloadError::MalformedDigest {
            digest: self.to_string(),
            fewest: *lengths.start(),
            most: *lengths.end(),
        })
    }

    /// The full digest of this kind of everything in `bytes`, in lower-case digits.
    pub(crate) fn of(&self, bytes: &mut impl Read) -> io::Result<String> {
        match self {
            Digest::Md5(_) => files::digest_of::<Md5>(bytes),
            Digest::Sha256(_) | Digest::Sha256Prefix(_) => files::sha256_of(bytes),
        }
    }

    /// The full digest `found` as a value, named as this one is.
    pub(crate) fn of_same_kind(&self, found: String) -> Digest {
        match self {
            Digest::Md5(_) => Digest::Md5(found),
            Digest::Sha256(_) | Digest::Sha256Prefix(_) => Digest::Sha256(found),
        }
    }

    /// Returns true if a full digest is the one that is wanted.
    pub(crate) fn matches(&self, found: &str) -> bool {
        let found = found.to_ascii_lowercase();
        match self {
            Digest::Md5(digits) | Digest::Sha256(digits) => found == digits.to_ascii_lowercase(),
            Digest::Sha256Prefix(digits) => found.starts_with(&digits.to_ascii_lowercase()),
        }
    }
}

/// The kind and the digits, as in "MD5 5c4f3e…".
impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Digest::Md5(digits) => write!(formatter, "MD5 {digits}"),
            Digest::Sha256(digits) => write!(formatter, "SHA-256 {digits}"),
            Digest::Sha256Prefix(digits) => write!(formatter, "SHA-256 {digits}…"),
        }
    }
}
