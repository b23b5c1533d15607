use crate::Digest;
use std::path::PathBuf;

/// A file that is wanted: where it is, where it goes, and what it must be.
#[derive(Debug, Clone)]
pub struct Download {
    /// An `http://` or `https://` address. Redirects are followed.
    pub url: String,
    /// The finished file. Missing folders are made; `NAME.part` beside it holds what has arrived so far.
    pub destination: PathBuf,
    /// Digest that the bytes must have.
    pub digest: Digest,
}

/// Way in which [`download`](crate::download()) came to have the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The destination was there and its digest held: nothing was transferred.
    AlreadyPresent,
    /// The file was transferred, wholly or its missing rest, and its digest held.
    Downloaded,
}
