//! What goes wrong while a run is under way: each time one sentence, and the last good checkpoint intact.

mod program;

use program::{run, start, text, train};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::Duration,
};

const CONFIG: &str = r#"
[data]
source = "sample"
folder = "sample"

[data.sample]
pictures_per_breed = 10

[model]
architecture = "resnet18"
base_width = 4

[[stage]]
size = 32
batch_size = 8
epochs = 2
train = "all"
max_learning_rate = 1e-3
checkpoint_every = 3
"#;

#[test]
fn a_loss_that_is_not_finite_stops_with_the_iteration_and_advice() {
    let folder = prepared();
    let set = ["story.toml", "--set", "stage.0.max_learning_rate=1e25"];
    let said = text(&run(folder.path(), &set, 1).stderr);
    assert!(
        said.contains("in iteration") && said.contains("stage.0.max_learning_rate"),
        "{said}"
    );
    // What was saved before is whole: it can be exported.
    let export = ["export", "runs/story-1", "--to", "out.safetensors"];
    run(folder.path(), &export, 0);
}

#[test]
fn ctrl_c_finishes_the_step_and_saves_and_the_run_ends_with_the_same_bytes() {
    let folder = prepared();
    run(folder.path(), &["story.toml"], 0);
    let mut child = start(folder.path(), &["story.toml"]);
    let iterations = folder.path().join("runs/story-2/iterations.csv");
    while fs::read_to_string(&iterations).map_or(0, |text| text.lines().count()) < 3 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be interrupted"
        );
        sleep(Duration::from_millis(1));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let code = child.wait().unwrap().code();
    if code == Some(130) {
        run(folder.path(), &["--resume", "runs/story-2"], 0);
    } else {
        assert_eq!(
            code,
            Some(0),
            "only a run that was done by then may end as done"
        );
    }
    for name in [
        "iterations.csv",
        "epochs.csv",
        "checkpoints/stage-1/weights.safetensors",
    ] {
        let read = |run: &str| fs::read(folder.path().join(run).join(name)).unwrap();
        assert!(
            read("runs/story-1") == read("runs/story-2"),
            "{name} differs"
        );
    }
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
    assert!(
        said.contains("iterations.csv, row 4: loss was 0.125"),
        "{said}"
    );
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
    assert!(
        said.contains("cannot write checkpoint") && said.contains("free some space"),
        "{said}"
    );
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
    let split = folder.path().join("runs/story-1/iterations.csv");
    while !split.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        sleep(Duration::from_millis(1));
    }
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
    assert!(
        said.contains(&name) && said.contains("on_bad_image"),
        "{said}"
    );
    let skip = ["story.toml", "--set", "data.on_bad_image=skip"];
    let said = text(&run(folder.path(), &skip, 0).stderr);
    assert_eq!(said.matches(&name).count(), 1, "{said}");
    assert!(said.contains("left out (1 so far)"), "{said}");
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("story.toml"), CONFIG).unwrap();
    folder
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
