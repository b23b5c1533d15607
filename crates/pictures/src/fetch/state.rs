//! Completeness of the data set in a folder.

use std::path::Path;

use super::names::{ANNOTATIONS, IMAGES, archive, unpacking};
use super::record::FetchRecord;

/// Completeness of the data set in a folder, as far as can be told without its archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchState {
    /// Nothing of the data set, or no folder at all.
    Absent,
    /// Part of the data set: a fetch was interrupted, a file that was fetched is missing or has another length, or
    /// only one of `images/` and `annotations/` is there. [`fetch`](super::fetch) brings the rest.
    Partial,
    /// Every file that a fetch brought, each with its length.
    Complete,
    /// Both `images/` and `annotations/`, but no trace of a fetch: someone unpacked the archives or arranged the files
    /// by hand, and decides what belongs there.
    Unrecorded,
}

/// Finds out how much of the data set `folder` holds. Reads the records that a fetch leaves in `images/` and
/// `annotations/` and the lengths of the files in them; contents are not read.
///
/// A fetch leaves traces at every point: archives on the way (`images.tar.gz.part`), hidden folders in which archives
/// are unpacked, and at last the records. The lock file is no trace, and an archive without them none either: people
/// who unpack archives by hand leave them behind as well.
pub fn state(folder: &Path) -> FetchState {
    let parts = [IMAGES, ANNOTATIONS].map(|name| Part::of(folder, name));
    if parts.iter().all(|part| part.record == Recorded::Whole) {
        FetchState::Complete
    } else if parts.iter().all(Part::is_foreign) {
        FetchState::Unrecorded
    } else if parts.iter().all(Part::is_absent) {
        FetchState::Absent
    } else {
        FetchState::Partial
    }
}

/// Files and folders of one of the two archives.
struct Part {
    has_folder: bool,
    record: Recorded,
    has_archive: bool,
    /// Traces of a fetch that did not come to its end.
    is_begun: bool,
}

/// Statement of the record in the folder of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    /// There is no record.
    Nothing,
    /// It names files that are missing or have another length, or cannot be read.
    Broken,
    /// Every file is there.
    Whole,
}

impl Part {
    fn of(folder: &Path, name: &str) -> Self {
        let target = folder.join(name);
        let archive = archive(name);
        let record = match FetchRecord::read(&target) {
            Some(record) if record.holds(&target) => Recorded::Whole,
            None if !FetchRecord::exists(&target) => Recorded::Nothing,
            _ => Recorded::Broken,
        };
        Self {
            has_folder: target.is_dir(),
            record,
            has_archive: folder.join(&archive).exists(),
            is_begun: folder.join(format!("{archive}.part")).exists()
                || folder.join(unpacking(name)).exists(),
        }
    }

    fn is_foreign(&self) -> bool {
        self.has_folder && self.record == Recorded::Nothing && !self.is_begun
    }

    fn is_absent(&self) -> bool {
        !(self.has_folder || self.has_archive || self.is_begun)
    }
}
