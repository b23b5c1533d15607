//! `keep = "best"`: the checkpoint with the lowest error rate, beside the newest.

use std::fs;
use stories::folders::with_config;
use stories::program::{explain, run, short_run, text, train};

#[test]
fn the_best_checkpoint_is_kept_shown_and_asked() {
    let folder = with_config("story.toml", &format!("keep = \"best\"\n{}", short_run()));
    let folder = folder.path();
    let set = ["--set", "stage.0.epochs=6"];
    let said = run(folder, &[&["story.toml"], &set[..]].concat(), 0);
    let of_run = folder.join("runs/story-1");
    let table = fs::read_to_string(of_run.join("epochs.csv")).unwrap();
    let epochs: Vec<Vec<f64>> = table
        .lines()
        .skip(1)
        .map(|row| row.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    // Columns: stage, epoch, size, train_loss, valid_loss, error_rate.
    let key = |row: &[f64]| (row[5], row[4]);
    let best = epochs
        .iter()
        .reduce(|best, row| if key(row) < key(best) { row } else { best })
        .unwrap();
    let manifest = fs::read_to_string(of_run.join("checkpoints/best/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let steps_of_an_epoch = 4;
    assert_eq!(manifest["iterations"], best[1] as u64 * steps_of_an_epoch);
    assert_eq!(manifest["error_rate"].as_f64(), Some(best[5]));
    let shown = format!("{:.2} %", 100.0 * best[5]);
    assert!(text(&said.stdout).contains(&format!("best ({shown} wrong")));
    let runs = text(&run(folder, &["runs"], 0).stdout);
    assert!(runs.lines().last().unwrap().contains(&shown), "{runs}");

    let picture = fs::read_dir(folder.join("sample/images")).unwrap().next();
    let picture = picture.unwrap().unwrap().path();
    let picture = picture.to_str().unwrap();
    let asked = explain(folder, &["--checkpoint", "best", picture], 0);
    assert!(text(&asked.stderr).contains("checkpoints/best"));
    let asked = explain(folder, &[picture], 0);
    assert!(text(&asked.stderr).contains("checkpoints/stage-1"));
    let wrong = [
        "--run",
        "runs/story-1/checkpoints/best",
        "--checkpoint",
        "best",
        picture,
    ];
    let said = text(&explain(folder, &wrong, 2).stderr);
    assert!(said.contains("is a checkpoint already"), "{said}");
    let unknown = text(&explain(folder, &["--checkpoint", "worst", picture], 2).stderr);
    assert!(unknown.contains("it has: stage-1, best"), "{unknown}");
}

#[test]
fn a_stage_cannot_have_the_name_of_the_best() {
    let folder = with_config(
        "story.toml",
        &format!("keep = \"best\"\n{}save = \"Best\"\n", short_run()),
    );
    let folder = folder.path();
    let cases: [(&[&str], &str); 2] = [
        (
            &["story.toml"],
            "stage.0.save is \"Best\": it must be another name",
        ),
        (
            &["story.toml", "--set", "keep=bst"],
            "keep is `bst`: did you mean `best`?",
        ),
    ];
    for (arguments, expected) in cases {
        let output = train(folder, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(said.contains(expected), "{said}");
    }
    run(folder, &["story.toml", "--set", "keep=newest"], 0);
    assert!(folder.join("runs/story-1/checkpoints/Best").is_dir());
}
