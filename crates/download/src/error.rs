//! Faults of a download.

use std::io;
use std::path::{Path, PathBuf};

use ureq::http::StatusCode;

/// Why a file could not be downloaded, one variant per cause.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The digest to compare with is no digest.
    #[error("cannot verify with \"{digest}\": it must have {}", digits(*fewest, *most))]
    MalformedDigest {
        /// Kind and digits as given.
        digest: String,
        /// The fewest digits that this kind has.
        fewest: usize,
        /// The most digits that this kind has.
        most: usize,
    },
    /// The address is none that can be downloaded from.
    #[error(
        "cannot download from \"{url}\": {cause}; give an address that begins with http:// or https://"
    )]
    MalformedAddress {
        /// The address as given.
        url: String,
        /// Fault in it.
        cause: String,
    },
    /// No connection to the server: offline, its name unknown, or nobody listening.
    #[error(
        "cannot reach {url} ({cause}): check the network connection, and the proxy settings (HTTPS_PROXY) if there is a proxy, \
         then run again"
    )]
    Unreachable {
        /// The address as given.
        url: String,
        /// Error of the system.
        cause: String,
    },
    /// The connection could not be made secure.
    #[error(
        "cannot connect securely to {url} ({cause}): check the date of this machine, and whether a proxy replaces certificates"
    )]
    Insecure {
        /// The address as given.
        url: String,
        /// Fault of the certificate or the handshake.
        cause: String,
    },
    /// The server answered, but not with the file.
    #[error("the server answered {} for {url}: {}", name_of_status(*status), advice_for_status(*status))]
    Status {
        /// The address as given.
        url: String,
        /// The HTTP status (RFC 9110, section 15).
        status: u16,
    },
    /// The server sends from one address to the next without end.
    #[error("{url} leads to too many redirects: check the address")]
    TooManyRedirects {
        /// The address as given.
        url: String,
    },
    /// The transfer broke and did not come back.
    #[error(
        "the transfer of {url} broke off after {received}{} bytes ({cause}): run again, it continues from there",
        total.map_or(String::new(), |total| format!(" of {total}"))
    )]
    BrokenOff {
        /// The address as given.
        url: String,
        /// Bytes on the disk.
        received: u64,
        /// Bytes of the whole file, where the server says so.
        total: Option<u64>,
        /// Cause of the last break.
        cause: String,
    },
    /// The file came whole and is not the one that is wanted. It has been removed.
    #[error(
        "{url} is not the expected file: its {received} bytes have {found} instead of {expected}; they were removed, \
         run again to download it afresh"
    )]
    WrongDigest {
        /// The address as given.
        url: String,
        /// Bytes that were compared.
        received: u64,
        /// Kind and digits that were wanted.
        expected: String,
        /// Kind and digits that were found.
        found: String,
    },
    /// No room for the file. What had arrived before stays.
    #[error("the disk is full at {} after {received} bytes: free some space and run again, it continues from there", path.display())]
    DiskFull {
        /// The file being written.
        path: PathBuf,
        /// Bytes written before.
        received: u64,
    },
    /// The disk refused something else.
    #[error("cannot {action} {}: {source}; check that the folder is there and may be written", path.display())]
    File {
        /// Action that was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
}

impl DownloadError {
    /// The error of a file operation that is not a write of received bytes.
    pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        DownloadError::File {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}

fn digits(fewest: usize, most: usize) -> String {
    if fewest == most {
        format!("{most} hexadecimal digits")
    } else {
        format!("{fewest} to {most} hexadecimal digits")
    }
}

fn name_of_status(status: u16) -> String {
    let phrase = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    phrase.map_or(status.to_string(), |phrase| {
        format!("\"{status} {phrase}\"")
    })
}

fn advice_for_status(status: u16) -> &'static str {
    match status {
        407 => "the proxy wants a name and a password, put them into HTTPS_PROXY",
        429 => "it is asked too often, run again later",
        400..500 => "check the address",
        500..600 => "the fault is on its side, run again later",
        _ => "that is no answer to a download, check the address",
    }
}
