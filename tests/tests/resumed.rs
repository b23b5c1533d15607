//! A run continues on its own pictures, in its own parts and classes, whatever else its folder has by then.

use image::{Rgb, RgbImage};
use std::{fs, path::Path};
use stories::program::{SHORT_TRAINING, explain, run, says, text};
use tempfile::TempDir;

#[test]
fn a_run_of_any_layout_and_split_continues_with_its_own_split() {
    let folders = "layout = \"folders\"\n";
    let csv = "layout = \"csv\"\n";
    let cases = [
        (
            "k-fold",
            folders,
            "kind = \"k-fold\"\nfolds = 4\nfold = 1\n",
        ),
        (
            "grouped",
            folders,
            "kind = \"grouped\"\npattern = '(\\d)\\.png$'\n",
        ),
        (
            "stratified",
            folders,
            "kind = \"stratified\"\ntest_fraction = 0.2\n",
        ),
        ("csv", csv, "kind = \"csv\"\n"),
    ];
    for (name, layout, split) in cases {
        let folder = project(layout, split);
        let folder = folder.path();
        run(folder, &["story.toml"], 0);
        let before = fs::read(folder.join("runs/story-1/split.json")).unwrap();
        // What is new is named and left out, even if it has no class at all.
        png(&folder.join("mine/stray.png"), 99);
        let said = text(&run(folder, &["--resume", "runs/story-1"], 0).stderr);
        assert!(said.contains("left out of it: stray.png"), "{name}: {said}");
        let after = fs::read(folder.join("runs/story-1/split.json")).unwrap();
        assert_eq!(before, after, "{name}");
        // What is gone is named, and is no reason to stop if that is allowed.
        let gone = first_training_picture(folder);
        fs::remove_file(folder.join("mine").join(&gone)).unwrap();
        let said = text(&run(folder, &["--resume", "runs/story-1"], 1).stderr);
        assert!(
            said.contains(&gone) && said.contains("--skip-bad-images"),
            "{name}: {said}"
        );
        let resume = ["--resume", "runs/story-1", "--skip-bad-images"];
        let said = text(&run(folder, &resume, 0).stderr);
        assert!(said.contains("going on without them"), "{name}: {said}");
    }
}

/// A list may name files that a walk through the folder would leave out.
#[test]
fn a_run_of_a_list_finds_every_file_that_the_list_names_again() {
    let folder = project("layout = \"csv\"\n", "kind = \"csv\"\n");
    let folder = folder.path();
    fs::create_dir(folder.join("mine/.hidden")).unwrap();
    fs::rename(
        folder.join("mine/cat/1.png"),
        folder.join("mine/.hidden/cat.scan"),
    )
    .unwrap();
    let list = fs::read_to_string(folder.join("mine/labels.csv")).unwrap();
    let list = list.replace("cat/1.png", ".hidden/cat.scan");
    fs::write(folder.join("mine/labels.csv"), list).unwrap();
    run(folder, &["story.toml"], 0);
    let said = text(&run(folder, &["--resume", "runs/story-1"], 0).stderr);
    assert!(
        !said.contains("gone") && !said.contains("not of this run"),
        "{said}"
    );
}

/// The run's own labels stay, and nobody is left to believe that the list's are taken.
#[test]
fn a_label_that_the_list_changed_since_the_start_is_told_by_every_command_that_goes_on_with_the_run()
 {
    let folder = project("layout = \"csv\"\n", "kind = \"csv\"\n");
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let list = fs::read_to_string(folder.join("mine/labels.csv")).unwrap();
    let list = list.replace("cat/1.png,cat", "cat/1.png,dog");
    fs::write(folder.join("mine/labels.csv"), list).unwrap();
    let expected = "has another class for 1 picture than when the run began (cat/1.png)";
    for said in [
        run(folder, &["--resume", "runs/story-1"], 0).stderr,
        explain(folder, &["--run", "story-1"], 0).stderr,
    ] {
        let said = text(&said);
        assert_eq!(said.matches(expected).count(), 1, "{said}");
    }
    let late = text(&explain(folder, &["--run", "story-1", "score"], 2).stderr);
    assert!(late.contains("write it first: `explain score`"), "{late}");
    png(&folder.join("stranger.png"), 5);
    let said = text(&explain(folder, &["stranger.png", "--run", "story-1"], 0).stderr);
    says(&said, &["the list of the run does not name it"]);
    says(
        &said,
        &["the explanations of before are replaced; --out FOLDER"],
    );
}

#[test]
fn a_run_whose_figures_were_removed_says_so_when_it_continues() {
    let folder = project("layout = \"folders\"\n", "kind = \"stratified\"\n");
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    fs::remove_file(folder.join("runs/story-1/epochs.csv")).unwrap();
    let said = text(&run(folder, &["--resume", "runs/story-1"], 0).stderr);
    says(&said, &["epochs.csv lacks 1 row of before"]);
}

