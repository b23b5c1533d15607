//! Unpacking of a verified archive. A correct checksum is not taken as a sign that its content is harmless.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::error::FetchError;
use super::names::unpacking;
use super::record::{self, FetchRecord};

/// Limit of the unpacked bytes. The data set has less than a gigabyte in some 40,000 files.
const MOST_BYTES: u64 = 4 << 30;
/// Limit of the number of entries, see [`MOST_BYTES`].
const MOST_ENTRIES: u64 = 200_000;

/// Unpacks the folder `name` of `archive` beside the archive and returns the number of its files. `on_file` gets the
/// number of files written so far. Anything that another run left half unpacked is removed first.
pub(super) fn unpack(
    archive: &Path,
    name: &str,
    md5: &str,
    on_file: &mut dyn FnMut(usize),
) -> Result<usize, FetchError> {
    let temporary = archive.with_file_name(unpacking(name));
    remove_folder(&temporary)?;
    let unpacked = unpack_into(archive, name, md5, &temporary, on_file).and_then(|record| {
        put_in_place(
            &record,
            &temporary.join(name),
            &archive.with_file_name(name),
        )?;
        Ok(record.files.len())
    });
    // Also after an error: half of an archive is useless, and the disk may be full.
    let removed = remove_folder(&temporary);
    let files = unpacked?;
    removed?;
    Ok(files)
}

fn unpack_into(
    archive: &Path,
    name: &str,
    md5: &str,
    temporary: &Path,
    on_file: &mut dyn FnMut(usize),
) -> Result<FetchRecord, FetchError> {
    let damaged = |source| FetchError::Archive {
        archive: archive.to_path_buf(),
        source,
    };
    let file = File::open(archive).map_err(|error| FetchError::file("read", archive, error))?;
    // Headers count too: the names in them are read into memory before they can be checked.
    let bytes = GzDecoder::new(io::BufReader::new(file)).take(MOST_BYTES + MOST_ENTRIES * 1024);
    let mut tar = Archive::new(bytes);
    let mut limits = Limits::default();
    let mut record = FetchRecord {
        md5: md5.to_string(),
        ..FetchRecord::default()
    };
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        limits.count(archive, entry.size())?;
        let Some(path) = safe_path(archive, &entry)? else {
            continue;
        };
        let target = temporary.join(path.join("/"));
        if entry.header().entry_type().is_dir() {
            make_folder(&target)?;
            continue;
        }
        let length = write_file(&mut entry, &target).map_err(|fault| match fault {
            Fault::Reading(source) => damaged(source),
            Fault::Writing(source) => FetchError::file("write", &target, source),
        })?;
        if let [first, rest @ ..] = path.as_slice()
            && first == name
            && !rest.is_empty()
        {
            record.files.insert(rest.join("/"), length);
            on_file(record.files.len());
        }
    }
    if record.files.is_empty() {
        let archive = archive.to_path_buf();
        return Err(FetchError::MissingFolder {
            archive,
            folder: name.to_string(),
        });
    }
    let folder = temporary.join(name);
    record.write(&folder)?;
    // The archive is removed when its files are in place: from then on the disk has nothing else.
    files::sync_tree(&folder)
        .map_err(|error| FetchError::file("bring to the disk", &folder, error))?;
    Ok(record)
}

/// Bytes and entries of an archive so far. The lengths that its headers claim are counted: they bound what is read,
/// and a claim alone is enough to stop before anything is written.
#[derive(Default)]
struct Limits {
    bytes: u64,
    entries: u64,
}

impl Limits {
    fn count(&mut self, archive: &Path, bytes: u64) -> Result<(), FetchError> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.entries += 1;
        let too_large = |most, unit| FetchError::TooLarge {
            archive: archive.to_path_buf(),
            most,
            unit,
        };
        if self.bytes > MOST_BYTES {
            return Err(too_large(MOST_BYTES, "bytes"));
        }
        if self.entries > MOST_ENTRIES {
            return Err(too_large(MOST_ENTRIES, "entries"));
        }
        Ok(())
    }
}

