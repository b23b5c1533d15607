//! A run and its pictures are moved, mailed and asked from elsewhere, and pictures have names of every kind.

use image::{Rgb, RgbImage};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::OnceLock,
};
use stories::program::{OWN_FOLDERS, SHORT_TRAINING, TWO_BREEDS, explain, run, says, text};
use words::{file_key, file_name};

/// A run on the pets, which would be downloaded from where nobody answers.
const PETS: &str = r#"
[data]
source = "oxford-iiit-pet"
folder = "data/pets"
url = "http://127.0.0.1:9/"
"#;

/// What comes after the pictures.
fn training() -> String {
    format!("\n[split]\nkind = \"stratified\"\nfraction = 0.25\n{SHORT_TRAINING}save = \"end\"\n")
}

/// [`run`] or [`explain`].
type Program = fn(&Path, &[&str], i32) -> Output;

/// A project with pictures of two classes in `mine`, and its run `story-1`. For tests that change nothing but what they
/// write with `--out`.
fn story() -> &'static Path {
    static STORY: OnceLock<PathBuf> = OnceLock::new();
    STORY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("places-story");
        let _ = fs::remove_dir_all(&folder);
        for class in ["cat", "dog"] {
            for number in 1..=4 {
                let shade = number + u8::from(class == "dog") * 10;
                picture(&folder.join(format!("mine/{class}/{number}.jpg")), shade);
            }
        }
        fs::write(
            folder.join("story.toml"),
            OWN_FOLDERS.to_owned() + &training(),
        )
        .unwrap();
        run(&folder, &["story.toml"], 0);
        folder
    })
}

/// A copy of the story in `to`, with its pictures or without.
fn copy_story(to: &Path, with_pictures: bool) {
    copy(&story().join("runs/story-1"), &to.join("runs/story-1"));
    if with_pictures {
        copy(&story().join("mine"), &to.join("mine"));
    }
}

#[test]
fn a_run_is_resumed_repeated_and_explained_from_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(&folder.join("a"), true);
    let here = folder.join("b");
    fs::create_dir(&here).unwrap();
    let there = "../a/runs/story-1";
    run(&here, &["--resume", there], 0);
    assert_eq!(
        names_in(&here),
        [] as [&str; 0],
        "a resume leaves nothing elsewhere"
    );
    explain(&here, &["--run", there], 0);
    let said = text(&run(&here, &["rerun", there], 0).stdout);
    assert!(said.contains("bit-identical"), "{said}");
    // The new run finds the pictures as well.
    explain(&here, &["--run", "story-1"], 0);
}

#[test]
fn pictures_that_moved_are_found_with_data_by_every_command_that_needs_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(folder, false);
    forget_where_it_began(folder);
    copy(&story().join("mine"), &folder.join("photos/cats and dogs"));
    let commands: [(Program, &[&str]); 4] = [
        (run, &["--resume", "runs/story-1"]),
        (run, &["rerun", "runs/story-1"]),
        (explain, &["--run", "runs/story-1"]),
        (explain, &["score", "--run", "runs/story-1"]),
    ];
    for (program, arguments) in commands {
        let said = text(&program(folder, arguments, 1).stderr);
        says(&said, &["looked in mine", "--data FOLDER"]);
        let wrong = [arguments, &["--data", "photos"]].concat();
        let said = text(&program(folder, &wrong, 2).stderr);
        assert!(said.contains("photos/cat/"), "{said}");
        let right = [arguments, &["--data", "photos/cats and dogs"]].concat();
        // A score does without annotations, and says what it cannot say.
        let said = text(&program(folder, &right, 0).stdout);
        let lacks = said.contains("energy in the pet (no picture has a trimap)");
        assert_eq!(arguments[0] == "score", lacks, "{said}");
    }
    assert!(!folder.join("mine").exists());
}

#[test]
fn a_picture_that_is_not_of_the_run_stays_out_of_it_under_data_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(folder, true);
    fs::rename(folder.join("mine"), folder.join("other")).unwrap();
    picture(&folder.join("other/dog/5.jpg"), 5);
    let resume = ["--resume", "runs/story-1", "--data", "other"];
    let said = text(&run(folder, &resume, 0).stderr);
    says(&said, &["is not of this run and left out of it: dog/5.jpg"]);
}

