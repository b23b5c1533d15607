//! What a finished run has on the disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Every file of every checkpoint, and the figures and the split, by path below `run`.
pub fn files_of(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in ["iterations.csv", "epochs.csv", "split.json"] {
        found.insert(name.into(), fs::read(run.join(name)).unwrap());
    }
    for checkpoint in fs::read_dir(run.join("checkpoints")).unwrap() {
        for file in fs::read_dir(checkpoint.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(run).unwrap().to_owned();
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// Fails unless both runs have the same files, byte for byte.
#[track_caller]
pub fn assert_same_run(found: &Path, expected: &Path) {
    let (name, found, expected) = (found.display(), files_of(found), files_of(expected));
    assert!(
        found.keys().eq(expected.keys()),
        "{name}: {:?}",
        found.keys()
    );
    for (file, bytes) in expected {
        assert!(found[&file] == bytes, "{name}: {} differs", file.display());
    }
}