#[test]
fn files_of_a_run_that_were_cut_short_are_told_without_the_words_of_a_library() {
    let folder = project("layout = \"folders\"\n", "kind = \"stratified\"\n");
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let checkpoints = fs::read_dir(folder.join("runs/story-1/checkpoints")).unwrap();
    let checkpoint = checkpoints.flatten().next().unwrap().path();
    for file in [
        folder.join("runs/story-1/split.json"),
        checkpoint.join("manifest.json"),
    ] {
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let said = text(&run(folder, &["--resume", "runs/story-1"], 1).stderr);
        assert!(
            said.contains("it ends too early") && !said.contains("EOF") && !said.contains("column"),
            "{said}"
        );
        fs::write(&file, &whole).unwrap();
    }
}

#[test]
fn a_csv_layout_is_not_divided_by_folders() {
    let folder = project("layout = \"csv\"\n", "kind = \"folders\"\n");
    let said = text(&run(folder.path(), &["story.toml"], 2).stderr);
    says(&said, &["split.kind", "kind = \"csv\""]);
}

#[test]
fn a_bad_picture_that_is_kept_for_a_last_test_does_not_stop_a_check() {
    let folder = project("layout = \"csv\"\n", "kind = \"csv\"\n");
    let folder = folder.path();
    fs::write(folder.join("mine/dog/5.png"), "no picture").unwrap();
    let list = fs::read_to_string(folder.join("mine/labels.csv")).unwrap();
    let list = list.replace("dog/5.png,dog,valid", "dog/5.png,dog,test");
    fs::write(folder.join("mine/labels.csv"), list).unwrap();
    let said = text(&run(folder, &["story.toml", "--check"], 0).stdout);
    says(&said, &["kept for a last test: ", "dog/5.png"]);
}

#[test]
fn a_ready_made_split_without_a_part_that_validates_says_what_to_do() {
    let folder = project("layout = \"folders\"\n", "kind = \"stratified\"\n");
    let folder = folder.path();
    fs::create_dir_all(folder.join("parts")).unwrap();
    fs::rename(folder.join("mine"), folder.join("parts/train")).unwrap();
    png(&folder.join("parts/test/cat/9.png"), 9);
    let set = ["story.toml", "--set", "data.folder=parts"];
    let said = text(&run(folder, &set, 1).stderr);
    says(&said, &["--set data.folder=parts/train"]);
    run(
        folder,
        &["story.toml", "--set", "data.folder=parts/train"],
        0,
    );
}

#[test]
fn a_class_of_which_no_training_picture_is_left_is_an_error() {
    let folder = project("layout = \"folders\"\n", "kind = \"stratified\"\n");
    let folder = folder.path();
    let skip = ["--set", "data.on_bad_image=skip"];
    run(folder, &["story.toml", skip[0], skip[1]], 0);
    fs::remove_dir_all(folder.join("mine/dog")).unwrap();
    let said = text(&run(folder, &["--resume", "runs/story-1"], 1).stderr);
    says(&said, &["none is left to train dog on"]);
    for number in 1..=5 {
        let picture = folder.join(format!("mine/dog/{number}.png"));
        fs::create_dir_all(picture.parent().unwrap()).unwrap();
        fs::write(picture, "no picture").unwrap();
    }
    let said = text(&run(folder, &["story.toml", "--check", skip[0], skip[1]], 1).stderr);
    says(&said, &["no training picture of dog can be decoded"]);
}

#[test]
fn what_only_a_resumed_run_hears_is_refused_for_a_new_one() {
    let folder = project("layout = \"folders\"\n", "kind = \"stratified\"\n");
    let folder = folder.path();
    let said = text(&run(folder, &["story.toml", "--data", "other"], 2).stderr);
    says(&said, &["--set data.folder=other"]);
    let said = text(&run(folder, &["story.toml", "--skip-bad-images"], 2).stderr);
    says(&said, &["data.on_bad_image=skip"]);
}

/// A folder with ten pictures of two classes, a list and a config of them.
fn project(layout: &str, split: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut list = "path,label,split\n".to_owned();
    for class in ["cat", "dog"] {
        for number in 1..=5 {
            let name = format!("{class}/{number}.png");
            png(
                &folder.path().join("mine").join(&name),
                number + 10 * u8::from(class == "dog"),
            );
            let part = if number > 3 { "valid" } else { "train" };
            list += &format!("{name},{class},{part}\n");
        }
    }
    fs::write(folder.path().join("mine/labels.csv"), list).unwrap();
    let data = format!("[data]\nsource = \"folder\"\nfolder = \"mine\"\n{layout}");
    let config = format!("{data}\n[split]\n{split}{SHORT_TRAINING}");
    fs::write(folder.path().join("story.toml"), config).unwrap();
    folder
}

fn png(path: &Path, shade: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(40, 40, Rgb([shade * 2, 90, 120]))
        .save(path)
        .unwrap();
}

fn first_training_picture(folder: &Path) -> String {
    let split = fs::read(folder.join("runs/story-1/split.json")).unwrap();
    let split: serde_json::Value = serde_json::from_slice(&split).unwrap();
    split["train"][0].as_str().unwrap().to_owned()
}
