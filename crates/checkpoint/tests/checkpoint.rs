//! What a run on disk promises: whole or not there, proven when read, found again.

#[path = "../../files/tests/helpers/listed.rs"]
mod listed;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use checkpoint::{
    Checkpoint, CheckpointError, Contents, Found, Manifest, Run, RunError, SplitRecord,
    WEIGHTS_FILE, save,
};
use listed::names;
use network::{
    Algorithm, Architecture, NetworkSpec, Precision,
    weights::{NamedTensor, StateDict},
};
use pictures::{decode::Orientation, loader::Normalisation, transform::Padding};

/// Numbers of the optimizer's file: it is longer than what is proven at once.
const LARGE: usize = 300_000;

#[test]
fn what_was_saved_comes_back() {
    let (_folder, run, path) = saved();
    let checkpoint = Checkpoint::load(&path).unwrap();
    assert_eq!(checkpoint.manifest.iterations, 5);
    assert_eq!(checkpoint.manifest.padding, Padding::Border);
    assert_eq!(checkpoint.manifest.kernels, Algorithm::Exact);
    assert_eq!(checkpoint.file("a.bin").unwrap(), b"weights");
    assert_eq!(checkpoint.weights().unwrap(), state(1, 5.0));
    assert!(checkpoint.file("b.bin").is_err());
    assert!(Checkpoint::is_one(&path) && !Checkpoint::is_one(run.folder()));
    checkpoint.prove().unwrap();
}

#[test]
fn weights_that_are_asked_for_again_are_read_and_proven_again() {
    let (_folder, _, path) = saved();
    let checkpoint = Checkpoint::load(&path).unwrap();
    for _ in 0..3 {
        assert_eq!(checkpoint.weights().unwrap(), state(1, 5.0));
    }
    let mut bytes = fs::read(path.join(WEIGHTS_FILE)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path.join(WEIGHTS_FILE), bytes).unwrap();
    let error = checkpoint.weights().unwrap_err();
    assert!(matches!(error, CheckpointError::Digest { .. }), "{error}");
}

#[test]
fn a_checkpoint_of_format_1_still_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format-1");
    let checkpoint = Checkpoint::load(&folder).unwrap();
    let manifest = &checkpoint.manifest;
    assert_eq!(manifest.format, 1);
    assert_eq!(
        manifest.network,
        NetworkSpec::new(Architecture::ResNet34, 2)
    );
    assert_eq!(manifest.normalisation, Normalisation::IMAGENET);
    assert_eq!(manifest.padding, Padding::Reflection);
    assert_eq!(manifest.orientation, Orientation::Ignore);
    assert_eq!(manifest.kernels, Algorithm::Fast);
    let weights = checkpoint.weights().unwrap();
    let values = weights.get("conv1.weight").unwrap().as_floats().unwrap();
    assert_eq!(values, [0.5, -1.25]);
}

#[test]
fn a_checkpoint_of_format_2_opens_and_turned_no_pictures() {
    let (_folder, _, path) = saved();
    change_manifest(&path, "\"orientation\": \"exif\",", "");
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.contains("orientation"), "{error}");
    change_manifest(&path, "\"format\": 3,", "\"format\": 2,");
    let manifest = Checkpoint::load(&path).unwrap().manifest;
    assert_eq!(manifest.orientation, Orientation::Ignore);
}

#[test]
fn numbers_that_are_not_finite_never_take_the_place_of_a_checkpoint() {
    let (_folder, run, path) = saved();
    let (good, bad) = (state(1, 6.0), state(1, f32::NAN));
    for (weights, optimizer, file) in [
        (&bad, &good, WEIGHTS_FILE),
        (&good, &bad, "optimizer.safetensors"),
    ] {
        let contents = Contents {
            weights,
            tensors: BTreeMap::from([("optimizer.safetensors".to_owned(), optimizer)]),
            files: BTreeMap::new(),
        };
        let checkpoints = run.checkpoints_folder();
        let error = save(&checkpoints, "one", manifest(6), &contents).unwrap_err();
        assert!(
            matches!(error, CheckpointError::NotFinite { .. }),
            "{error}"
        );
        let said = error.to_string();
        assert!(
            said.contains("conv1.weight") && said.contains(file),
            "{said}"
        );
        assert_eq!(names(&checkpoints), ["one"]);
    }
    let checkpoint = Checkpoint::load(&path).unwrap();
    assert_eq!(checkpoint.manifest.iterations, 5);
    assert_eq!(checkpoint.weights().unwrap(), state(1, 5.0));
}

#[test]
fn a_changed_byte_is_refused_with_both_digests() {
    let (_folder, _, path) = saved();
    fs::write(path.join("a.bin"), b"weightz").unwrap();
    let error = Checkpoint::load(&path).unwrap_err();
    assert!(matches!(error, CheckpointError::Digest { .. }), "{error}");
    assert!(error.to_string().contains("a.bin"), "{error}");
}

