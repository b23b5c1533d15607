//! One file from an address, whole or not at all.
//!
//! [`download`] brings a file to the disk the way large files need it over real connections: bytes are collected in
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
mod patience;
mod progress;
mod request;
mod transfer;

#[cfg(test)]
mod tests;

pub use digest::Digest;
pub use error::DownloadError;
pub use progress::{Phase, Progress};
pub use request::{Download, Outcome};

use part::PartFile;
use patience::Patience;
use transfer::Transfer;

/// Makes sure that `download.destination` holds the wanted file; returns at once if it does already.
///
/// A transfer that breaks is continued up to five times in a row without gaining a byte, with growing pauses between;
/// a try that gains bytes starts the count again. Connecting may take 30 seconds, and the connection may be silent for 60.
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

/// Returns whether the destination has the wanted content. A file with any other content will be replaced.
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
