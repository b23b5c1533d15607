//! One folder in the place of another.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use crate::durable::{parent_of, sync_folder};

/// Prefix of a file or folder that is not finished.
pub(crate) const PARTIAL: &str = ".partial-";
/// Prefix of a folder in whose place another is being put, where the file system cannot exchange the two.
const REPLACED: &str = ".replaced-";

/// Puts in order what killed processes left in `parent`: a folder whose replacement was cut off gets its name back, and
/// what was unfinished or replaced is removed. For folders in which nobody else is writing.
///
/// # Errors
/// The folder cannot be read or written.
pub fn recover(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if let Some(name) = without_prefix(name, REPLACED) {
            give_back(&parent.join(name))?;
        } else if without_prefix(name, PARTIAL).is_some() {
            remove(&path)?;
        }
    }
    sync_folder(parent)
}

/// The folders in `parent` by name, and where they are now: as [`recover`] would leave them, without changing anything.
/// Links to folders count.
///
/// # Errors
/// The folder cannot be read.
pub fn folders_in(parent: &Path) -> io::Result<BTreeMap<OsString, PathBuf>> {
    let mut folders = BTreeMap::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if without_prefix(name, PARTIAL).is_some() || !path.is_dir() {
            continue;
        }
        match without_prefix(name, REPLACED) {
            Some(name) if is_there(&parent.join(name)) => {}
            Some(name) => _ = folders.insert(name.into(), path),
            None => _ = folders.insert(name.to_owned(), path),
        }
    }
    Ok(folders)
}

/// Removes `folder` so that nobody sees a part of it: it loses its name first, in one step.
///
/// # Errors
/// It is not there, or cannot be removed. Once it has lost its name [`recover`] removes the rest.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    let mut name = OsString::from(PARTIAL);
    name.push(folder.file_name().unwrap_or_default());
    name.push("-removed");
    let hidden = parent_of(folder).join(name);
    if is_there(&hidden) {
        remove(&hidden)?;
    }
    fs::rename(folder, &hidden)?;
    remove(&hidden)
}

/// Gives the folder `new` the name `target`, and what had it before the name of `new`.
pub(crate) fn replace(new: &Path, target: &Path) -> io::Result<()> {
    if is_there(target) {
        // Whatever made the file system refuse, if it keeps plain renames from working too, the first of them says so.
        exchange(new, target).or_else(|_| exchange_by_renames(new, target, || ()))?;
    } else {
        fs::rename(new, target)?;
    }
    sync_folder(parent_of(target))
}

/// Undoes or completes a replacement of `target` that was cut off.
pub(crate) fn give_back(target: &Path) -> io::Result<()> {
    let replaced = replaced(target);
    if !is_there(&replaced) {
        return Ok(());
    }
    if is_there(target) {
        remove(&replaced)
    } else {
        fs::rename(&replaced, target)
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// For file systems that cannot exchange names. After a kill at any moment `target` is there, or what [`give_back`] makes
/// it from. `between` is called when it is not there.
fn exchange_by_renames(new: &Path, target: &Path, between: impl FnOnce()) -> io::Result<()> {
    let replaced = replaced(target);
    fs::rename(target, &replaced)?;
    between();
    if let Err(error) = fs::rename(new, target) {
        fs::rename(&replaced, target)?;
        return Err(error);
    }
    // The replacement is done; what cannot be renamed any more is removed by the next `give_back`.
    let _ = fs::rename(&replaced, new);
    Ok(())
}

fn replaced(target: &Path) -> PathBuf {
    let mut name = OsString::from(REPLACED);
    name.push(target.file_name().unwrap_or_default());
    parent_of(target).join(name)
}

/// Names that are not UTF-8 are none of ours here.
fn without_prefix<'a>(name: &'a OsStr, prefix: &str) -> Option<&'a str> {
    name.to_str()?.strip_prefix(prefix)
}

/// True if something has the name, be it a link to nothing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