#[test]
fn a_resumed_run_never_downloads_the_pets_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let project = folder.join("a");
    for breed in ["Siamese", "pug"] {
        for number in 1..=4 {
            picture(
                &project.join(format!("data/pets/images/{breed}_{number}.jpg")),
                number,
            );
        }
    }
    fs::create_dir_all(project.join("data/pets/annotations")).unwrap();
    fs::write(project.join("pets.toml"), PETS.to_owned() + &training()).unwrap();
    run(&project, &["pets.toml"], 0);
    let elsewhere = folder.join("b");
    fs::create_dir(&elsewhere).unwrap();
    run(&elsewhere, &["--resume", "../a/runs/pets-1"], 0);
    fs::rename(project.join("data"), folder.join("disk")).unwrap();
    for arguments in [
        ["--resume", "../a/runs/pets-1"],
        ["rerun", "../a/runs/pets-1"],
    ] {
        let said = text(&run(&elsewhere, &arguments, 1).stderr);
        assert!(
            said.contains("--data FOLDER") && !said.contains("127.0.0.1"),
            "{said}"
        );
        // The data folder, or the folder of the pictures itself.
        for data in ["../disk/pets", "../disk/pets/images"] {
            run(&elsewhere, &[&arguments[..], &["--data", data]].concat(), 0);
        }
    }
    assert!(!elsewhere.join("data").exists());
}

#[test]
fn a_drawn_sample_that_is_gone_is_drawn_again_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let project = folder.join("a");
    fs::create_dir_all(&project).unwrap();
    fs::write(
        project.join("story.toml"),
        TWO_BREEDS.to_owned() + &training(),
    )
    .unwrap();
    run(&project, &["story.toml"], 0);
    fs::remove_dir_all(project.join("sample")).unwrap();
    run(folder, &["--resume", "a/runs/story-1"], 0);
    assert!(project.join("sample/images/pug_1.jpg").is_file());
    assert!(!folder.join("sample").exists());
}

#[test]
fn a_rerun_from_another_folder_finds_the_file_of_the_first_weights() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(&folder.join("a"), true);
    let project = folder.join("a");
    run(
        &project,
        &[
            "export",
            "story-1",
            "--to",
            "first.safetensors",
            "--layout",
            "torchvision",
        ],
        0,
    );
    fs::write(
        project.join("next.toml"),
        OWN_FOLDERS.to_owned() + &training(),
    )
    .unwrap();
    run(
        &project,
        &["next.toml", "--set", "model.weights=first.safetensors"],
        0,
    );
    let elsewhere = folder.join("b");
    fs::create_dir(&elsewhere).unwrap();
    let said = run(&elsewhere, &["rerun", "../a/runs/next-1"], 0);
    assert!(text(&said.stdout).contains("bit-identical"));
}

#[test]
fn a_run_that_was_mailed_without_its_pictures_is_explained_and_says_what_needs_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy(&story().join("runs/story-1"), &folder.join("story-1"));
    fs::remove_file(folder.join("story-1/began.json")).unwrap();
    picture(&folder.join("rex.jpg"), 3);
    explain(folder, &["--run", "story-1", "rex.jpg"], 0);
    run(
        folder,
        &["export", "story-1", "--to", "model.safetensors"],
        0,
    );
    for arguments in [&["--run", "story-1"][..], &["score", "--run", "story-1"]] {
        let said = text(&explain(folder, arguments, 1).stderr);
        let errors: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("error"))
            .collect();
        assert!(
            errors.len() == 1 && errors[0].contains("--data FOLDER"),
            "{said}"
        );
    }
    // With the pictures beside it, as they were packed, it is as before.
    copy(&story().join("mine"), &folder.join("mine"));
    explain(folder, &["--run", "story-1"], 0);
}

