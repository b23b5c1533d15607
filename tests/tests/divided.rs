//! Several processes ask a network about the pictures of one command. Here they are threads; `mpirun.rs` has the others.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use stories::program::{command, explain, run, short_run, text};
use tempfile::TempDir;

/// A folder with a run of two breeds.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = short_run();
    fs::write(folder.path().join("two.toml"), config).unwrap();
    run(folder.path(), &["two.toml"], 0);
    folder
}

/// What `explain` says and writes into `results` with `count` threads for processes.
fn told(folder: &Path, arguments: &[&str], count: usize, code: i32) -> Told {
    let results = folder.join("results");
    let _ = fs::remove_dir_all(&results);
    fs::create_dir(&results).unwrap();
    let count = count.to_string();
    let threads = ["--processes-in-one", count.as_str()];
    let output = explain(folder, &[arguments, &threads].concat(), code);
    let said = [text(&output.stdout), text(&output.stderr)];
    Told {
        said,
        files: files(&results),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    said: [String; 2],
    files: BTreeMap<PathBuf, Vec<u8>>,
}

/// The files below `folder`.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

fn check_same(folder: &Path, arguments: &[&str], code: i32) -> Told {
    let one = told(folder, arguments, 1, code);
    for count in [2, 3] {
        assert!(
            told(folder, arguments, count, code) == one,
            "{count} processes: {arguments:?}"
        );
    }
    one
}

/// At 224 pixels a batch has eight pictures, so that there are several, and an uneven number of them.
#[test]
fn any_number_of_processes_writes_and_says_what_one_does() {
    let folder = trained();
    let to = ["--size", "224"];
    let predict = ["predict", "sample/images"];
    check_same(folder.path(), &[&predict[..], &to].concat(), 0);
    let csv = ["--to", "results/predictions.csv"];
    let predicted = check_same(folder.path(), &[&predict[..], &to, &csv].concat(), 0);
    assert_eq!(predicted.files.len(), 1);
    let out = ["--out", "results"];
    let evaluate = ["evaluate", "--suspects"];
    let evaluated = check_same(folder.path(), &[&evaluate[..], &to, &out].concat(), 0);
    assert!(evaluated.files.len() > 7, "{:?}", evaluated.files.keys());
    let score = ["score", "--curves", "2", "--method", "activation,grad-cam"];
    let size = ["--size", "96"];
    let scored = check_same(folder.path(), &[&score[..], &size, &out].concat(), 0);
    let pictures =
        String::from_utf8_lossy(&scored.files[&folder.path().join("results/pictures.csv")])
            .into_owned();
    for measure in ["deletion", "insertion", "mirrored"] {
        assert!(pictures.contains(measure), "{measure}: {pictures}");
    }
}

#[test]
fn there_may_be_fewer_pictures_than_processes() {
    let folder = trained();
    let one = told(folder.path(), &["predict", "sample/images/pug_1.jpg"], 1, 0);
    let seven = told(folder.path(), &["predict", "sample/images/pug_1.jpg"], 7, 0);
    assert_eq!(one, seven);
}

#[test]
fn a_picture_that_another_process_cannot_read_is_told_once_by_the_first() {
    let folder = trained();
    let images = folder.path().join("sample/images");
    // In the third batch, which the third process has, and the second of two has not.
    let bad = images.join("Siamese_9.jpg");
    let bytes = fs::read(&bad).unwrap();
    fs::write(&bad, &bytes[..bytes.len() / 2]).unwrap();
    let arguments = ["predict", "sample/images", "--size", "224"];
    let said = check_same(folder.path(), &arguments, 1).said;
    assert_eq!(said[1].matches("Siamese_9.jpg").count(), 1, "{}", said[1]);
    assert!(
        said[1].ends_with("error: 1 of 40 pictures could not be read (see above)\n"),
        "{}",
        said[1]
    );
}

#[test]
fn what_is_typed_wrongly_is_told_once() {
    let folder = trained();
    let arguments = ["predict", "nowhere", "--processes-in-one", "3"];
    let said = text(&explain(folder.path(), &arguments, 2).stderr);
    assert_eq!(said.matches("nowhere").count(), 1, "{said}");
}

/// Four programs that know nothing of each other would train one run, each over the others.
#[test]
fn a_program_without_mpi_that_mpirun_starts_says_so_once_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let start = |rank: &str| {
        command("explain", folder.path(), &["predict", "rex.jpg"])
            .env("OMPI_COMM_WORLD_SIZE", "4")
            .env("OMPI_COMM_WORLD_RANK", rank)
            .output()
            .unwrap()
    };
    let first = start("0");
    assert_eq!(first.status.code(), Some(1));
    let said = text(&first.stderr);
    assert!(said.contains("--features mpi`"), "{said}");
    let other = start("1");
    assert_eq!(
        (other.status.code(), text(&other.stderr)),
        (Some(0), String::new())
    );
}
