//! What a run on disk promises: whole or not there, proven when read, found again.

use checkpoint::{Checkpoint, CheckpointError, Manifest, Normalisation, Run, RunError, save};
use network::{Architecture, NetworkSpec};
use std::{collections::BTreeMap, fs, path::Path};

#[test]
fn what_was_saved_comes_back() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    let checkpoint = Checkpoint::load(&path).unwrap();
    assert_eq!(checkpoint.manifest.iterations, 5);
    assert_eq!(checkpoint.file("a.bin").unwrap(), b"weights");
    assert!(checkpoint.file("b.bin").is_err());
}

#[test]
fn a_changed_byte_is_refused_with_both_digests() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    fs::write(path.join("a.bin"), b"weightz").unwrap();
    let error = Checkpoint::load(&path).unwrap_err();
    assert!(matches!(error, CheckpointError::Digest { .. }), "{error}");
    assert!(error.to_string().contains("a.bin"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    fs::remove_file(path.join("a.bin")).unwrap();
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("a.bin"), "{error}");
}

#[test]
fn a_manifest_that_leads_out_of_the_folder_is_refused() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    change_manifest(&path, "\"a.bin\"", "\"../../config.toml\"");
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("not a plain file name"), "{error}");
}

#[test]
fn another_format_is_refused_with_both_numbers() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    change_manifest(&path, "\"format\": 1", "\"format\": 7");
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("format 7, this program reads 1"), "{error}");
}

#[test]
fn the_newest_whole_checkpoint_is_found_and_damaged_ones_are_told() {
    let (_folder, run) = new_run();
    save_one(&run, "old", 5, b"old");
    let new = save_one(&run, "new", 9, b"new");
    assert_eq!(run.latest().unwrap().checkpoint.manifest.iterations, 9);
    fs::write(new.join("a.bin"), b"bad").unwrap();
    let found = run.latest().unwrap();
    assert_eq!(found.checkpoint.manifest.iterations, 5);
    assert_eq!(found.passed_over.len(), 1);
}

#[test]
fn half_a_checkpoint_is_no_checkpoint_and_is_cleaned_away() {
    let (_folder, run) = new_run();
    let half = run.checkpoints_folder().join(".partial-new");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("a.bin"), b"half").unwrap();
    assert!(matches!(run.latest(), Err(RunError::NoCheckpoint { .. })));
    run.clean().unwrap();
    assert!(!half.exists());
}

#[test]
fn saving_under_a_name_again_replaces_it() {
    let (_folder, run) = new_run();
    save_one(&run, "one", 5, b"old");
    let path = save_one(&run, "one", 6, b"new");
    assert_eq!(
        Checkpoint::load(&path).unwrap().file("a.bin").unwrap(),
        b"new"
    );
    assert_eq!(fs::read_dir(run.checkpoints_folder()).unwrap().count(), 1);
}

#[test]
fn an_unknown_checkpoint_is_named_with_those_that_are_there() {
    let (_folder, run) = new_run();
    save_one(&run, "352", 5, b"weights");
    let error = run.checkpoint("353").unwrap_err().to_string();
    assert!(error.contains("`353`") && error.contains("352"), "{error}");
}

#[test]
fn runs_get_the_smallest_free_number_and_are_found_by_name() {
    let (folder, run) = new_run();
    assert_eq!(run.name(), "story-1");
    let second = Run::create(folder.path(), "story", "").unwrap();
    assert_eq!(second.name(), "story-2");
    let opened = Run::open(folder.path(), Path::new("story-2")).unwrap();
    assert_eq!(opened.name(), "story-2");
    assert!(Run::open(folder.path(), Path::new("story-3")).is_err());
    assert_eq!(Run::all(folder.path()).len(), 2);
}

#[test]
fn a_locked_run_is_in_use() {
    let (_folder, run) = new_run();
    let lock = run.lock().unwrap();
    assert!(matches!(run.lock(), Err(RunError::InUse(_))));
    drop(lock);
    run.lock().unwrap();
}

fn new_run() -> (tempfile::TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(folder.path(), "story", "seed = 0\n").unwrap();
    (folder, run)
}

fn save_one(run: &Run, name: &str, iterations: u64, bytes: &[u8]) -> std::path::PathBuf {
    let manifest = Manifest {
        format: Manifest::FORMAT,
        network: NetworkSpec::new(Architecture::ResNet18, 2),
        classes: vec!["cat".to_owned(), "dog".to_owned()],
        normalisation: Normalisation {
            mean: [0.0; 3],
            std: [1.0; 3],
        },
        size: 64,
        config: "story".to_owned(),
        iterations,
        error_rate: None,
        files: BTreeMap::new(),
    };
    let files = BTreeMap::from([("a.bin".to_owned(), bytes.to_vec())]);
    save(&run.checkpoints_folder(), name, manifest, &files).unwrap()
}

fn change_manifest(checkpoint: &Path, from: &str, to: &str) {
    let path = checkpoint.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replace(from, to)).unwrap();
}
