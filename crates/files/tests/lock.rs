//! A lock is one process's, for as long as that lives.

#![cfg(unix)]

mod helpers;

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::Path,
    sync::mpsc,
    thread::{self, sleep},
    time::Duration,
};

use files::{Lock, Protection, lock_file};
use helpers::{child_process, task};

#[test]
fn a_lock_keeps_others_out_until_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".lock");
    let lock = Lock::try_exclusive(&path).unwrap().expect("free");
    assert_eq!(lock.protection(), Protection::Enforced);
    assert!(Lock::try_exclusive(&path).unwrap().is_none());
    drop(lock);
    assert!(Lock::try_exclusive(&path).unwrap().is_some());
}

#[test]
fn who_waits_says_so_once_and_gets_the_lock_when_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".lock");
    let lock = Lock::wait(&path, || panic!("it is free")).unwrap();
    let (say, waits) = mpsc::channel();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let other = Lock::wait(&path, || say.send("waits").unwrap()).unwrap();
            say.send("has it").unwrap();
            other.protection()
        });
        assert_eq!(waits.recv().unwrap(), "waits");
        sleep(Duration::from_millis(20));
        assert!(waits.try_recv().is_err(), "it has the lock too early");
        drop(lock);
        assert_eq!(waits.recv().unwrap(), "has it");
        assert_eq!(waiting.join().unwrap(), Protection::Enforced);
    });
}

#[test]
fn an_open_file_is_locked_with_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "content").unwrap();
    let file = File::open(&path).unwrap();
    let waited = Cell::new(false);
    assert_eq!(
        lock_file(&file, || waited.set(true)).unwrap(),
        Protection::Enforced
    );
    assert!(!waited.get());
    assert!(Lock::try_exclusive(&path).unwrap().is_none());
    assert_eq!(fs::read(&path).unwrap(), b"content");
}

#[test]
fn a_killed_process_gives_its_lock_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let mut holder = child_process("hold", folder.path(), "022").spawn().unwrap();
    let said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(
        said.map_while(Result::ok)
            .any(|line| line.contains("locked"))
    );
    assert!(Lock::try_exclusive(&path).unwrap().is_none());
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(Lock::try_exclusive(&path).unwrap().is_some());
}

#[test]
fn a_lock_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/.lock");
    let error = Lock::try_exclusive(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    Lock::wait(&path, || ()).unwrap_err();
}

#[test]
#[ignore = "is run by other tests"]
fn child() {
    if task().as_deref() == Some("hold") {
        let _lock = Lock::try_exclusive(Path::new("lock")).unwrap().unwrap();
        println!("locked");
        sleep(Duration::from_secs(60));
    }
}
