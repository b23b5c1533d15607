//! Processes that are killed and disks that are full.

#![allow(dead_code, unused_imports, reason = "every test file uses its part")]

mod listed;

pub use listed::names;

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Tells the test `child` what to do.
const TASK: &str = "CHILD_TASK";

/// The task of this process, if it is a child.
pub fn task() -> Option<String> {
    env::var(TASK).ok()
}

/// A process that does `task` in `folder` under `umask`: the test `child` of the file that calls this.
pub fn child_process(task: &str, folder: &Path, umask: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .current_dir(folder)
        .env(TASK, task)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// A file system of its own, in memory.
pub struct Disk {
    folder: PathBuf,
    _parent: tempfile::TempDir,
}

impl Disk {
    /// Mounts one with `options`, as in `size=64k`; where that is forbidden it says that `test` is skipped.
    pub fn mount(options: &str, test: &str) -> Option<Self> {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("disk");
        fs::create_dir(&folder).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&folder)
            .stderr(Stdio::null())
            .status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Self {
                folder,
                _parent: parent,
            });
        }
        // Past the test's captured output, so that it is seen.
        let _ = fs::write(
            "/dev/stderr",
            format!("skipped: {test}: no tmpfs may be mounted here\n"),
        );
        None
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// From here on nothing can be written.
    pub fn make_read_only(&self) {
        let remount = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.folder)
            .status();
        assert!(remount.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.folder).status();
    }
}

/// Permissions of `path`, in octal digits.
#[cfg(unix)]
pub fn mode(path: impl AsRef<OsStr>) -> String {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(Path::new(&path)).unwrap().permissions().mode();
    format!("{:o}", mode & 0o777)
}
