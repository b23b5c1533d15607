//! A folder is there whole or not at all, whatever happens while it is filled.

#![cfg(unix)]

mod helpers;

use std::{
    fs,
    io::{self, BufRead, BufReader},
    os::unix::fs::symlink,
    path::Path,
    thread::sleep,
    time::Duration,
};

use files::PartialFolder;
use helpers::{Disk, child_process, mode, names, task};

#[test]
fn a_folder_appears_at_once_and_replaces_an_earlier_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("below/results");
    fill(&target, &["deep/a", "b"]).unwrap();
    assert_eq!(names(&target), ["b", "deep"]);

    let partial = PartialFolder::begin(&target).unwrap();
    partial.write("c", b"c").unwrap();
    assert_eq!(names(&target), ["b", "deep"], "not before it is finished");
    partial.finish().unwrap();
    assert_eq!(names(&target), ["c"]);
    assert_eq!(names(&folder.path().join("below")), ["results"]);
}

#[test]
fn a_folder_that_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("results");
    fill(&target, &["a"]).unwrap();
    let partial = PartialFolder::begin(&target).unwrap();
    partial.write("b", b"b").unwrap();
    drop(partial);
    assert_eq!(names(folder.path()), ["results"]);
    assert_eq!(names(&target), ["a"]);
}

#[test]
fn a_file_in_the_place_of_the_target_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("results");
    let partial = PartialFolder::begin(&target).unwrap();
    fs::write(&target, "a thesis").unwrap();
    let error = partial.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    PartialFolder::begin(&target).unwrap_err();
    assert_eq!(fs::read(&target).unwrap(), b"a thesis");
    assert_eq!(names(folder.path()), ["results"]);
    let error = PartialFolder::begin(Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("no folder name"), "{error}");
}

#[test]
fn a_link_is_replaced_and_the_folder_it_leads_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [link, elsewhere] = ["link", "elsewhere"].map(|name| folder.path().join(name));
    fill(&elsewhere, &["a"]).unwrap();
    symlink(&elsewhere, &link).unwrap();
    fill(&link, &["b"]).unwrap();
    assert!(!link.is_symlink());
    assert_eq!(names(&link), ["b"]);
    assert_eq!(names(&elsewhere), ["a"]);
    assert_eq!(names(folder.path()), ["elsewhere", "link"]);
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let partial = PartialFolder::begin(&folder.path().join("results")).unwrap();
    for name in ["../a", "/tmp/a", "deep/../../a"] {
        let error = partial.write(name, b"").unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(!folder.path().join("a").exists());
}

#[test]
fn new_folders_may_be_read_by_whom_the_umask_lets_and_plain_names_lie_in_the_current_folder() {
    for (umask, folders, files) in [("022", "755", "644"), ("077", "700", "600")] {
        let folder = tempfile::tempdir().unwrap();
        let output = child_process("fill", folder.path(), umask)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let target = folder.path().join("results");
        assert_eq!(names(folder.path()), ["results"]);
        assert_eq!(mode(&target), folders);
        assert_eq!(mode(target.join("deep")), folders);
        assert_eq!(mode(target.join("deep/a")), files);
    }
}

#[test]
fn a_full_disk_leaves_the_earlier_folder_and_nothing_else() {
    let Some(disk) = Disk::mount("size=64k", "a full disk") else {
        return;
    };
    let target = disk.path().join("results");
    fill(&target, &["a"]).unwrap();
    let partial = PartialFolder::begin(&target).unwrap();
    let error = partial.write("b", &vec![0; 100_000]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    drop(partial);
    assert_eq!(names(disk.path()), ["results"]);
    disk.make_read_only();
    let error = PartialFolder::begin(&target).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem, "{error}");
    assert_eq!(names(&target), ["a"]);
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_a_living_one_fills_stays() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("results");
    let mut filling = child_process("fill half", folder.path(), "022")
        .spawn()
        .unwrap();
    let said = BufReader::new(filling.stdout.take().unwrap()).lines();
    assert!(
        said.map_while(Result::ok)
            .any(|line| line.contains("half filled"))
    );
    drop(PartialFolder::begin(&target).unwrap());
    assert_eq!(names(folder.path()).len(), 1, "the living one's");
    // Another target has the same beginning.
    fs::create_dir(folder.path().join(".partial-results2-abcdef")).unwrap();
    filling.kill().unwrap();
    filling.wait().unwrap();
    assert_eq!(names(folder.path()).len(), 2, "the dead one's");
    drop(PartialFolder::begin(&target).unwrap());
    assert_eq!(names(folder.path()), [".partial-results2-abcdef"]);
}

#[test]
fn two_at_once_fill_the_same_target_and_the_last_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("results");
    let [first, second] = [(); 2].map(|()| PartialFolder::begin(&target).unwrap());
    first.write("first", b"").unwrap();
    second.write("second", b"").unwrap();
    second.finish().unwrap();
    first.finish().unwrap();
    assert_eq!(names(&target), ["first"]);
    assert_eq!(names(folder.path()), ["results"]);
}

#[test]
#[ignore = "is run by other tests"]
fn child() {
    let target = Path::new("results");
    match task().as_deref() {
        Some("fill") => fill(target, &["deep/a"]).unwrap(),
        Some("fill half") => {
            let partial = PartialFolder::begin(target).unwrap();
            partial.write("a", b"a").unwrap();
            println!("half filled");
            sleep(Duration::from_secs(60));
        }
        _ => {}
    }
}

fn fill(target: &Path, names: &[&str]) -> io::Result<()> {
    let partial = PartialFolder::begin(target)?;
    names
        .iter()
        .try_for_each(|name| partial.write(name, b"x"))?;
    partial.finish()
}
