//! One file from an address, whole or not at all.
//!
//! [`download`] brings a file to the disk the way large files need it over real lines: bytes are collected in
//! `NAME.part` beside the destination, a broken transfer is continued where it stopped with a range request (RFC 9110,
//! section 14), the finished file is checked against a known digest, synced and only then renamed into place. A reader
//! of the destination therefore never sees half a file, and a download may be stopped at any point and run again.
//!
//! The two rooms that need a file from elsewhere stand above this one: `pictures` (the archives of the photographs) and
//! `network` (pretrained weights).

mod answer;
mod digest;
mod error;
mod part;
mod transfer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use digest::Digest;
pub use error::DownloadError;

use part::PartFile;
use transfer::Transfer;

/// A file that is wanted: where it is, where it goes, and what it must be.
#[derive(Debug, Clone)]
pub struct Download {
    /// An `http://` or `https://` address. Redirects are followed.
    pub url: String,
    /// The finished file. Missing folders are made; `NAME.part` beside it holds what has arrived so far.
    pub destination: PathBuf,
    /// What the bytes must hash to.
    pub digest: Digest,
}

/// How [`download`] came to have the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The destination was there and its digest held: nothing was transferred.
    AlreadyPresent,
    /// The file was transferred, wholly or its missing rest, and its digest held.
    Downloaded,
}

/// Where a download stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes of the file on the disk, those of earlier tries included.
    pub received: u64,
    /// Bytes of the whole file, where the server says so.
    pub total: Option<u64>,
    /// Bytes that were already there when this call began: a rate is `(received - continued_from) / time`.
    pub continued_from: u64,
}

/// What a download is busy with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Another process downloads the same file; this one waits for it to finish.
    WaitingForOtherProcess,
    /// Bytes are arriving.
    Receiving,
    /// The line broke; after a pause the transfer goes on where it stopped.
    Retrying {
        /// What went wrong, as a clause.
        cause: String,
        /// How long nothing will be done.
        pause: Duration,
    },
    /// A finished file is read to compare its digest.
    Verifying,
}

/// Makes sure that `download.destination` holds the wanted file; returns at once if it does already.
///
/// A transfer that breaks is continued up to five times in a row without gaining a byte, with growing pauses between;
/// a try that gains bytes starts the count again. Connecting may take 30 seconds, and the line may be silent for 60.
/// The proxy of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used, except for this
/// machine itself. Two processes that want the same file take turns, so that the second finds it ready.
///
/// # Errors
/// See [`DownloadError`]. After all of them but [`DownloadError::WrongDigest`] the bytes that arrived stay in
/// `NAME.part`, and calling again continues from there.
pub fn download(
    download: &Download,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, DownloadError> {
    download_with(download, &Patience::default(), on_progress)
}

/// How long a bad line is put up with.
struct Patience {
    /// Before each further try without a byte gained in between. The first is short: most lines are back at once.
    pauses: Vec<Duration>,
    /// Silence after which a line counts as broken.
    silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            pauses: [0, 1, 3, 10, 30].map(Duration::from_secs).to_vec(),
            silence: Duration::from_secs(60),
        }
    }
}

fn download_with(
    download: &Download,
    patience: &Patience,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, DownloadError> {
    download.digest.check_form()?;
    if is_present(download, on_progress)? {
        return Ok(Outcome::AlreadyPresent);
    }
    let agent = transfer::agent(&download.url, patience)?;
    let part = PartFile::open(&download.destination, on_progress)?;
    // Whoever held the part file before may have finished the very same download.
    if is_present(download, on_progress)? {
        part.remove()?;
        return Ok(Outcome::AlreadyPresent);
    }
    let part = Transfer::new(download, patience, part, agent, on_progress).run()?;
    part.move_to(&download.destination)?;
    Ok(Outcome::Downloaded)
}

/// Whether the destination is there and is what it must be. A file that is something else will be replaced.
fn is_present(
    download: &Download,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<bool, DownloadError> {
    let path = &download.destination;
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(DownloadError::file("read", path, error)),
    };
    let length = file
        .metadata()
        .map_err(|error| DownloadError::file("read", path, error))?
        .len();
    on_progress(Progress {
        phase: Phase::Verifying,
        received: length,
        total: Some(length),
        continued_from: length,
    });
    let found = download
        .digest
        .of(&mut file)
        .map_err(|error| DownloadError::file("read", path, error))?;
    Ok(download.digest.matches(&found))
}
