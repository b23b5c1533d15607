//! The data set fetched from a server on this machine, with archives that the test makes.

#[path = "../../download/tests/support/server.rs"]
mod server;

#[path = "../../files/tests/helpers/listed.rs"]
mod listed;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use listed::files_below;
use md5::Digest as _;
use pictures::fetch::{ArchiveSource, FetchError, FetchEvent, FetchState, fetch, state};
use server::{Answer, Server};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// The two archives of a small data set.
#[derive(Clone)]
struct Archives {
    images: Vec<u8>,
    annotations: Vec<u8>,
}

impl Archives {
    fn small() -> Self {
        let images = archive(|tar| {
            add(tar, "images/", EntryType::Directory, b"");
            add(tar, "images/pug_1.jpg", EntryType::Regular, b"a pug");
            add(
                tar,
                "images/Bombay_2.jpg",
                EntryType::Regular,
                &[7; 100_000],
            );
            add(tar, "images/beagle_3.jpg", EntryType::Regular, b"");
        });
        let annotations = archive(|tar| {
            // Names in the real archive begin like this.
            add(tar, "./annotations/list.txt", EntryType::Regular, b"# list");
            add(
                tar,
                "./annotations/trimaps/pug_1.png",
                EntryType::Regular,
                b"a trimap",
            );
            add(
                tar,
                "./annotations/trimaps/._pug_1.png",
                EntryType::Regular,
                b"from a Mac",
            );
        });
        Archives {
            images,
            annotations,
        }
    }

    fn file(&self, path: &str) -> &[u8] {
        match path {
            "/pets/images.tar.gz" => &self.images,
            "/pets/annotations.tar.gz" => &self.annotations,
            other => panic!("{other} was asked for"),
        }
    }

    fn serve(&self) -> Server {
        let archives = self.clone();
        Server::start(move |request, _| Answer::honest(request, archives.file(&request.path)))
    }

    fn source(&self, server: &Server) -> ArchiveSource {
        ArchiveSource {
            address: server.url("/pets/"),
            images_md5: md5(&self.images),
            annotations_md5: md5(&self.annotations),
        }
    }
}

/// A new folder, and the small data set on a server.
fn served() -> (TempDir, Archives, Server) {
    let archives = Archives::small();
    let server = archives.serve();
    (TempDir::new().unwrap(), archives, server)
}

fn archive(fill: impl FnOnce(&mut Builder<GzEncoder<Vec<u8>>>)) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut tar);
    tar.into_inner().unwrap().finish().unwrap()
}

