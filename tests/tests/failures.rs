//! What goes wrong while a run is under way: each time one sentence, and the last good checkpoint intact.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};
use stories::folders::with_config;
use stories::moments::{exit_code, lines, signal_when, wait_until};
use stories::program::{DRAWN, SMALLEST, run, says, stage, start, text, train, typed};

#[test]
fn a_loss_that_is_not_finite_stops_with_the_iteration_and_advice() {
    let folder = prepared();
    let set = ["story.toml", "--set", "stage.0.max_learning_rate=1e25"];
    let said = text(&run(folder.path(), &set, 1).stderr);
    says(&said, &["in iteration", "stage.0.max_learning_rate"]);
    // What was saved before is whole: it can be exported.
    let export = ["export", "runs/story-1", "--to", "out.safetensors"];
    run(folder.path(), &export, 0);
}

#[test]
fn an_update_that_breaks_the_network_is_not_saved_and_the_checkpoint_before_is_of_use() {
    for rate in ["1e12", "1e25"] {
        let folder = prepared();
        let set = format!("--set stage.0.max_learning_rate={rate}");
        let every = format!("story.toml {set} --set stage.0.checkpoint_every=1");
        let said = text(&run(folder.path(), &typed(&every), 1).stderr);
        says(
            &said,
            &[
                "the checkpoint before is whole",
                "--set stage.0.max_learning_rate=1e",
            ],
        );
        // At a rate that breaks nothing the run goes on from what was saved.
        let config = folder.path().join("runs/story-1/config.toml");
        let lower = fs::read_to_string(&config).unwrap().replace(
            &line_of(&config, "max_learning_rate"),
            "max_learning_rate = 1e-3",
        );
        fs::write(&config, lower).unwrap();
        run(folder.path(), &["--resume", "runs/story-1"], 0);
    }
}

#[test]
fn a_network_that_breaks_in_the_last_step_of_a_stage_is_not_its_result() {
    let folder = prepared();
    let one_step = "--set stage.0.epochs=1 --set stage.0.batch_size=48";
    let breaking = format!("story.toml --set stage.0.max_learning_rate=1e25 {one_step}");
    let said = text(&run(folder.path(), &typed(&breaking), 1).stderr);
    assert!(said.contains("the loss after iteration 1 is NaN"), "{said}");
    assert!(
        !folder
            .path()
            .join("runs/story-1/checkpoints/stage-1")
            .exists()
    );
}