#[test]
fn pictures_in_two_places_are_a_warning_that_names_both() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(&folder.join("a"), true);
    copy(&story().join("mine"), &folder.join("b/mine"));
    forget_where_it_began(&folder.join("a"));
    let said = text(&explain(&folder.join("b"), &["--run", "../a/runs/story-1"], 0).stderr);
    assert!(said.contains("in ../a/mine and in mine"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_picture_has_the_same_true_class_wherever_and_however_it_is_named() {
    let links = tempfile::tempdir().unwrap();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(story().join(to), links.path().join(name)).unwrap();
        links.path().join(name).display().to_string()
    };
    let absolute = story().join("mine/cat/1.jpg").display().to_string();
    let (folder, file) = (link("mine/cat", "dog"), link("mine/cat/1.jpg", "dog_1.jpg"));
    let straight = explained(&["mine/cat/1.jpg"], "truth");
    let sought = &straight[0]["sha256"];
    let ways = [
        "mine",
        "mine/",
        "./mine/cat",
        "mine/dog/../cat/1.jpg",
        &absolute,
        &folder,
        &file,
    ];
    for (number, typed) in ways.into_iter().enumerate() {
        let pictures = explained(&[typed], &format!("truth-{number}"));
        let mut same = pictures
            .iter()
            .filter(|picture| picture["sha256"] == *sought);
        assert_eq!(same.next().unwrap()["true_class"], "cat", "{typed}");
    }
}

#[test]
fn explain_goes_down_into_class_folders_as_training_does() {
    let pictures = explained(&["mine"], "below");
    assert_eq!(pictures.len(), 8);
    let classes: Vec<_> = pictures
        .iter()
        .map(|picture| &picture["true_class"])
        .collect();
    assert_eq!(
        classes,
        ["cat", "cat", "cat", "cat", "dog", "dog", "dog", "dog"]
    );
    let names: BTreeSet<&str> = pictures
        .iter()
        .filter_map(|picture| picture["name"].as_str())
        .collect();
    assert!(
        names.contains("cat/1.jpg") && names.contains("dog/1.jpg"),
        "{names:?}"
    );
    let page = fs::read_to_string(story().join("below/index.html")).unwrap();
    assert!(page.contains("mine/cat/1.jpg") && page.contains("mine/dog/1.jpg"));
}

#[test]
fn a_class_that_the_run_does_not_know_is_said_and_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(folder, true);
    picture(&folder.join("mine/bird/cat/1.jpg"), 1);
    picture(&folder.join("mine/Cat/1.jpg"), 1);
    let output = explain(folder, &["--run", "story-1", "mine/bird", "mine/Cat"], 0);
    let said = text(&output.stderr);
    for class in ["bird", "Cat"] {
        let sentence =
            format!("no true class for 1 picture: `{class}` is not a class of this network");
        assert!(said.contains(&sentence), "{said}");
    }
    assert!(!text(&output.stdout).contains("right"));
}

/// Names that differ in case, ending, spacing, Unicode form or folder only, are very long, or that Windows refuses.
const ODD_NAMES: [&str; 20] = [
    "Rex.png",
    "rex.png",
    "REX.PNG",
    "rex.bmp",
    "rex .png",
    "rex..png",
    "a b.png",
    "a_b.png",
    "a-b.png",
    "12:30.png",
    "CON.png",
    "aux.png",
    "nul.tar.png",
    "Caf\u{e9}.png",
    "Cafe\u{301}.png",
    "x/1.png",
    "y/1.png",
    "new\nline.png",
    "quote\"<>|?*.png",
    "-rf.png",
];

#[test]
fn pictures_of_any_name_get_results_of_their_own_under_names_that_every_disk_takes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(folder, false);
    let long = [
        format!("{}.png", "l".repeat(251)),
        format!("{}m.png", "l".repeat(250)),
    ];
    let names: Vec<&str> = ODD_NAMES
        .into_iter()
        .chain(long.iter().map(String::as_str))
        .collect();
    // Where the file system takes two of the names for one, there is one picture less.
    for (number, name) in names.iter().enumerate() {
        picture(&folder.join("odd").join(name), number as u8);
    }
    let there = files_below(&folder.join("odd")).len();
    let arguments = [
        "--run", "story-1", "odd", "--method", "all", "--class", "cat", "--class", "dog",
    ];
    explain(folder, &arguments, 0);
    let results = folder.join("runs/story-1/explanations");
    let pictures = json(&results.join("scores.json"))["pictures"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(pictures.len(), there);
    let mut files = BTreeSet::new();
    for picture in &pictures {
        assert!(
            folder.join(picture["path"].as_str().unwrap()).is_file(),
            "{picture}"
        );
        for map in picture["maps"].as_array().unwrap() {
            for kind in ["file", "overlay"] {
                let file = map[kind].as_str().unwrap();
                assert!(
                    results.join(file).is_file() && files.insert(file_key(file)),
                    "{file}"
                );
            }
        }
    }
    let paths: BTreeSet<&str> = pictures
        .iter()
        .filter_map(|picture| picture["path"].as_str())
        .collect();
    assert_eq!(paths.len(), there);
    assert_portable(folder.join("runs").as_path());
}

