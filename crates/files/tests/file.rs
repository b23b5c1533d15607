//! A file is there whole or not at all, whatever happens while it is written.

#![cfg(unix)]

mod helpers;

use std::{
    fs, io,
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
};

use files::{recover, write_atomically, write_atomically_with};
use helpers::{Disk, child_process, mode, names, task};

#[test]
fn a_file_is_made_and_replaced_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomically(&path, b"first").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"first");
    write_atomically_with(&path, |file| file.write_all(b"second and more")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second and more");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_writer_that_fails_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "old").unwrap();
    let error = write_atomically_with(&path, |file| {
        file.write_all(&vec![0; 100_000])?;
        Err::<(), _>(io::Error::other("no more"))
    });
    assert_eq!(error.unwrap_err().to_string(), "no more");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_file_and_nothing_else() {
    let Some(disk) = Disk::mount("size=64k", "a full disk") else {
        return;
    };
    let path = disk.path().join("file");
    write_atomically(&path, b"old").unwrap();
    let error = write_atomically(&path, &vec![1; 100_000]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    // Small enough to stay in the writer's buffer until its end.
    write_atomically(&disk.path().join("filler"), &vec![1; 57_000]).unwrap();
    let error = write_atomically_with(&path, |file| file.write_all(&[1; 6_000])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(disk.path()), ["file", "filler"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_atomically(&folder.path().join("missing/file"), b"").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(!error.to_string().contains(".partial"), "{error}");
    let Some(disk) = Disk::mount("size=64k", "a read-only folder") else {
        return;
    };
    let path = disk.path().join("file");
    write_atomically(&path, b"old").unwrap();
    disk.make_read_only();
    let error = write_atomically(&path, b"new").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem, "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn new_files_may_be_read_by_whom_the_umask_lets_and_plain_names_lie_in_the_current_folder() {
    for (umask, expected) in [("022", "644"), ("077", "600"), ("002", "664")] {
        let folder = tempfile::tempdir().unwrap();
        let output = child_process("write", folder.path(), umask)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(names(folder.path()), ["file"]);
        assert_eq!(mode(folder.path().join("file")), expected);
    }
}

#[test]
fn a_process_killed_while_it_writes_leaves_the_old_file_and_what_recovery_removes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "old").unwrap();
    let output = child_process("write half", folder.path(), "022")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"old");
    assert_eq!(names(folder.path()).len(), 2, "the child wrote nothing");
    recover(folder.path()).unwrap();
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_link_is_replaced_and_what_it_leads_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::write(path("elsewhere"), "old").unwrap();
    for target in ["elsewhere", "nowhere"] {
        symlink(path(target), path("link")).unwrap();
        write_atomically(&path("link"), b"new").unwrap();
        assert!(path("link").symlink_metadata().unwrap().is_file());
        fs::remove_file(path("link")).unwrap();
    }
    assert_eq!(fs::read(path("elsewhere")).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["elsewhere"]);
}

#[test]
fn folders_devices_and_sockets_are_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::create_dir(path("folder")).unwrap();
    symlink("/dev/null", path("device")).unwrap();
    let _socket = UnixListener::bind(path("socket")).unwrap();
    for name in ["folder", "device", "socket"] {
        write_atomically(&path(name), b"new").unwrap_err();
    }
    assert!(path("device").is_symlink() && path("folder").is_dir());
    assert_eq!(names(folder.path()), ["device", "folder", "socket"]);
    for no_name in ["..", "/", ""] {
        let error = write_atomically(Path::new(no_name), b"").unwrap_err();
        assert!(error.to_string().contains("no file name"), "{error}");
    }
}

#[test]
#[ignore = "is run by other tests"]
fn child() {
    match task().as_deref() {
        Some("write") => write_atomically(Path::new("file"), b"new").unwrap(),
        Some("write half") => write_atomically_with(Path::new("file"), |file| {
            file.write_all(&[0; 100_000])?;
            std::process::abort();
            #[allow(unreachable_code, reason = "gives the closure its type")]
            Ok::<(), io::Error>(())
        })
        .unwrap(),
        _ => {}
    }
}
