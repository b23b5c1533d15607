//! Labels corrected by a csv file: the pictures stay as they are, and so do the parts of the others.

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};
use stories::folders::with_config;
use stories::program::{OWN_FOLDERS, SHORT_TRAINING, run, says, short_run, text};

/// Names of the pictures in `part` of the run.
fn part(run: &Path, part: &str) -> Vec<String> {
    let split: Value = serde_json::from_slice(&fs::read(run.join("split.json")).unwrap()).unwrap();
    serde_json::from_value(split[part].clone()).unwrap()
}

#[test]
fn a_corrected_run_keeps_the_split_and_repeats_and_resumes_without_the_csv_file() {
    let folder = with_config("drawn.toml", &short_run());
    let folder = folder.path();
    run(folder, &["drawn.toml"], 0);
    for breed in ["Siamese", "pug"] {
        let class = folder.join("mine").join(breed);
        fs::create_dir_all(&class).unwrap();
        for entry in fs::read_dir(folder.join("sample/images")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(breed) {
                fs::copy(&path, class.join(name)).unwrap();
            }
        }
    }
    let split = "[split]\nkind = \"stratified\"\n";
    fs::write(
        folder.join("story.toml"),
        format!("{OWN_FOLDERS}{split}{SHORT_TRAINING}"),
    )
    .unwrap();
    run(folder, &["story.toml"], 0);
    let plain = folder.join("runs/story-1");
    let (trained, validated) = (part(&plain, "train"), part(&plain, "valid"));
    let [moved, deleted, doubtful] = [&trained[0], &trained[1], &validated[0]];
    let other = if moved.starts_with("pug") {
        "Siamese"
    } else {
        "pug"
    };
    let csv = format!(
        "path,action\n{moved},{other}\n{deleted},delete\n{doubtful},keep\n{},\n",
        validated[1]
    );
    fs::write(folder.join("suspects.csv"), csv).unwrap();

    let corrected = ["story.toml", "--set", "data.corrections=suspects.csv"];
    let said = text(&run(folder, &corrected, 0).stderr);
    says(
        &said,
        &["corrections: 1 label changed, 1 picture left out\n"],
    );
    let run_folder = folder.join("runs/story-2");
    let log = fs::read_to_string(run_folder.join("log.txt")).unwrap();
    assert!(log.contains("corrections: 1 label changed"), "{log}");
    let left: Vec<String> = trained
        .iter()
        .filter(|name| *name != deleted)
        .cloned()
        .collect();
    assert_eq!(part(&run_folder, "train"), left);
    assert_eq!(part(&run_folder, "valid"), validated);
    assert!(folder.join("mine").join(deleted).is_file());

    fs::remove_file(folder.join("suspects.csv")).unwrap();
    let output = run(folder, &["rerun", "runs/story-2"], 0);
    assert!(
        text(&output.stdout).contains("bit-identical"),
        "{}",
        text(&output.stderr)
    );
    assert!(
        !text(&output.stderr).contains("warning"),
        "{}",
        text(&output.stderr)
    );
    let output = run(folder, &["--resume", "runs/story-2"], 0);
    assert!(
        !text(&output.stderr).contains("warning"),
        "{}",
        text(&output.stderr)
    );
    let explained = text(&run(folder, &corrected[..1], 0).stderr);
    assert!(!explained.contains("corrections"), "{explained}");

    let without = text(&run(folder, &corrected, 1).stderr);
    says(&without, &["suspects.csv", "no such file"]);
}

#[test]
fn what_no_training_can_begin_with_is_found_after_the_corrections() {
    let folder = with_config("drawn.toml", &short_run());
    let folder = folder.path();
    run(folder, &["drawn.toml"], 0);
    let drawn = folder.join("runs/drawn-1");
    let names: BTreeSet<String> = part(&drawn, "train")
        .into_iter()
        .chain(part(&drawn, "valid"))
        .collect();
    let all: String = names.iter().map(|name| format!("{name},pug\n")).collect();
    fs::write(folder.join("all.csv"), format!("path,action\n{all}")).unwrap();
    let one_class = ["drawn.toml", "--set", "data.corrections=all.csv"];
    let said = text(&run(folder, &one_class, 1).stderr);
    assert!(said.contains("pug") && said.contains("error"), "{said}");
    fs::write(
        folder.join("all.csv"),
        "path,action\npug_9999.jpg,Siamese\n",
    )
    .unwrap();
    let said = text(&run(folder, &one_class, 1).stderr);
    says(&said, &["all.csv, line 2", "pug_9999.jpg"]);
}