#[test]
fn a_checkpoint_that_cannot_be_read_says_why() {
    let refusal = |said: &[&str], damage: &dyn Fn(&Path)| {
        let (_folder, _, path) = saved();
        damage(&path);
        let error = Checkpoint::load(&path).unwrap_err().to_string();
        for part in said {
            assert!(error.contains(part), "{error}");
        }
    };
    // A missing file is named.
    refusal(&["a.bin"], &|path| {
        fs::remove_file(path.join("a.bin")).unwrap();
    });
    let manifest = |from, to, said: &[&str]| refusal(said, &|path| change_manifest(path, from, to));
    // It leads out of the folder.
    let outside = "\"../../config.toml\"";
    manifest("\"a.bin\"", outside, &["not a plain file name"]);
    // Another format, with both numbers.
    let another = "\"format\": 7, \"new\": 1,";
    let numbers = "format 7, this program reads 1 to 3";
    manifest("\"format\": 3,", another, &[numbers]);
    // From format 2 on it says how its network was fed and computed.
    let kernels = "\"kernels\": \"exact\"";
    manifest(kernels, "\"kernels\": \"slow\"", &["slow", "exact"]);
    manifest("\"kernels\": \"exact\",", "", &["kernels"]);
}

#[test]
fn the_newest_whole_checkpoint_is_found_and_damaged_ones_are_told() {
    let (_folder, run) = new_run();
    save_one(&run, "old", 5, b"old");
    let new = save_one(&run, "new", 9, b"new");
    assert_eq!(run.latest().unwrap().checkpoint.manifest.iterations, 9);
    fs::write(new.join("a.bin"), b"bad").unwrap();
    assert_eq!(iterations_and_passed_over(run.latest().unwrap()), (5, 1));
}

