//! Downloads from a server that behaves as badly as servers and lines do.

#[path = "../tests/support/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use server::{Answer, Request, Server};
use tempfile::TempDir;

use crate::patience::Patience;
use crate::{Digest, Download, DownloadError, Outcome, Phase, Progress, download_with};

/// No pauses, and a silence that only the test of a stalled line reaches.
fn impatient() -> Patience {
    Patience {
        pauses: vec![Duration::ZERO; 3],
        silence: Duration::from_secs(60),
    }
}

/// A quarter of a megabyte in which no two places look alike.
fn some_file() -> Vec<u8> {
    (0..65_536u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

fn sha256(bytes: &[u8]) -> Digest {
    let any = Digest::Sha256(String::new());
    any.of_same_kind(any.of(&mut &*bytes).unwrap())
}

fn wanted(url: String, folder: &TempDir, file: &[u8]) -> Download {
    Download {
        url,
        destination: folder.path().join("weights.pth"),
        digest: sha256(file),
    }
}

fn part_of(download: &Download) -> PathBuf {
    download.destination.with_file_name("weights.pth.part")
}

fn run(download: &Download) -> Result<Outcome, DownloadError> {
    download_with(download, &impatient(), &mut |_| ())
}

#[track_caller]
fn assert_complete(download: &Download, file: &[u8]) {
    assert!(
        fs::read(&download.destination).unwrap() == file,
        "the file at the destination is another one"
    );
    assert!(!part_of(download).exists(), "the part file is still there");
}

/// [`some_file`] on a server, and its download into a new folder.
struct Served {
    folder: TempDir,
    file: Vec<u8>,
    server: Server,
    download: Download,
}

impl Served {
    fn well() -> Self {
        Self::by(|request, _, file| Answer::honest(request, file))
    }

    /// By a server that answers a request, the number of those before it and the file like this.
    fn by(answer: impl Fn(&Request, usize, &[u8]) -> Answer + Send + Sync + 'static) -> Self {
        let folder = TempDir::new().unwrap();
        let file = some_file();
        let sent = file.clone();
        let server = Server::start(move |request, number| answer(request, number, &sent));
        let download = wanted(server.url("/weights.pth"), &folder, &file);
        Self {
            folder,
            file,
            server,
            download,
        }
    }

    #[track_caller]
    fn arrives(&self) {
        assert_eq!(run(&self.download).unwrap(), Outcome::Downloaded);
        assert_complete(&self.download, &self.file);
    }
}

#[track_caller]
fn assert_nothing_left(folder: &Path) {
    let left: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_arrives_whole_in_a_folder_made_for_it() {
    let folder = TempDir::new().unwrap();
    let file = some_file();
    let served = file.clone();
    let server = Server::start(move |request, _| Answer::honest(request, &served));
    let download = Download {
        url: server.url("/weights.pth"),
        destination: folder.path().join("some/new/folder/weights.pth"),
        digest: sha256(&file),
    };
    assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
    assert_complete(&download, &file);
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn a_file_that_is_there_is_not_downloaded_again() {
    let folder = TempDir::new().unwrap();
    let file = some_file();
    let server = Server::start(|_, _| Answer::new("500 Internal Server Error", &[], &[]));
    let download = wanted(server.url("/weights.pth"), &folder, &file);
    fs::write(&download.destination, &file).unwrap();
    assert_eq!(run(&download).unwrap(), Outcome::AlreadyPresent);
    assert_complete(&download, &file);
    assert_eq!(server.requests(), []);
}

#[test]
fn another_file_at_the_destination_is_replaced_only_by_the_right_one() {
    let served = Served::by(|request, number, file| match number {
        0 => Answer::whole(b"something else"),
        _ => Answer::honest(request, file),
    });
    fs::write(&served.download.destination, b"an older file").unwrap();
    assert!(matches!(
        run(&served.download),
        Err(DownloadError::WrongDigest { .. })
    ));
    assert_complete(&served.download, b"an older file");
    served.arrives();
}

#[test]
fn a_cut_line_is_continued_where_it_stopped() {
    let served = Served::by(|request, number, file| match number {
        0 => Answer::honest(request, file).cut_after(100_000),
        1 => Answer::honest(request, file).cut_after(50_000),
        _ => Answer::honest(request, file),
    });
    served.arrives();
    assert_eq!(served.server.ranges(), [None, Some(100_000), Some(150_000)]);
}

#[test]
fn a_part_file_of_an_earlier_run_is_continued() {
    let served = Served::well();
    fs::write(part_of(&served.download), &served.file[..77_777]).unwrap();
    let mut seen: Vec<Progress> = Vec::new();
    download_with(&served.download, &impatient(), &mut |progress| {
        seen.push(progress)
    })
    .unwrap();
    assert_complete(&served.download, &served.file);
    assert_eq!(served.server.ranges(), [Some(77_777)]);
    assert!(
        seen.iter()
            .all(|progress| progress.continued_from == 77_777),
        "{seen:?}"
    );
}

#[test]
fn a_complete_part_file_is_only_moved() {
    let served = Served::well();
    fs::write(part_of(&served.download), &served.file).unwrap();
    served.arrives();
    assert_eq!(served.server.ranges(), [Some(served.file.len())]);
}

#[test]
fn a_part_file_longer_than_the_file_is_started_over() {
    let served = Served::well();
    fs::write(part_of(&served.download), vec![0; served.file.len() + 5]).unwrap();
    served.arrives();
    assert_eq!(served.server.ranges(), [Some(served.file.len() + 5), None]);
}

#[test]
fn a_server_that_ignores_ranges_sends_the_file_from_its_start() {
    let served = Served::by(|_, _, file| Answer::whole(file));
    fs::write(part_of(&served.download), &served.file[..1000]).unwrap();
    served.arrives();
}

#[test]
fn a_range_from_another_place_is_not_appended() {
    let length = some_file().len();
    let total = length.to_string();
    let claims = [
        format!("bytes 0-{}/{total}", length - 1),
        format!("bytes 1001-{}/{total}", length - 1),
        format!("bytes 1000-{length}/{total}"),
        "bytes 1000-999/5".to_string(),
        "bytes */5".to_string(),
        "pages 1000-2000/3000".to_string(),
        String::new(),
    ];
    for claim in claims {
        let folder = TempDir::new().unwrap();
        let file = some_file();
        let served = file.clone();
        let server = Server::start(move |request, _| {
            let answer = Answer::honest(request, &served);
            if request.from.is_some() {
                answer.with_header("Content-Range", &claim)
            } else {
                answer
            }
        });
        let download = wanted(server.url("/weights.pth"), &folder, &file);
        fs::write(part_of(&download), &file[..1000]).unwrap();
        assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
        assert_complete(&download, &file);
        assert_eq!(server.ranges(), [Some(1000), None]);
    }
}

#[test]
fn a_range_sent_in_pieces_is_collected() {
    let served = Served::by(|request, _, file| {
        let Some(from) = request.from else {
            return Answer::whole(file).cut_after(10);
        };
        let to = (from + 100_000).min(file.len());
        let range = format!("bytes {from}-{}/{}", to - 1, file.len());
        let length = (to - from).to_string();
        let headers = [
            ("Content-Range", range.as_str()),
            ("Content-Length", length.as_str()),
        ];
        Answer::new("206 Partial Content", &headers, &file[from..to])
    });
    served.arrives();
}

#[test]
fn an_announced_length_too_long_is_seen_through_when_the_file_is_complete() {
    let served = Served::by(|request, _, file| match request.from {
        None => Answer::whole(file).with_header("Content-Length", &(file.len() + 1000).to_string()),
        Some(_) => Answer::honest(request, file),
    });
    served.arrives();
    assert_eq!(served.server.ranges(), [None, Some(served.file.len())]);
}

#[test]
fn an_announced_length_too_long_for_ever_is_an_error_with_both_lengths() {
    let served = Served::by(|_, _, file| {
        Answer::whole(file).with_header("Content-Length", &(file.len() + 1).to_string())
    });
    let error = run(&served.download).unwrap_err();
    assert!(matches!(&error, DownloadError::BrokenOff { .. }), "{error}");
    assert!(
        error.to_string().contains("after 262144 of 262145 bytes"),
        "{error}"
    );
    assert_eq!(
        served.server.requests().len(),
        1 + 1 + 2,
        "the first try gains bytes, then three more do not"
    );
}

#[test]
fn an_announced_length_too_short_is_an_error_and_nothing_stays() {
    let served = Served::by(|_, _, file| Answer::whole(file).with_header("Content-Length", "1000"));
    let error = run(&served.download).unwrap_err();
    assert!(
        matches!(error, DownloadError::WrongDigest { received: 1000, .. }),
        "{error}"
    );
    assert_nothing_left(served.folder.path());
}

#[test]
fn a_wrong_checksum_is_an_error_that_names_both_and_nothing_stays() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request, _| Answer::honest(request, b"hello"));
    let digests = [
        (
            Digest::Md5("0".repeat(32)),
            "MD5 5d41402abc4b2a76b9719d911017c592",
        ),
        (
            Digest::Sha256("0".repeat(64)),
            "SHA-256 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
        (
            Digest::Sha256Prefix("00000000".to_string()),
            "SHA-256 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
    ];
    for (digest, found) in digests {
        let download = Download {
            url: server.url("/"),
            destination: folder.path().join("weights.pth"),
            digest: digest.clone(),
        };
        let error = run(&download).unwrap_err();
        assert!(
            matches!(error, DownloadError::WrongDigest { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(found), "{error}");
        assert!(error.to_string().contains(&digest.to_string()), "{error}");
        assert_nothing_left(folder.path());
    }
}

#[test]
fn digests_are_compared_in_either_case() {
    let server = Server::start(|request, _| Answer::honest(request, b"hello"));
    for digest in [
        Digest::Md5("5D41402ABC4B2A76B9719D911017C592".to_string()),
        Digest::Sha256Prefix("2CF24DBA".to_string()),
        Digest::Sha256Prefix(
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".to_string(),
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let destination = folder.path().join("weights.pth");
        assert_eq!(
            run(&Download {
                url: server.url("/"),
                destination,
                digest
            })
            .unwrap(),
            Outcome::Downloaded
        );
    }
}

#[test]
fn a_digest_that_could_match_anything_is_refused_before_the_transfer() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request, _| Answer::honest(request, b"hello"));
    for digest in [
        Digest::Sha256Prefix(String::new()),
        Digest::Sha256Prefix("2cf24db".to_string()),
        Digest::Sha256Prefix("2cf24dbx".to_string()),
        Digest::Sha256("2cf24dba".to_string()),
        Digest::Md5("5d41402abc4b2a76b9719d911017c59".to_string()),
    ] {
        let download = Download {
            url: server.url("/"),
            destination: folder.path().join("weights.pth"),
            digest,
        };
        let error = run(&download).unwrap_err();
        assert!(
            matches!(error, DownloadError::MalformedDigest { .. }),
            "{error}"
        );
    }
    assert_eq!(server.requests(), []);
    assert_nothing_left(folder.path());
}

#[test]
fn a_line_that_stays_broken_is_an_error_and_the_next_run_continues() {
    let served = Served::by(|request, number, file| match number {
        0 => Answer::honest(request, file).cut_after(60_000),
        1..=3 => Answer::honest(request, file).cut_after(0),
        _ => Answer::honest(request, file),
    });
    let error = run(&served.download).unwrap_err();
    assert!(
        matches!(
            error,
            DownloadError::BrokenOff {
                received: 60_000,
                total: Some(262_144),
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("run again, it continues from there"),
        "{error}"
    );
    assert!(!served.download.destination.exists());
    assert_eq!(
        fs::read(part_of(&served.download)).unwrap(),
        served.file[..60_000]
    );
    served.arrives();
    assert_eq!(served.server.ranges()[3..], [Some(60_000), Some(60_000)]);
}

#[test]
fn a_silent_line_counts_as_broken() {
    let served = Served::by(|request, number, file| {
        let mut answer = Answer::honest(request, file);
        if number == 0 {
            answer = answer.cut_after(60_000);
            answer.stall = true;
        }
        answer
    });
    let patience = Patience {
        silence: Duration::from_millis(400),
        ..impatient()
    };
    assert_eq!(
        download_with(&served.download, &patience, &mut |_| ()).unwrap(),
        Outcome::Downloaded
    );
    assert_complete(&served.download, &served.file);
    assert_eq!(served.server.ranges()[1], Some(60_000));
}

#[test]
fn a_missing_file_is_one_sentence_and_not_tried_again() {
    let folder = TempDir::new().unwrap();
    let server =
        Server::start(|_, _| Answer::new("404 Not Found", &[("Content-Length", "4")], b"nope"));
    let download = wanted(server.url("/weights.pth"), &folder, b"");
    let error = run(&download).unwrap_err();
    let sentence = format!(
        "the server answered \"404 Not Found\" for {}: check the address",
        download.url
    );
    assert_eq!(error.to_string(), sentence);
    assert_eq!(server.requests().len(), 1);
    assert_nothing_left(folder.path());
}

#[test]
fn an_overloaded_server_is_asked_again() {
    let folder = TempDir::new().unwrap();
    let file = some_file();
    let served = file.clone();
    let server = Server::start(move |request, number| match number {
        0 => Answer::new("503 Service Unavailable", &[("Content-Length", "0")], &[]),
        _ => Answer::honest(request, &served),
    });
    let download = wanted(server.url("/weights.pth"), &folder, &file);
    assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
    assert_complete(&download, &file);

    let server = Server::start(|_, _| {
        Answer::new("503 Service Unavailable", &[("Content-Length", "0")], &[])
    });
    let download = wanted(server.url("/other.pth"), &folder, b"other");
    let error = run(&download).unwrap_err();
    assert!(
        matches!(error, DownloadError::Status { status: 503, .. }),
        "{error}"
    );
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn redirects_are_followed_and_keep_the_range() {
    let served = Served::by(|request, _, file| match request.path.as_str() {
        "/weights.pth" => Answer::new(
            "302 Found",
            &[("Location", "/elsewhere"), ("Content-Length", "0")],
            &[],
        ),
        _ => Answer::honest(request, file),
    });
    fs::write(part_of(&served.download), &served.file[..5]).unwrap();
    served.arrives();
    let last = served.server.requests().pop().unwrap();
    assert_eq!((last.path.as_str(), last.from), ("/elsewhere", Some(5)));
}

#[test]
fn redirects_without_end_are_a_named_error() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|_, _| {
        Answer::new(
            "302 Found",
            &[("Location", "/again"), ("Content-Length", "0")],
            &[],
        )
    });
    let error = run(&wanted(server.url("/again"), &folder, b"")).unwrap_err();
    assert!(
        matches!(error, DownloadError::TooManyRedirects { .. }),
        "{error}"
    );
}

#[test]
fn a_range_that_nobody_asked_for_is_no_file() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request, _| {
        let asked = Request {
            from: Some(1),
            ..request.clone()
        };
        Answer::honest(&asked, b"hello")
    });
    let error = run(&wanted(server.url("/weights.pth"), &folder, b"ello")).unwrap_err();
    assert!(
        matches!(error, DownloadError::Status { status: 206, .. }),
        "{error}"
    );
}

#[test]
fn a_server_that_is_not_there_is_one_sentence_that_says_what_to_check() {
    let folder = TempDir::new().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    // A label of more than 63 letters cannot be looked up anywhere (RFC 1035), and no name server has to be asked.
    let no_name = "n".repeat(70);
    for url in [
        format!("http://{nobody}/a.pth"),
        format!("http://{no_name}.localhost:9/a.pth"),
    ] {
        let mut retries = 0;
        let download = wanted(url, &folder, b"");
        let error = download_with(&download, &impatient(), &mut |progress| {
            retries += usize::from(matches!(progress.phase, Phase::Retrying { .. }));
        })
        .unwrap_err();
        assert!(
            matches!(error, DownloadError::Unreachable { .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("check the network connection"),
            "{error}"
        );
        assert_eq!(retries, 0, "{error}");
    }
}

#[test]
fn a_server_that_cannot_speak_securely_is_a_named_error_and_not_tried_again() {
    let folder = TempDir::new().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let download = wanted(
        format!("https://{}/", listener.local_addr().unwrap()),
        &folder,
        b"",
    );
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        // The client's hello is read first: closing a connection with unread bytes resets it.
        let _ = std::io::Read::read(&mut connection, &mut [0; 4096]).unwrap();
        std::io::Write::write_all(&mut connection, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = run(&download).unwrap_err();
    server.join().unwrap();
    assert!(matches!(error, DownloadError::Insecure { .. }), "{error}");
}

#[test]
fn an_address_that_is_none_is_a_named_error() {
    let folder = TempDir::new().unwrap();
    for url in [
        "",
        "weights.pth",
        "/weights.pth",
        "ftp://example.org/a",
        "file:///etc/hosts",
        "http://a b/",
        "http://",
    ] {
        let error = run(&wanted(url.to_string(), &folder, b"")).unwrap_err();
        assert!(
            matches!(error, DownloadError::MalformedAddress { .. }),
            "{url}: {error}"
        );
        assert_nothing_left(folder.path());
    }
}

#[test]
fn a_body_of_unannounced_length_is_taken_to_its_end() {
    let folder = TempDir::new().unwrap();
    let file = some_file();
    let mut chunked = Vec::new();
    for chunk in file.chunks(10_000) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let served = file.clone();
    let server = Server::start(move |_, number| match number {
        0 => Answer::new("200 OK", &[("Transfer-Encoding", "chunked")], &chunked),
        _ => Answer::new("200 OK", &[], &served),
    });
    for name in ["chunked.pth", "closed.pth"] {
        let download = Download {
            url: server.url("/weights.pth"),
            destination: folder.path().join(name),
            digest: sha256(&file),
        };
        assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
        assert!(fs::read(&download.destination).unwrap() == file);
    }
}

#[test]
fn the_bytes_are_kept_as_sent_whatever_encoding_the_server_names() {
    let folder = TempDir::new().unwrap();
    let file = b"\x1f\x8b not really an archive".to_vec();
    let served = file.clone();
    let server = Server::start(move |request, _| {
        Answer::honest(request, &served).with_header("Content-Encoding", "gzip")
    });
    let download = wanted(server.url("/images.tar.gz"), &folder, &file);
    assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
    assert_complete(&download, &file);
}

#[test]
fn an_empty_file_is_a_file() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request, _| Answer::honest(request, b""));
    let download = wanted(server.url("/weights.pth"), &folder, b"");
    assert_eq!(run(&download).unwrap(), Outcome::Downloaded);
    assert_complete(&download, b"");
}

#[test]
fn progress_grows_from_nothing_to_the_total_and_ends_with_verifying() {
    let served = Served::by(|request, number, file| match number {
        0 => Answer::honest(request, file).cut_after(100),
        _ => Answer::honest(request, file),
    });
    let mut seen: Vec<Progress> = Vec::new();
    download_with(&served.download, &impatient(), &mut |progress| {
        seen.push(progress)
    })
    .unwrap();
    assert!(
        seen.is_sorted_by_key(|progress| progress.received),
        "{seen:?}"
    );
    assert!(
        seen.iter().all(|progress| progress.total == Some(262_144)),
        "{seen:?}"
    );
    assert_eq!(
        seen.iter()
            .filter(|progress| matches!(progress.phase, Phase::Retrying { .. }))
            .count(),
        1
    );
    let last = seen.last().unwrap();
    assert_eq!((&last.phase, last.received), (&Phase::Verifying, 262_144));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_named_error() {
    let served = Served::well();
    std::os::unix::fs::symlink("/dev/full", part_of(&served.download)).unwrap();
    let error = run(&served.download).unwrap_err();
    assert!(matches!(error, DownloadError::DiskFull { .. }), "{error}");
    assert!(!served.download.destination.exists());
    assert_eq!(
        served.server.requests().len(),
        1,
        "a full disk is not tried again"
    );
}

#[test]
fn a_destination_that_cannot_be_written_is_a_named_error_with_its_path() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(|request, _| Answer::honest(request, b"hello"));
    fs::write(folder.path().join("file"), b"").unwrap();
    for destination in [
        folder.path().join("file/weights.pth"),
        folder.path().join(".."),
    ] {
        let download = Download {
            url: server.url("/"),
            destination,
            digest: sha256(b"hello"),
        };
        let error = run(&download).unwrap_err();
        assert!(matches!(error, DownloadError::File { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains(&*folder.path().to_string_lossy()),
            "{error}"
        );
    }
}

/// Runs the same download twice at once: the server answers the first only when the second waits for it.
fn run_two_at_once(
    first_answer: &'static [u8],
) -> (TempDir, Server, [Result<Outcome, DownloadError>; 2]) {
    let folder = TempDir::new().unwrap();
    let (asked, is_asked) = mpsc::channel();
    let (waits, is_waiting) = mpsc::channel();
    let is_waiting = Mutex::new(is_waiting);
    let server = Server::start(move |request, number| {
        if number > 0 {
            return Answer::honest(request, b"hello");
        }
        asked.send(()).unwrap();
        is_waiting.lock().unwrap().recv().unwrap();
        Answer::honest(request, first_answer)
    });
    let download = Arc::new(wanted(server.url("/weights.pth"), &folder, b"hello"));
    let outcomes = std::thread::scope(|scope| {
        let first = scope.spawn(|| run(&download));
        is_asked.recv().unwrap();
        let second = download_with(&download, &impatient(), &mut |progress| {
            if progress.phase == Phase::WaitingForOtherProcess {
                waits.send(()).unwrap();
            }
        });
        [first.join().unwrap(), second]
    });
    assert_complete(&download, b"hello");
    (folder, server, outcomes)
}

#[test]
fn two_at_once_take_turns_and_the_second_finds_the_file() {
    let (_folder, server, [first, second]) = run_two_at_once(b"hello");
    assert_eq!(
        (first.unwrap(), second.unwrap()),
        (Outcome::Downloaded, Outcome::AlreadyPresent)
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn two_at_once_do_not_share_a_part_file_that_was_removed() {
    let (_folder, server, [first, second]) = run_two_at_once(b"jello");
    assert!(matches!(first, Err(DownloadError::WrongDigest { .. })));
    assert_eq!(second.unwrap(), Outcome::Downloaded);
    assert_eq!(server.ranges(), [None, None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_file_is_whole_however_the_line_is_cut(
        length in 0..300_000usize,
        present in 0..300_000usize,
        cuts in prop::collection::vec(1..200_000usize, 0..4),
        ranges: bool,
    ) {
        let folder = TempDir::new().unwrap();
        let file = some_file().into_iter().cycle().take(length).collect::<Vec<u8>>();
        let served = file.clone();
        let server = Server::start(move |request, number| {
            let answer = if ranges { Answer::honest(request, &served) } else { Answer::whole(&served) };
            match cuts.get(number) {
                Some(&cut) => answer.cut_after(cut),
                None => answer,
            }
        });
        let download = wanted(server.url("/weights.pth"), &folder, &file);
        if present < length {
            fs::write(part_of(&download), &file[..present]).unwrap();
        }
        let patience = Patience { pauses: vec![Duration::ZERO; 5], ..impatient() };
        prop_assert_eq!(download_with(&download, &patience, &mut |_| ()).unwrap(), Outcome::Downloaded);
        assert_complete(&download, &file);
    }
}