#[test]
fn whatever_a_run_and_its_explanation_write_can_be_unpacked_on_windows_and_macos() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for class in ["a b", "a_b"] {
        for number in 1..=4 {
            picture(
                &folder.join(format!("mine/{class}/12:30 {number}.jpg")),
                number,
            );
        }
    }
    fs::write(
        folder.join("12:30.toml"),
        OWN_FOLDERS.to_owned() + &training(),
    )
    .unwrap();
    run(folder, &["12:30.toml"], 0);
    // One name may be two classes; each is drawn into files of its own.
    let said = text(&explain(folder, &["--class", "A-B"], 2).stderr);
    assert!(said.contains("`a b` or `a_b`"), "{said}");
    explain(folder, &["--class", "a b", "--class", "a_b"], 0);
    assert_portable(&folder.join("runs"));
    let maps = folder.join("runs/12_30-1/explanations/maps");
    let of_class = |end: &str| {
        files_below(&maps)
            .iter()
            .filter(|file| file.ends_with(end))
            .count()
    };
    assert_eq!([of_class(".a_b.npy"), of_class(".a_b-2.npy")], [2, 2]);
    for file in ["split.json", "explanations/scores.json"] {
        let written = fs::read_to_string(folder.join("runs/12_30-1").join(file)).unwrap();
        assert!(
            !written.contains('\\') && !written.contains(":\\\\"),
            "{written}"
        );
    }
}

#[test]
fn a_name_that_may_be_two_runs_is_an_error_that_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    copy_story(folder, true);
    copy(&folder.join("runs/story-1"), &folder.join("story-1"));
    let said = text(&explain(folder, &["--run", "story-1"], 2).stderr);
    assert!(said.contains("./story-1 or runs/story-1"), "{said}");
    for typed in [
        "./story-1",
        "runs/story-1",
        "runs/STORY_1",
        "runs/story-1/checkpoints/End",
    ] {
        explain(folder, &["--run", typed], 0);
    }
    let said = text(&explain(folder, &["--run", "runs/story-1/checkpoints/ent"], 2).stderr);
    assert!(said.contains("it has: end"), "{said}");
}

/// Every name below `folder` is one that all file systems take, and no two of a folder are one name on any of them.
fn assert_portable(folder: &Path) {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for file in files_below(folder) {
        for part in file.split('/').filter(|part| !part.starts_with('.')) {
            assert_eq!(part, file_name(part, 255), "{file}");
        }
        if let Some(other) = keys.insert(file_key(&file), file.clone()) {
            panic!("{file} and {other} may be one file");
        }
    }
}

/// Paths of all files below `folder`, with `/` between the parts.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let below = files_below(&path);
            files.extend(below.iter().map(|file| format!("{name}/{file}")));
        } else {
            files.push(name);
        }
    }
    files
}

/// The records of the pictures that `explain` explains in the story.
fn explained(typed: &[&str], out: &str) -> Vec<Value> {
    let arguments = [
        typed,
        &["--run", "story-1", "--method", "activation", "--out", out],
    ]
    .concat();
    explain(story(), &arguments, 0);
    let scores = json(&story().join(out).join("scores.json"));
    scores["pictures"].as_array().unwrap().clone()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Writes a small picture that no other `number` has.
fn picture(path: &Path, number: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pixels = RgbImage::from_fn(40, 40, |x, y| Rgb([x as u8 * 6, y as u8 * 6, number * 10]));
    pixels.save(path).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(file), target).unwrap();
    }
}

/// As if the run in `project` had been made on another machine.
fn forget_where_it_began(project: &Path) {
    fs::write(
        project.join("runs/story-1/began.json"),
        r#"{"folder": "/nowhere/ann"}"#,
    )
    .unwrap();
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}
