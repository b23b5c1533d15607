//! Names of the files and folders that a fetch makes in the folder of the data set.

/// Folder of the photographs.
pub(super) const IMAGES: &str = "images";
/// Folder of lists, trimaps and head boxes.
pub(super) const ANNOTATIONS: &str = "annotations";

/// Lock that is held while a fetch runs; the empty file stays, since removing a lock that others may wait for would
/// break it.
pub(super) const LOCK: &str = ".fetch.lock";

/// File name of the archive with the folder `name`.
pub(super) fn archive(name: &str) -> String {
    format!("{name}.tar.gz")
}

/// Name of the hidden folder in which the archive with the folder `name` is unpacked.
pub(super) fn unpacking(name: &str) -> String {
    format!(".{name}.unpacking")
}
