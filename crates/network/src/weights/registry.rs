//! Pretrained weights by name: torchvision's files, downloaded once and kept.
//!
//! A name is the file's, `resnet34-b627a593`: the eight hex digits are the start of the file's SHA-256. `resnet34-333f7ec4`
//! is the file of torchvision before 0.9, the one that fastai 1 loads.

use super::WeightsError;
use crate::body::FAMILIES;
use download::{Digest, Download, Progress};
use std::path::{Path, PathBuf};

/// Where torchvision's files are.
pub const BASE_URL: &str = "https://download.pytorch.org/models";

/// Names of all files, from `model_urls` and the weight enumerations of torchvision, old and new; each family declares
/// its own.
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.files).copied()
}

/// The file called `name` in `cache_folder`, downloaded from `base_url` (usually [`BASE_URL`]) if it isn't there yet, and
/// with a verified digest.
///
/// # Errors
/// The name is unknown, or the download failed or has another digest.
pub fn fetch_named(
    name: &str,
    cache_folder: &Path,
    base_url: &str,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, WeightsError> {
    fetch(
        name,
        digest_prefix(name)?,
        cache_folder,
        base_url,
        on_progress,
    )
}

fn fetch(
    name: &str,
    digest_prefix: &str,
    cache_folder: &Path,
    base_url: &str,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, WeightsError> {
    let file = format!("{name}.pth");
    let destination = cache_folder.join(&file);
    let download = Download {
        url: format!("{}/{file}", base_url.trim_end_matches('/')),
        destination: destination.clone(),
        digest: Digest::Sha256Prefix(digest_prefix.to_owned()),
    };
    download::download(&download, on_progress).map_err(|error| WeightsError::Fetch {
        name: name.to_owned(),
        error,
    })?;
    Ok(destination)
}

/// The first hex digits of the SHA-256 of the file called `name`.
///
/// # Errors
/// The name is unknown; the message has the nearest one.
pub fn digest_prefix(name: &str) -> Result<&str, WeightsError> {
    let known = names().find(|known| *known == name);
    let digest = known.and_then(|known| known.rsplit_once('-'));
    digest
        .map(|(_, digest)| digest)
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> WeightsError {
    WeightsError::UnknownName {
        name: name.to_owned(),
        suggestion: words::nearest(name, names())
            .map(|nearest| format!("; did you mean `{nearest}`?"))
            .unwrap_or_default(),
        known: names().collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use download::DownloadError;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };
    use tempfile::TempDir;

    const BODY: &[u8] = b"weights";
    /// Start of the SHA-256 of [`BODY`].
    const DIGEST: &str = "9a129038";

    /// A server on this machine that has `path` and nothing else; its address, and how often it was asked.
    fn serve(path: &'static str) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/models/", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    connection.read_exact(&mut byte).unwrap();
                    request.extend(byte);
                }
                count.fetch_add(1, Ordering::SeqCst);
                let is_known = request.starts_with(format!("GET {path} ").as_bytes());
                let (status, body) = if is_known {
                    ("200 OK", BODY)
                } else {
                    ("404 Not Found", &b"no"[..])
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                connection
                    .write_all(&[head.as_bytes(), body].concat())
                    .unwrap();
            }
        });
        (address, asked)
    }

    #[test]
    fn a_file_is_downloaded_once_and_found_afterwards() {
        let (url, asked) = serve("/models/resnet0-9a129038.pth");
        let folder = TempDir::new().unwrap();
        let cache = folder.path().join("new/cache");
        for _ in 0..2 {
            let path = fetch("resnet0-9a129038", DIGEST, &cache, &url, &mut |_| ()).unwrap();
            assert_eq!(path, cache.join("resnet0-9a129038.pth"));
            assert_eq!(std::fs::read(path).unwrap(), BODY);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_file_of_another_digest_is_refused_and_not_kept() {
        let (url, _) = serve("/models/resnet34-b627a593.pth");
        let folder = TempDir::new().unwrap();
        let error = fetch_named("resnet34-b627a593", folder.path(), &url, &mut |_| ()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot fetch the weights `resnet34-b627a593`"),
            "{error}"
        );
        assert!(matches!(
            error,
            WeightsError::Fetch {
                error: DownloadError::WrongDigest { .. },
                ..
            }
        ));
        assert!(!folder.path().join("resnet34-b627a593.pth").exists());
    }

    #[test]
    fn a_file_that_the_server_lacks_is_a_named_error() {
        let (url, _) = serve("/elsewhere");
        let folder = TempDir::new().unwrap();
        let error = fetch_named("resnet34-b627a593", folder.path(), &url, &mut |_| ()).unwrap_err();
        assert!(matches!(
            error,
            WeightsError::Fetch {
                error: DownloadError::Status { status: 404, .. },
                ..
            }
        ));
    }

    #[test]
    fn an_unknown_name_is_refused_before_anything_is_asked() {
        let (url, asked) = serve("/models/resnet34.pth");
        let folder = TempDir::new().unwrap();
        let error = fetch_named("resnet34", folder.path(), &url, &mut |_| ()).unwrap_err();
        assert!(matches!(error, WeightsError::UnknownName { .. }));
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }
}
