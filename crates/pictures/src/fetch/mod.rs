//! Download of the Oxford-IIIT Pets.
//!
//! Two archives come from the home of the data set (Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs, CVPR 2012,
//! <https://www.robots.ox.ac.uk/~vgg/data/pets/>) and become two folders. An archive is unpacked into a hidden folder
//! beside the final one, a record of every file and its length goes in last, and only then is it renamed: at whatever
//! point a run is stopped, the next one finds out what is missing and continues there. The archives are removed at the
//! end; the record keeps the list of their files.

mod error;
mod names;
mod record;
mod state;
mod unpack;

use std::fs;
use std::path::Path;

use download::{Digest, Download, Phase, Progress};
use files::Lock;

pub use error::FetchError;
pub(crate) use record::NAME as RECORD_FILE;
pub use state::{FetchState, state};

use names::{ANNOTATIONS, IMAGES, LOCK};
use record::FetchRecord;

/// Address and checksums of the archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSource {
    /// Address that holds `images.tar.gz` and `annotations.tar.gz`, with or without a slash at its end.
    pub address: String,
    /// MD5 of `images.tar.gz`, in hexadecimal digits.
    pub images_md5: String,
    /// MD5 of `annotations.tar.gz`, in hexadecimal digits.
    pub annotations_md5: String,
}

/// Archives of the Visual Geometry Group in Oxford (some 790 MB and 20 MB), with the checksums in torchvision's
/// `OxfordIIITPet`.
impl Default for ArchiveSource {
    fn default() -> Self {
        ArchiveSource {
            address: "https://thor.robots.ox.ac.uk/~vgg/data/pets/".to_string(),
            images_md5: "5c4f3ee8e5d25df40f4fd59a7f44e54c".to_string(),
            annotations_md5: "95a8c909bbe2e81eed6a22bccdf3f68f".to_string(),
        }
    }
}

/// Progress of a fetch. `archive` is the name of the file, as in "images.tar.gz".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchEvent {
    /// Another process is fetching into the same folder; this one waits for it.
    WaitingForOtherProcess,
    /// Bytes arrive, or the download waits for the connection.
    Downloading {
        /// The archive.
        archive: String,
        /// Progress of its download.
        progress: Progress,
    },
    /// The checksum of an archive is being verified.
    Verifying {
        /// The archive.
        archive: String,
    },
    /// Files are being written.
    Unpacking {
        /// The archive.
        archive: String,
        /// Files written so far.
        files: usize,
    },
    /// The folder of an archive is complete.
    Done {
        /// The archive.
        archive: String,
        /// Number of files in its folder that came from it.
        files: usize,
        /// True if the folder was complete before, so that nothing was downloaded.
        was_complete: bool,
    },
}

/// Makes `folder/images` and `folder/annotations` complete; does nothing if they are.
///
/// In an incomplete folder missing files are added, and files of another length than in the archive are replaced;
/// files that the archive does not have stay.
///
/// # Errors
/// See [`FetchError`]. After each of them another call continues where this one stopped.
pub fn fetch(
    source: &ArchiveSource,
    folder: &Path,
    on_event: &mut dyn FnMut(FetchEvent),
) -> Result<(), FetchError> {
    fs::create_dir_all(folder)
        .map_err(|error| FetchError::file("make the folder", folder, error))?;
    let _lock = lock(folder, on_event)?;
    for (name, md5) in [
        (IMAGES, &source.images_md5),
        (ANNOTATIONS, &source.annotations_md5),
    ] {
        fetch_archive(&source.address, name, md5, folder, on_event)?;
    }
    Ok(())
}

fn fetch_archive(
    address: &str,
    name: &str,
    md5: &str,
    folder: &Path,
    on_event: &mut dyn FnMut(FetchEvent),
) -> Result<(), FetchError> {
    let archive = names::archive(name);
    let path = folder.join(&archive);
    let target = folder.join(name);
    let present = FetchRecord::read(&target)
        .filter(|record| record.md5.eq_ignore_ascii_case(md5) && record.holds(&target));
    let was_complete = present.is_some();
    let files = match present {
        Some(record) => record.files.len(),
        None => {
            let wanted = Download {
                url: format!("{}/{archive}", address.trim_end_matches('/')),
                destination: path.clone(),
                digest: Digest::Md5(md5.to_string()),
            };
            download::download(&wanted, &mut |progress| {
                on_event(event_of(&archive, progress))
            })?;
            unpack::unpack(&path, name, md5, &mut |files| {
                on_event(FetchEvent::Unpacking {
                    archive: archive.clone(),
                    files,
                });
            })?
        }
    };
    unpack::remove_file(&path)?;
    on_event(FetchEvent::Done {
        archive,
        files,
        was_complete,
    });
    Ok(())
}

fn event_of(archive: &str, progress: Progress) -> FetchEvent {
    let archive = archive.to_string();
    match progress.phase {
        Phase::Verifying => FetchEvent::Verifying { archive },
        _ => FetchEvent::Downloading { archive, progress },
    }
}

/// Where there are no locks, one fetch at a time is as safe as anywhere.
fn lock(folder: &Path, on_event: &mut dyn FnMut(FetchEvent)) -> Result<Lock, FetchError> {
    let path = folder.join(LOCK);
    Lock::wait(&path, || on_event(FetchEvent::WaitingForOtherProcess))
        .map_err(|error| FetchError::file("lock", &path, error))
}