#[test]
fn a_damaged_large_file_is_no_matter_until_it_is_read_or_training_goes_on_from_it() {
    let (_folder, run) = new_run();
    save_one(&run, "old", 5, b"old");
    let new = save_with_optimizer(&run, "new", 9);
    let path = new.join("optimizer.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();

    let found = run.latest().unwrap();
    assert_eq!(found.checkpoint.manifest.iterations, 9);
    assert!(found.passed_over.is_empty(), "{:?}", found.passed_over);
    for error in [
        found.checkpoint.file("optimizer.safetensors").unwrap_err(),
        found.checkpoint.prove().unwrap_err(),
    ] {
        assert!(matches!(error, CheckpointError::Digest { .. }), "{error}");
    }
    assert_eq!(
        iterations_and_passed_over(run.latest_whole().unwrap()),
        (5, 1)
    );
}

#[test]
fn after_a_kill_between_the_renames_the_replaced_checkpoint_is_found_and_clean_keeps_it() {
    let (_folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"old");
    let checkpoints = run.checkpoints_folder();
    // As `files` leaves it where folders cannot be exchanged in one step.
    fs::rename(&path, checkpoints.join(".replaced-one")).unwrap();
    let new = save_one(&run, "two", 6, b"new");
    fs::rename(new, checkpoints.join(".partial-one-abcdef")).unwrap();

    let found = run.latest().unwrap();
    assert_eq!(found.checkpoint.manifest.iterations, 5);
    let replaced = run.checkpoint("one").unwrap();
    assert_eq!(Checkpoint::load(&replaced).unwrap().manifest.iterations, 5);
    run.clean().unwrap();
    assert_eq!(names(&checkpoints), ["one"]);
    assert_eq!(Checkpoint::load(&path).unwrap().manifest.iterations, 5);
    save_one(&run, "one", 7, b"newer");
    assert_eq!(names(&checkpoints), ["one"]);
    assert_eq!(Checkpoint::load(&path).unwrap().manifest.iterations, 7);
}

#[test]
fn the_newest_run_is_one_that_has_been_trained() {
    let (folder, first) = new_run();
    let newest = Run::newest(folder.path()).unwrap();
    assert_eq!(newest.run, first, "there is no other");
    assert!(newest.passed_over.is_empty());
    save_one(&first, "one", 5, b"weights");
    for (number, iterations) in [(2, 7), (3, 0)] {
        let run = Run::create(folder.path(), "story", "").unwrap();
        assert_eq!(run.name(), format!("story-{number}"));
        save_one(&run, "one", iterations, b"weights");
        make_newer(&run, number);
    }
    let newest = Run::newest(folder.path()).unwrap();
    assert_eq!(newest.run.name(), "story-2");
    let passed_over: Vec<String> = newest.passed_over.iter().map(Run::name).collect();
    assert_eq!(passed_over, ["story-3"]);
    assert!(matches!(
        Run::newest(&folder.path().join("missing")),
        Err(RunError::NoRuns(_))
    ));
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

fn save_one(run: &Run, name: &str, iterations: u64, bytes: &[u8]) -> PathBuf {
    let contents = Contents {
        weights: &state(1, iterations as f32),
        tensors: BTreeMap::new(),
        files: BTreeMap::from([("a.bin".to_owned(), bytes.to_vec())]),
    };
    save(
        &run.checkpoints_folder(),
        name,
        manifest(iterations),
        &contents,
    )
    .unwrap()
}

#[test]
fn the_best_is_found_by_its_name_and_never_taken_for_the_newest() {
    let (_folder, run) = new_run();
    assert!(run.best_manifest().is_none());
    let newest = save_one(&run, "64", 5, b"weights");
    for iterations in [5, 9] {
        let manifest = Manifest {
            best: true,
            error_rate: Some(0.25),
            ..manifest(iterations)
        };
        let contents = Contents {
            weights: &state(1, 1.0),
            tensors: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        save(&run.checkpoints_folder(), Run::BEST, manifest, &contents).unwrap();
        assert_eq!(run.best_manifest().unwrap().iterations, iterations);
        assert_eq!(run.latest().unwrap().checkpoint.folder, newest);
        assert_eq!(run.latest_whole().unwrap().checkpoint.folder, newest);
        assert_eq!(run.newest_manifest().unwrap().0.iterations, 5);
        assert!(run.checkpoint("best").unwrap().ends_with("best"));
    }
    // Without a newest one there is nothing to go on from.
    fs::remove_dir_all(newest).unwrap();
    assert!(run.latest_whole().is_err());
}

/// A stage may have had this name before runs could keep their best.
#[test]
fn a_stage_called_best_is_the_newest_as_any_other() {
    let (_folder, run) = new_run();
    save_one(&run, "64", 5, b"weights");
    let stage = save_one(&run, "best", 9, b"weights");
    assert_eq!(run.latest_whole().unwrap().checkpoint.folder, stage);
    assert!(run.best_manifest().is_none());
    let text = fs::read_to_string(stage.join("manifest.json")).unwrap();
    assert!(!text.contains("\"best\""), "{text}");
}

/// A run with the checkpoint `one` after five iterations, and its folder.
fn saved() -> (tempfile::TempDir, Run, PathBuf) {
    let (folder, run) = new_run();
    let path = save_one(&run, "one", 5, b"weights");
    (folder, run, path)
}

fn save_with_optimizer(run: &Run, name: &str, iterations: u64) -> PathBuf {
    let optimizer = state(LARGE, 0.0);
    let contents = Contents {
        weights: &state(1, iterations as f32),
        tensors: BTreeMap::from([("optimizer.safetensors".to_owned(), &optimizer)]),
        files: BTreeMap::new(),
    };
    save(
        &run.checkpoints_folder(),
        name,
        manifest(iterations),
        &contents,
    )
    .unwrap()
}

fn state(length: usize, value: f32) -> StateDict {
    let tensor = NamedTensor::floats([length], vec![value; length]);
    [("conv1.weight".to_owned(), tensor)].into_iter().collect()
}

fn manifest(iterations: u64) -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        network: NetworkSpec::new(Architecture::ResNet18, 2),
        classes: vec!["cat".to_owned(), "dog".to_owned()],
        normalisation: Normalisation {
            mean: [0.0; 3],
            std: [1.0; 3],
        },
        size: 64,
        padding: Padding::Border,
        orientation: Orientation::Exif,
        kernels: Algorithm::Exact,
        precision: Precision::F32,
        config: "story".to_owned(),
        iterations,
        error_rate: None,
        answering_weights: None,
        best: false,
        processes: Vec::new(),
        files: BTreeMap::new(),
    }
}

/// Lets a run be the `number`th to have changed, whatever the file system's clock.
fn make_newer(run: &Run, number: u64) {
    let time = std::time::SystemTime::now() + std::time::Duration::from_secs(60 * number);
    let checkpoints = fs::File::open(run.checkpoints_folder()).unwrap();
    checkpoints.set_modified(time).unwrap();
}

fn iterations_and_passed_over(found: Found) -> (u64, usize) {
    let iterations = found.checkpoint.manifest.iterations;
    (iterations, found.passed_over.len())
}

fn change_manifest(checkpoint: &Path, from: &str, to: &str) {
    let path = checkpoint.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

#[test]
fn a_split_without_a_test_part_is_read_and_written_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("split.json");
    let before = r#"{"folder": "images", "annotations": "annotations", "classes": ["cat"], "train": ["1.jpg"],
        "valid": ["2.jpg"]}"#;
    fs::write(&path, before).unwrap();
    let mut split = SplitRecord::read(&path).unwrap();
    assert!(split.test.is_empty());
    split.write(&path).unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains("test"));
    split.test = vec!["3.jpg".to_owned()];
    split.write(&path).unwrap();
    assert_eq!(SplitRecord::read(&path).unwrap(), split);
}