/// Path of an entry as a list of names; `None` for an entry that is no file of the data set; an error for one that
/// could write outside the folder. Since links are refused too, a path of plain names stays inside.
fn safe_path<R: Read>(
    archive: &Path,
    entry: &tar::Entry<'_, R>,
) -> Result<Option<Vec<String>>, FetchError> {
    let bytes = entry.path_bytes();
    let refuse = |fault| {
        let entry = String::from_utf8_lossy(&bytes).into_owned();
        Err(FetchError::UnsafeEntry {
            archive: archive.to_path_buf(),
            entry,
            fault,
        })
    };
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::Directory => {}
        EntryType::XGlobalHeader => return Ok(None),
        EntryType::Symlink | EntryType::Link => return refuse("is a link"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => return refuse("is a device"),
        _ => return refuse("is neither a file nor a folder"),
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return refuse("has no readable name");
    };
    let mut names = Vec::new();
    for component in Path::new(text).components() {
        match component.as_os_str().to_str() {
            Some(name) if matches!(component, Component::Normal(_)) => names.push(name.to_string()),
            _ if component == Component::CurDir => {}
            _ => return refuse("leads outside its folder"),
        }
    }
    // macOS stores metadata in companion files of this name; the annotations have thousands of them.
    let is_companion = names.last().is_none_or(|name| name.starts_with("._"));
    Ok((!is_companion).then_some(names))
}

/// Failure of a copy, by its side.
enum Fault {
    Reading(io::Error),
    Writing(io::Error),
}

fn write_file(entry: &mut impl Read, target: &Path) -> Result<u64, Fault> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(Fault::Writing)?;
    }
    let mut file = File::create(target).map_err(Fault::Writing)?;
    let mut buffer = [0; 1 << 16];
    let mut length = 0;
    loop {
        match entry.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(count) => {
                file.write_all(&buffer[..count]).map_err(Fault::Writing)?;
                length += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::Reading(error)),
        }
    }
}

/// Moves the files of `unpacked` to `target`. A folder that was there keeps files that the archive does not have. Its
/// record is removed first and written last, so that it never claims more than there is.
fn put_in_place(record: &FetchRecord, unpacked: &Path, target: &Path) -> Result<(), FetchError> {
    if !target.exists() {
        rename(unpacked, target)?;
        return sync_folder(target.parent().unwrap_or(target));
    }
    remove_file(&target.join(record::NAME))?;
    for (name, length) in &record.files {
        let file = target.join(name);
        if fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() == *length) {
            continue;
        }
        if let Some(folder) = file.parent() {
            make_folder(folder)?;
        }
        rename(&unpacked.join(name), &file)?;
    }
    rename(&unpacked.join(record::NAME), &target.join(record::NAME))?;
    sync_folder(target)
}

fn rename(from: &Path, to: &Path) -> Result<(), FetchError> {
    fs::rename(from, to).map_err(|error| FetchError::file("move an unpacked file to", to, error))
}

fn sync_folder(path: &Path) -> Result<(), FetchError> {
    files::sync_folder(path).map_err(|error| FetchError::file("sync the folder", path, error))
}

fn make_folder(path: &Path) -> Result<(), FetchError> {
    fs::create_dir_all(path).map_err(|error| FetchError::file("make the folder", path, error))
}

fn remove_folder(path: &Path) -> Result<(), FetchError> {
    removed("remove the folder", path, fs::remove_dir_all(path))
}

/// Removes a file if there is one.
pub(super) fn remove_file(path: &Path) -> Result<(), FetchError> {
    removed("remove", path, fs::remove_file(path))
}

fn removed(action: &'static str, path: &Path, result: io::Result<()>) -> Result<(), FetchError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FetchError::file(action, path, error))
        }
        _ => Ok(()),
    }
}