/// Adds an entry whose name is written as it is: the library would refuse to write the hostile ones.
fn add(tar: &mut Builder<GzEncoder<Vec<u8>>>, name: &str, kind: EntryType, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

fn md5(bytes: &[u8]) -> String {
    md5::Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn run(source: &ArchiveSource, folder: &Path) -> Result<(), FetchError> {
    fetch(source, folder, &mut |_| ())
}

/// All files below a folder but the lock.
fn files_in(folder: &Path) -> Vec<String> {
    let files = files_below(folder).into_keys();
    files.filter(|file| file != ".fetch.lock").collect()
}

const COMPLETE: [&str; 7] = [
    "annotations/.fetched.json",
    "annotations/list.txt",
    "annotations/trimaps/pug_1.png",
    "images/.fetched.json",
    "images/Bombay_2.jpg",
    "images/beagle_3.jpg",
    "images/pug_1.jpg",
];

#[track_caller]
fn assert_complete(folder: &Path) {
    assert_eq!(files_in(folder), COMPLETE);
    assert_eq!(fs::read(folder.join("images/pug_1.jpg")).unwrap(), b"a pug");
    assert_eq!(
        fs::read(folder.join("images/Bombay_2.jpg")).unwrap(),
        [7; 100_000]
    );
    assert_eq!(
        fs::read(folder.join("annotations/trimaps/pug_1.png")).unwrap(),
        b"a trimap"
    );
    assert_eq!(state(folder), FetchState::Complete);
}

fn paths(server: &Server) -> Vec<String> {
    server
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect()
}

#[test]
fn a_fetch_leaves_two_complete_folders_and_no_archives() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("data/oxford-iiit-pet");
    let archives = Archives::small();
    let server = archives.serve();
    assert_eq!(state(&target), FetchState::Absent);
    run(&archives.source(&server), &target).unwrap();
    assert_complete(&target);
}

#[test]
fn a_second_fetch_asks_the_server_for_nothing() {
    let (folder, archives, server) = served();
    run(&archives.source(&server), folder.path()).unwrap();
    assert_eq!(server.requests().len(), 2);
    let mut events = Vec::new();
    fetch(&archives.source(&server), folder.path(), &mut |event| {
        events.push(event)
    })
    .unwrap();
    assert_eq!(server.requests().len(), 2);
    let done = |archive: &str, files| FetchEvent::Done {
        archive: archive.to_string(),
        files,
        was_complete: true,
    };
    assert_eq!(
        events,
        [done("images.tar.gz", 3), done("annotations.tar.gz", 2)]
    );
}

#[test]
fn the_events_tell_the_steps_in_order() {
    let (folder, archives, server) = served();
    let mut steps = Vec::new();
    fetch(&archives.source(&server), folder.path(), &mut |event| {
        let step = match event {
            FetchEvent::WaitingForOtherProcess => "waiting".to_string(),
            FetchEvent::Downloading { archive, .. } => format!("downloading {archive}"),
            FetchEvent::Verifying { archive } => format!("verifying {archive}"),
            FetchEvent::Unpacking { archive, files } => format!("unpacking {files} of {archive}"),
            FetchEvent::Done {
                archive,
                files,
                was_complete,
            } => format!("done {files} of {archive} {was_complete}"),
        };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    })
    .unwrap();
    let expected = [
        "downloading images.tar.gz",
        "verifying images.tar.gz",
        "unpacking 1 of images.tar.gz",
        "unpacking 2 of images.tar.gz",
        "unpacking 3 of images.tar.gz",
        "done 3 of images.tar.gz false",
        "downloading annotations.tar.gz",
        "verifying annotations.tar.gz",
        "unpacking 1 of annotations.tar.gz",
        "unpacking 2 of annotations.tar.gz",
        "done 2 of annotations.tar.gz false",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_bad_line_and_a_server_that_ignores_ranges_do_no_harm() {
    let folder = TempDir::new().unwrap();
    let archives = Archives::small();
    let served = archives.clone();
    let server = Server::start(move |request, number| {
        let file = served.file(&request.path);
        match number {
            0 => Answer::honest(request, file).cut_after(100),
            1 => Answer::honest(request, file),
            2 => Answer::whole(file).cut_after(50),
            _ => Answer::whole(file),
        }
    });
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(server.ranges(), [None, Some(100), None, Some(50)]);
}

#[test]
fn a_wrong_checksum_unpacks_nothing() {
    let (folder, archives, server) = served();
    let source = ArchiveSource {
        images_md5: "0".repeat(32),
        ..archives.source(&server)
    };
    let error = run(&source, folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Download(download::DownloadError::WrongDigest { .. })
        ),
        "{error}"
    );
    assert_eq!(files_in(folder.path()), [""; 0]);
}

#[test]
fn an_archive_that_was_downloaded_but_not_unpacked_is_not_downloaded_again() {
    let (folder, archives, server) = served();
    fs::write(folder.path().join("images.tar.gz"), &archives.images).unwrap();
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(paths(&server), ["/pets/annotations.tar.gz"]);
}

#[test]
fn what_a_killed_run_left_half_unpacked_is_replaced() {
    let (folder, archives, server) = served();
    fs::write(folder.path().join("images.tar.gz"), &archives.images).unwrap();
    fs::create_dir_all(folder.path().join(".images.unpacking/images")).unwrap();
    fs::write(
        folder.path().join(".images.unpacking/images/Bombay_2.jpg"),
        [7; 10],
    )
    .unwrap();
    fs::write(
        folder
            .path()
            .join(".images.unpacking/images/leftover_9.jpg"),
        b"",
    )
    .unwrap();
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
}

#[test]
fn an_archive_that_a_killed_run_did_not_remove_is_removed() {
    let (folder, archives, server) = served();
    run(&archives.source(&server), folder.path()).unwrap();
    fs::write(folder.path().join("images.tar.gz"), &archives.images).unwrap();
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_download_that_was_interrupted_is_continued() {
    let (folder, archives, server) = served();
    fs::write(
        folder.path().join("images.tar.gz.part"),
        &archives.images[..60],
    )
    .unwrap();
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(server.ranges(), [Some(60), None]);
}

#[test]
fn only_what_is_missing_is_fetched() {
    let (folder, archives, server) = served();
    run(&archives.source(&server), folder.path()).unwrap();
    fs::remove_dir_all(folder.path().join("annotations")).unwrap();
    assert_eq!(state(folder.path()), FetchState::Partial);
    run(&archives.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(paths(&server)[2..], ["/pets/annotations.tar.gz"]);
}

#[test]
fn missing_and_shortened_files_are_repaired_and_others_stay() {
    let (folder, archives, server) = served();
    for damage in ["missing", "shortened", "no record", "broken record"] {
        run(&archives.source(&server), folder.path()).unwrap();
        let images = folder.path().join("images");
        fs::write(images.join("mine_1.jpg"), b"mine").unwrap();
        match damage {
            "missing" => fs::remove_file(images.join("pug_1.jpg")).unwrap(),
            "shortened" => fs::write(images.join("Bombay_2.jpg"), [7; 99_999]).unwrap(),
            "no record" => fs::remove_file(images.join(".fetched.json")).unwrap(),
            _ => fs::write(images.join(".fetched.json"), b"{").unwrap(),
        }
        assert_eq!(state(folder.path()), FetchState::Partial, "{damage}");
        run(&archives.source(&server), folder.path()).unwrap();
        assert_eq!(
            fs::read(images.join("mine_1.jpg")).unwrap(),
            b"mine",
            "{damage}"
        );
        fs::remove_file(images.join("mine_1.jpg")).unwrap();
        assert_complete(folder.path());
    }
}

#[test]
fn another_edition_of_an_archive_is_fetched_over_the_old_one() {
    let folder = TempDir::new().unwrap();
    let old = Archives {
        images: archive(|tar| add(tar, "images/pug_1.jpg", EntryType::Regular, b"an older pug")),
        ..Archives::small()
    };
    let server = old.serve();
    run(&old.source(&server), folder.path()).unwrap();
    let new = Archives::small();
    let server = new.serve();
    run(&new.source(&server), folder.path()).unwrap();
    assert_complete(folder.path());
    assert_eq!(paths(&server), ["/pets/images.tar.gz"]);
}

/// Fetches an archive of images and asserts that nothing of it stays, in the folder or around it.
#[track_caller]
fn refused(images: Vec<u8>) -> FetchError {
    let around = TempDir::new().unwrap();
    let folder = around.path().join("data");
    let archives = Archives {
        images,
        ..Archives::small()
    };
    let server = archives.serve();
    let error = run(&archives.source(&server), &folder).unwrap_err();
    assert_eq!(
        files_in(around.path()),
        ["data/.fetch.lock", "data/images.tar.gz"]
    );
    assert!(!folder.join(".images.unpacking").exists());
    assert!(error.to_string().contains("images.tar.gz"), "{error}");
    error
}

#[test]
fn an_entry_that_leads_outside_its_folder_is_a_named_error() {
    let absolute = std::env::temp_dir().join("pets-fetch-test-must-not-exist");
    for name in [
        "../evil.jpg",
        "images/../../evil.jpg",
        "/evil.jpg",
        "..",
        absolute.to_str().unwrap(),
    ] {
        let error = refused(archive(|tar| {
            add(tar, "images/pug_1.jpg", EntryType::Regular, b"a pug");
            add(tar, name, EntryType::Regular, b"evil");
        }));
        let expected = format!("entry \"{name}\" leads outside its folder");
        assert!(matches!(error, FetchError::UnsafeEntry { .. }), "{error}");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    assert!(!absolute.exists());
}

#[test]
fn a_link_or_device_is_a_named_error() {
    for (kind, fault) in [
        (EntryType::Symlink, "is a link"),
        (EntryType::Link, "is a link"),
        (EntryType::Char, "is a device"),
        (EntryType::Block, "is a device"),
        (EntryType::Fifo, "is a device"),
        (EntryType::new(b'V'), "is neither a file nor a folder"),
    ] {
        let error = refused(archive(|tar| {
            add(tar, "images/pug_1.jpg", EntryType::Regular, b"a pug");
            add(tar, "images/pug_2.jpg", kind, b"");
        }));
        assert!(matches!(error, FetchError::UnsafeEntry { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("entry \"images/pug_2.jpg\" {fault}")),
            "{error}"
        );
    }
}

#[test]
fn an_archive_that_claims_more_than_four_gigabytes_is_refused() {
    let error = refused(archive(|tar| {
        let mut header = Header::new_gnu();
        header.set_path("images/bomb_1.jpg").unwrap();
        header.set_size((4 << 30) + 1);
        header.set_cksum();
        tar.append(&header, &b""[..]).unwrap();
    }));
    assert!(
        matches!(error, FetchError::TooLarge { unit: "bytes", .. }),
        "{error}"
    );
}

#[test]
fn an_archive_of_more_entries_than_any_data_set_is_refused() {
    let error = refused(archive(|tar| {
        for _ in 0..200_001 {
            add(tar, "images/", EntryType::Directory, b"");
        }
    }));
    assert!(
        matches!(
            error,
            FetchError::TooLarge {
                unit: "entries",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_damaged_archive_whose_checksum_holds_is_a_named_error() {
    let whole = Archives::small().images;
    for images in [
        whole[..whole.len() / 2].to_vec(),
        b"no archive at all".to_vec(),
        Vec::new(),
    ] {
        let error = refused(images);
        assert!(matches!(error, FetchError::Archive { .. }), "{error}");
    }
}

#[test]
fn an_archive_without_its_folder_is_a_named_error() {
    let error = refused(archive(|tar| {
        add(tar, "pictures/pug_1.jpg", EntryType::Regular, b"a pug")
    }));
    assert!(matches!(error, FetchError::MissingFolder { .. }), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_named_error() {
    let (folder, archives, server) = served();
    fs::write(folder.path().join("file"), b"").unwrap();
    let error = run(&archives.source(&server), &folder.path().join("file/data")).unwrap_err();
    assert!(matches!(error, FetchError::File { .. }), "{error}");
}

#[test]
fn two_at_once_take_turns() {
    let (folder, archives, server) = served();
    let source = Arc::new(archives.source(&server));
    std::thread::scope(|scope| {
        let runs = [(), (), ()].map(|()| scope.spawn(|| run(&source, folder.path())));
        for run in runs {
            run.join().unwrap().unwrap();
        }
    });
    assert_complete(folder.path());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_default_source_is_the_home_of_the_data_set() {
    let source = ArchiveSource::default();
    assert_eq!(
        source.address,
        "https://thor.robots.ox.ac.uk/~vgg/data/pets/"
    );
    assert_eq!(source.images_md5, "5c4f3ee8e5d25df40f4fd59a7f44e54c");
    assert_eq!(source.annotations_md5, "95a8c909bbe2e81eed6a22bccdf3f68f");
}

/// A folder of the data set with these files; names that end in a slash are folders.
fn folder_with(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(if name.ends_with('/') {
            &path
        } else {
            path.parent().unwrap()
        })
        .unwrap();
        if !name.ends_with('/') {
            fs::write(&path, b"bytes").unwrap();
        }
    }
    folder
}

#[test]
fn nothing_of_the_data_set_is_absent() {
    assert_eq!(state(Path::new("no such folder/data")), FetchState::Absent);
    for names in [&[][..], &[".fetch.lock"], &["notes.txt", "other/pug_1.jpg"]] {
        let folder = folder_with(names);
        assert_eq!(state(folder.path()), FetchState::Absent, "{names:?}");
    }
}

#[test]
fn one_of_the_two_folders_or_any_trace_of_a_fetch_is_partial() {
    for names in [
        &["images/pug_1.jpg"][..],
        &["annotations/list.txt"],
        &["images/pug_1.jpg", "annotations"],
        &["images.tar.gz.part"],
        &["images.tar.gz"],
        &["images/pug_1.jpg", "annotations.tar.gz"],
        &[".images.unpacking/images/pug_1.jpg"],
        &["images/pug_1.jpg", ".annotations.unpacking/"],
        &[
            "images/pug_1.jpg",
            "annotations/list.txt",
            "images.tar.gz.part",
        ],
        &[
            "images/pug_1.jpg",
            "annotations/list.txt",
            ".annotations.unpacking/",
        ],
        &["images/.fetched.json", "annotations/list.txt"],
        &["images/pug_1.jpg", "annotations/.fetched.json"],
    ] {
        let folder = folder_with(names);
        assert_eq!(state(folder.path()), FetchState::Partial, "{names:?}");
    }
}

#[test]
fn both_folders_without_a_trace_of_a_fetch_are_someone_elses() {
    for names in [
        &["images/", "annotations/"][..],
        &["images/pug_1.jpg", "annotations/list.txt"],
        // People who unpack archives by hand have them, too.
        &[
            "images/pug_1.jpg",
            "annotations/list.txt",
            "images.tar.gz",
            "annotations.tar.gz",
        ],
        &[".fetch.lock", "images/pug_1.jpg", "annotations/list.txt"],
    ] {
        let folder = folder_with(names);
        assert_eq!(state(folder.path()), FetchState::Unrecorded, "{names:?}");
    }
}

#[test]
fn an_archive_left_beside_a_complete_data_set_does_not_matter() {
    let (folder, archives, server) = served();
    run(&archives.source(&server), folder.path()).unwrap();
    fs::write(folder.path().join("images.tar.gz"), &archives.images).unwrap();
    fs::write(folder.path().join("images/mine_1.jpg"), b"mine").unwrap();
    assert_eq!(state(folder.path()), FetchState::Complete);
}

/// The case in which training went on without annotations: an interruption between the two archives.
#[test]
fn a_fetch_that_fails_at_the_second_archive_leaves_a_partial_folder_that_the_next_one_completes() {
    let (folder, archives, server) = served();
    let honest = archives.source(&server);
    let source = ArchiveSource {
        annotations_md5: "0".repeat(32),
        ..honest.clone()
    };
    run(&source, folder.path()).unwrap_err();
    assert!(folder.path().join("images/pug_1.jpg").exists());
    assert!(!folder.path().join("annotations").exists());
    assert_eq!(state(folder.path()), FetchState::Partial);
    run(&honest, folder.path()).unwrap();
    assert_complete(folder.path());
}
