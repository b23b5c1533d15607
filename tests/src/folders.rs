//! Folders in which stories take place.

use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A new folder with `config` in its file `name`, gone when it is dropped.
pub fn with_config(name: &str, config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), config).unwrap();
    folder
}

/// The empty folder `name` in `parent` (cargo's folder for tests, `CARGO_TARGET_TMPDIR`), whatever an earlier test left
/// there: for a story that all tests of a file share.
pub fn made_anew(parent: &str, name: &str) -> PathBuf {
    let folder = Path::new(parent).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}