#[cfg(test)]
#[path = "../tests/helpers/listed.rs"]
mod listed;

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::{listed::names, *};

    const TARGET: &str = "CHILD_REPLACES";

    #[test]
    fn names_are_exchanged_in_one_step_where_the_file_system_can() {
        let folder = old_and_new();
        let [old, new] = ["target", "new"].map(|name| folder.path().join(name));
        exchange(&new, &old).unwrap();
        assert_eq!(content(&old), "new");
        assert_eq!(content(&new), "old");
    }

    #[test]
    fn without_an_exchange_the_same_comes_about_by_renames() {
        let folder = old_and_new();
        let [target, new] = ["target", "new"].map(|name| folder.path().join(name));
        exchange_by_renames(&new, &target, || assert!(!is_there(&target))).unwrap();
        assert_eq!(content(&target), "new");
        assert_eq!(content(&new), "old");
        assert_eq!(names(folder.path()), ["new", "target"]);
    }

    #[test]
    fn a_second_rename_that_fails_is_an_error_and_the_old_folder_is_back() {
        let folder = old_and_new();
        let target = folder.path().join("target");
        exchange_by_renames(&folder.path().join("missing"), &target, || ()).unwrap_err();
        assert_eq!(content(&target), "old");
        assert_eq!(names(folder.path()), ["new", "target"]);
    }

    #[test]
    fn after_a_kill_between_the_renames_the_old_folder_is_found_and_gets_its_name_back() {
        let folder = killed_between_the_renames();
        let target = folder.path().join("target");
        assert!(!is_there(&target), "the child was not killed in between");
        let before = names(folder.path());
        let found = folders_in(folder.path()).unwrap();
        assert_eq!(content(&found[OsStr::new("target")]), "old");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(names(folder.path()), before, "looking changes nothing");

        recover(folder.path()).unwrap();
        assert_eq!(content(&target), "old");
        assert_eq!(names(folder.path()), ["target"]);
        recover(folder.path()).unwrap();
        assert_eq!(content(&target), "old");
    }

    #[test]
    fn the_next_attempt_at_the_target_gives_the_name_back_too() {
        let folder = killed_between_the_renames();
        let target = folder.path().join("target");
        drop(crate::PartialFolder::begin(&target).unwrap());
        assert_eq!(content(&target), "old");
    }

    #[test]
    fn after_a_kill_behind_the_renames_the_new_folder_stays_and_the_old_one_goes() {
        let folder = old_and_new();
        let target = folder.path().join("target");
        fs::rename(&target, replaced(&target)).unwrap();
        fs::rename(folder.path().join("new"), &target).unwrap();
        let found = folders_in(folder.path()).unwrap();
        assert_eq!(
            found.into_values().collect::<Vec<_>>(),
            std::slice::from_ref(&target)
        );
        recover(folder.path()).unwrap();
        assert_eq!(content(&target), "new");
        assert_eq!(names(folder.path()), ["target"]);
    }

    #[test]
    fn recovery_removes_what_is_unfinished_and_nothing_else() {
        let folder = old_and_new();
        let path = |name| folder.path().join(name);
        fs::create_dir_all(path(".partial-x/deep")).unwrap();
        fs::write(path(".partial-y"), "").unwrap();
        fs::write(path(".hidden"), "").unwrap();
        recover(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [".hidden", "new", "target"]);
        recover(&path("missing")).unwrap_err();
    }

    #[test]
    fn a_removed_folder_is_gone_and_so_is_what_a_killed_removal_left() {
        let folder = old_and_new();
        let target = folder.path().join("target");
        let rest = folder.path().join(".partial-target-removed");
        fs::create_dir_all(rest.join("deep")).unwrap();
        remove_folder(&target).unwrap();
        assert_eq!(names(folder.path()), ["new"]);
        assert_eq!(
            remove_folder(&target).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    /// What cannot be removed has lost its name: nobody takes the rest for the folder.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_whose_removal_fails_half_way_is_not_seen() {
        let folder = old_and_new();
        let target = folder.path().join("target");
        let busy = target.join("busy");
        fs::create_dir(&busy).unwrap();
        let mount = |name: &str, arguments: &[&str]| {
            let status = Command::new(name).args(arguments).status();
            status.is_ok_and(|status| status.success())
        };
        if !mount("mount", &["-t", "tmpfs", "tmpfs", busy.to_str().unwrap()]) {
            let _ = fs::write("/dev/stderr", "skipped: no tmpfs may be mounted here\n");
            return;
        }
        let error = remove_folder(&target);
        let rest = folder.path().join(".partial-target-removed/busy");
        let unmounted = mount("umount", &[rest.to_str().unwrap()]);
        assert!(unmounted, "the folder was not moved");
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(folders_in(folder.path()).unwrap().len(), 1);
        recover(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["new"]);
    }

    /// The child of the tests above.
    #[test]
    #[ignore = "is run by other tests, and killed"]
    fn child() {
        let Some(folder) = env::var_os(TARGET).map(PathBuf::from) else {
            return;
        };
        let kill = || std::process::abort();
        exchange_by_renames(&folder.join(".partial-new"), &folder.join("target"), kill).unwrap();
    }

    fn killed_between_the_renames() -> tempfile::TempDir {
        let folder = old_and_new();
        fs::rename(
            folder.path().join("new"),
            folder.path().join(".partial-new"),
        )
        .unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "replace::tests::child"])
            .env(TARGET, folder.path())
            .output()
            .unwrap();
        assert!(!output.status.success());
        folder
    }

    fn old_and_new() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("target", "old"), ("new", "new")] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("content"), content).unwrap();
        }
        folder
    }

    fn content(folder: &Path) -> String {
        fs::read_to_string(folder.join("content")).unwrap()
    }
}