#[test]
fn ctrl_c_while_the_sample_is_drawn_ends_the_program_at_once() {
    let folder = prepared();
    let many = ["story.toml", "--set", "data.sample.pictures_per_breed=2000"];
    let mut child = train(folder.path(), &many)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let is_drawing = || {
        let mut entries = fs::read_dir(folder.path()).unwrap();
        entries.any(|entry| {
            let entry = entry.unwrap();
            let is_partial = entry
                .file_name()
                .to_string_lossy()
                .starts_with(".partial-sample-");
            is_partial && entry.path().join("images").is_dir()
        })
    };
    signal_when(&mut child, "INT", &is_drawing);
    assert_eq!(exit_code(&mut child, Duration::from_secs(20)), Some(130));
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    says(&said, &["interrupted: the sample is not finished"]);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn ctrl_c_during_a_download_ends_the_program_at_once_and_keeps_what_came() {
    let folder = prepared();
    let url = format!("data.url={}", endless_server());
    let set = [
        "story.toml",
        "--set",
        "data.source=oxford-iiit-pet",
        "--set",
        &url,
    ];
    for verb in [None, Some("fetch")] {
        let arguments: Vec<&str> = verb.into_iter().chain(set).collect();
        let mut child = train(folder.path(), &arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let part = folder.path().join("sample/images.tar.gz.part");
        let arrived = || fs::metadata(&part).map_or(0, |data| data.len());
        let before = arrived();
        signal_when(&mut child, "INT", &|| arrived() > before);
        assert_eq!(exit_code(&mut child, Duration::from_secs(20)), Some(130));
        let mut said = String::new();
        child.stderr.unwrap().read_to_string(&mut said).unwrap();
        assert!(said.contains("has been downloaded is kept"), "{said}");
        assert!(arrived() > before);
        assert!(!folder.path().join("runs").exists());
    }
}

#[test]
fn a_data_set_that_was_fetched_to_its_half_is_fetched_to_its_end() {
    let folder = prepared();
    run(folder.path(), &["preview", "story.toml"], 0);
    // One archive is there as a fetch leaves it; the other was never begun.
    let data = folder.path().join("sample");
    fs::remove_dir_all(data.join("annotations")).unwrap();
    fs::write(data.join(".fetch.lock"), "").unwrap();
    let set =
        typed("story.toml --set data.source=oxford-iiit-pet --set data.url=http://127.0.0.1:9/");
    let said = text(&run(folder.path(), &set, 1).stderr);
    assert!(said.contains("127.0.0.1:9"), "{said}");
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_rerun_is_bit_identical_and_says_so() {
    let folder = prepared();
    run(folder.path(), &["story.toml"], 0);
    let said = text(&run(folder.path(), &["rerun", "story-1"], 0).stdout);
    assert!(said.contains("bit-identical to runs/story-1"), "{said}");
}

#[test]
fn a_rerun_names_the_first_figure_that_differs() {
    let folder = prepared();
    run(folder.path(), &["story.toml"], 0);
    let path = folder.path().join("runs/story-1/iterations.csv");
    let figures = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = figures.lines().collect();
    lines[4] = "1,1,4,0.125,0,0,0,0,0";
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let said = text(&run(folder.path(), &["rerun", "runs/story-1"], 1).stdout);
    says(&said, &["iterations.csv, row 4: loss was 0.125"]);
}

#[test]
fn a_runs_folder_that_cannot_be_written_is_named_before_training() {
    let folder = prepared();
    fs::write(
        folder.path().join("runs"),
        "a file where the folder should be",
    )
    .unwrap();
    let said = text(&run(folder.path(), &["story.toml"], 1).stderr);
    assert!(said.contains("cannot write run folder runs"), "{said}");
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_checkpoint_before_intact() {
    let folder = prepared();
    // Room for the first checkpoint (weights), not for one with the optimizer's state.
    let Some(disk) = SmallDisk::mount("700k") else {
        println!("skipped: no tmpfs may be mounted here");
        return;
    };
    let config = folder.path().join("story.toml");
    let pictures = format!("data.folder={}", folder.path().join("sample").display());
    run(folder.path(), &["preview", "story.toml"], 0);
    let arguments = [config.to_str().unwrap(), "--set", &pictures];
    let output = train(&disk.folder, &arguments).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    says(&said, &["cannot write checkpoint", "free some space"]);
    let checkpoints: Vec<_> = fs::read_dir(disk.folder.join("runs/story-1/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(checkpoints, ["iteration-00000000"]);
    let to = folder.path().join("out.safetensors");
    run(
        &disk.folder,
        &["export", "story-1", "--to", to.to_str().unwrap()],
        0,
    );
}

#[test]
fn a_run_in_use_is_left_alone() {
    let folder = prepared();
    let mut child = start(folder.path(), &["story.toml", "--set", "stage.0.epochs=50"]);
    let used = folder.path().join("runs/story-1");
    wait_until(&mut child, &|| lines(&used, "iterations.csv") > 0);
    let said = text(&run(folder.path(), &["--resume", "runs/story-1"], 1).stderr);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.contains("in use by another process"), "{said}");
}

#[test]
fn a_broken_picture_is_a_named_error_or_a_counted_warning() {
    let folder = prepared();
    run(folder.path(), &["preview", "story.toml"], 0);
    let images = folder.path().join("sample/images");
    let broken = fs::read_dir(&images)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(&broken, "no picture").unwrap();
    let name = broken.file_name().unwrap().to_string_lossy().into_owned();
    let said = text(&run(folder.path(), &["story.toml"], 1).stderr);
    says(&said, &[&name, "on_bad_image"]);
    let skip = ["story.toml", "--set", "data.on_bad_image=skip"];
    let said = text(&run(folder.path(), &skip, 0).stderr);
    assert_eq!(said.matches(&name).count(), 1, "{said}");
    assert!(said.contains("left out (1 so far)"), "{said}");
}

#[test]
fn pictures_that_are_all_broken_are_the_reason_that_is_told() {
    let folder = prepared();
    run(folder.path(), &["story.toml"], 0);
    let split = fs::read_to_string(folder.path().join("runs/story-1/split.json")).unwrap();
    let split: serde_json::Value = serde_json::from_str(&split).unwrap();
    let broken = [
        ("valid", "validation pictures can be decoded"),
        // Before all of them are gone a class is.
        ("train", "no training picture of the class"),
    ];
    for (part, expected) in broken {
        for name in split[part].as_array().unwrap() {
            let picture = folder
                .path()
                .join("sample/images")
                .join(name.as_str().unwrap());
            fs::write(picture, "no picture").unwrap();
        }
        let skip = ["story.toml", "--set", "data.on_bad_image=skip"];
        let said = text(&run(folder.path(), &skip, 1).stderr);
        assert!(
            said.contains(expected) && !said.contains("learning rate"),
            "{said}"
        );
    }
}

/// Address of a server that begins to send any file and never comes to its end.
fn endless_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            std::thread::spawn(move || send_for_ever(connection.unwrap()));
        }
    });
    address
}

fn send_for_ever(mut connection: TcpStream) {
    let mut request = [0; 4096];
    let _ = connection.read(&mut request);
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
    let _ = connection.write_all(head.as_bytes());
    while connection.write_all(&[0; 1024]).is_ok() {
        sleep(Duration::from_millis(20));
    }
}

/// The line of a config that sets `key`.
#[test]
fn weights_with_a_number_that_is_not_finite_are_refused_by_tensor() {
    let folder = prepared();
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let export = typed("export story-1 --to w.safetensors --layout torchvision");
    run(folder, &export, 0);
    let path = folder.join("w.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let set = ["story.toml", "--set", "model.weights=w.safetensors"];
    let said = text(&run(folder, &set, 1).stderr);
    says(&said, &["w.safetensors", "not finite"]);
    assert!(!folder.join("runs/story-2").exists(), "no run was begun");
}

#[test]
fn an_export_says_which_checkpoint_it_passed_over() {
    let folder = prepared();
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let checkpoints = folder.join("runs/story-1/checkpoints");
    let newest = checkpoints.join("stage-1");
    let copy = checkpoints.join("older");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(&newest).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let weights = newest.join("weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let export = ["export", "story-1", "--to", "w.safetensors"];
    let said = text(&run(folder, &export, 0).stderr);
    says(&said, &["warning: passed over a checkpoint", "stage-1"]);
}

fn line_of(config: &Path, key: &str) -> String {
    let text = fs::read_to_string(config).unwrap();
    let line = text.lines().find(|line| line.starts_with(key));
    line.unwrap().to_owned()
}

fn prepared() -> tempfile::TempDir {
    let stage = stage(32, 2, "all", "1e-3") + "checkpoint_every = 3\n";
    let config = format!("{DRAWN}pictures_per_breed = 10\n{SMALLEST}{stage}");
    with_config("story.toml", &config)
}

/// A file system of its own that is soon full.
struct SmallDisk {
    folder: PathBuf,
    _parent: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("disk");
        fs::create_dir(&folder).unwrap();
        let option = format!("size={size}");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &option, "tmpfs"])
            .arg(&folder)
            .output();
        mount.ok()?.status.success().then_some(Self {
            folder,
            _parent: parent,
        })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmount = |folder: &Path| Command::new("umount").arg(folder).status();
        let _ = unmount(&self.folder);
    }
}
