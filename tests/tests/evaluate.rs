//! Draw → spoil some labels → train → predict, evaluate: what is wrong is found, with the numbers of the training.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use stories::{
    folders::made_anew,
    program::{self, NARROW, SHORT_TRAINING, run, says, stage_in_batches, text},
    spoilt::{SpoiltLine, spoil_labels},
};

/// What is drawn.
const DRAWN: &str = r#"
[data]
source = "sample"
folder = "sample"

[data.sample]
breeds = ["Bombay", "pug", "samoyed"]
pictures_per_breed = 70
two_breeds_pictures = 0
"#;

/// The same pictures with the labels of a list.
const LISTED: &str = r#"
[data]
source = "folder"
folder = "sample"
layout = "csv"

[split]
kind = "random"
fraction = 0.2
test_fraction = 0.1
"#;

/// A training with [`LISTED`].
fn trained() -> String {
    let stage = stage_in_batches(16, 64, 30, "all", "[6e-3, 6e-3]");
    format!("{LISTED}{NARROW}{stage}")
}

/// The share of labels that is spoilt, and the seed.
const SPOILT: (f64, u64) = (0.05, 1);

/// The folder of the story, made once for all tests of this file, and its labels.
fn story() -> &'static (PathBuf, Vec<SpoiltLine>) {
    static STORY: OnceLock<(PathBuf, Vec<SpoiltLine>)> = OnceLock::new();
    STORY.get_or_init(|| {
        let folder = made_anew(env!("CARGO_TARGET_TMPDIR"), "evaluate-story");
        fs::write(
            folder.join("drawn.toml"),
            format!("{DRAWN}{SHORT_TRAINING}"),
        )
        .unwrap();
        fs::write(folder.join("story.toml"), trained()).unwrap();
        run(&folder, &["fetch", "drawn.toml"], 0);
        let lines = spoil_labels(&folder.join("sample"), SPOILT.0, SPOILT.1).unwrap();
        run(&folder, &["story.toml"], 0);
        (folder, lines)
    })
}

#[test]
fn predictions_for_the_validation_pictures_have_the_error_rate_of_the_training_to_the_picture() {
    let (folder, _) = story();
    let split = json(&folder.join("runs/story-1/split.json"));
    let names: Vec<&str> = split["valid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let paths: Vec<String> = names.iter().map(|name| format!("sample/{name}")).collect();
    // In another order, by other numbers of threads, one by one: an answer belongs to its picture alone.
    let mut reversed: Vec<&str> = paths.iter().map(String::as_str).collect();
    reversed.reverse();
    let all: Vec<&str> = paths.iter().map(String::as_str).collect();
    let rows = predicted(folder, &all, "all.csv", "2");
    assert_eq!(rows, predicted(folder, &reversed, "reversed.csv", "1"));
    let few = predicted(folder, &all[..3], "few.csv", "3");
    assert!(few.iter().all(|(path, row)| rows[path] == *row));

    let wrong = rows.values().filter(|row| row[0] != row[1]).count();
    let epochs = fs::read_to_string(folder.join("runs/story-1/epochs.csv")).unwrap();
    let mut lines = epochs
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>());
    let column = lines
        .next()
        .unwrap()
        .iter()
        .position(|name| *name == "error_rate")
        .unwrap();
    let rate: f64 = lines.next_back().unwrap()[column].parse().unwrap();
    assert_eq!(
        wrong,
        (rate * rows.len() as f64).round() as usize,
        "{epochs}"
    );

    let evaluation = evaluated("valid", &[]);
    assert_eq!(evaluation["wrong"], wrong);
    assert_eq!(evaluation["pictures"], rows.len());
    assert_eq!(evaluation["part"], "valid");
}

#[test]
fn pictures_that_cannot_be_read_are_named_and_counted_and_the_rest_is_written() {
    let (folder, _) = story();
    let some = folder.join("some");
    fs::create_dir_all(&some).unwrap();
    fs::copy(folder.join("sample/images/pug_1.jpg"), some.join("a.jpg")).unwrap();
    fs::write(some.join("b.jpg"), "no picture").unwrap();
    let output = program::explain(
        folder,
        &["predict", "some", "--run", "story-1", "--to", "some.csv"],
        1,
    );
    let said = text(&output.stderr);
    says(&said, &["b.jpg", "1 of 2 pictures could not be read"]);
    let csv = fs::read_to_string(folder.join("some.csv")).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let table = text(
        &program::explain(
            folder,
            &["predict", "some", "--run", "story-1", "--top", "1"],
            1,
        )
        .stdout,
    );
    assert!(
        table.starts_with("picture") && table.lines().count() == 2 && table.contains(" %"),
        "{table}"
    );
    // A place that cannot be written is found before the work begins.
    let output = program::explain(
        folder,
        &["predict", "some", "--run", "story-1", "--to", "none/x.csv"],
        1,
    );
    assert!(text(&output.stderr).contains("cannot write none/x.csv"));
}

#[test]
fn the_files_of_an_evaluation_agree_with_each_other_and_the_test_part_is_evaluated_by_name_alone() {
    let evaluation = evaluated("test", &["--part", "test"]);
    let folder = story().0.join("runs/story-1/evaluations/test");
    let count = evaluation["pictures"].as_u64().unwrap() as usize;
    assert_eq!(evaluation["part"], "test");
    // The temperature comes from pictures that were not evaluated.
    assert_eq!(evaluation["temperature_found_on"], "valid");
    let rows = csv_rows(&folder.join("predictions.csv"));
    assert_eq!(rows.len(), count);
    let confusion = csv_rows(&folder.join("confusion.csv"));
    let classes = csv_rows(&folder.join("classes.csv"));
    for (row, class) in confusion.iter().zip(&classes) {
        let sum: usize = row[1..]
            .iter()
            .map(|count| count.parse::<usize>().unwrap())
            .sum();
        assert_eq!((&row[0], sum.to_string()), (&class[0], class[1].clone()));
    }
    let in_bins: usize = csv_rows(&folder.join("calibration.csv"))
        .iter()
        .map(|bin| bin[2].parse::<usize>().unwrap())
        .sum();
    assert_eq!(in_bins, count);
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("of the test part, which was asked for by name"));
    assert!(!page.contains("http:") && !page.contains("https:"));
    for drawing in ["confusion.svg", "reliability.svg"] {
        let drawing = fs::read_to_string(folder.join(drawing)).unwrap();
        assert!(drawing.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    }
}

#[test]
fn test_time_augmentation_is_said_wherever_its_numbers_are() {
    let evaluation = evaluated("tta", &["--tta", "--out", "tta"]);
    assert_eq!(evaluation["asked"], "tta");
    let page = fs::read_to_string(story().0.join("tta/index.html")).unwrap();
    assert!(page.contains("with test time augmentation"));
    let plain = evaluated("plain", &["--out", "plain"]);
    assert_ne!(plain["mean_loss"], evaluation["mean_loss"]);
}

#[test]
fn what_cannot_be_evaluated_is_said_in_a_sentence() {
    let (folder, _) = story();
    let said = |arguments: &[&str], code: i32| {
        let arguments = [&["evaluate", "--run", "story-1"], arguments].concat();
        text(&program::explain(folder, &arguments, code).stderr)
    };
    fs::create_dir_all(folder.join("unknown")).unwrap();
    fs::copy(
        folder.join("sample/images/pug_2.jpg"),
        folder.join("unknown/x.jpg"),
    )
    .unwrap();
    assert!(said(&["unknown"], 2).contains("no class is known of 1 picture"));
    assert!(said(&["nowhere"], 2).contains("there is no picture or folder nowhere"));
    assert!(said(&["unknown", "--part", "test"], 2).contains("cannot be used with"));
}

/// The proof that the list of suspects is worth its time: each picture is judged by a network that has not learnt it.
#[test]
fn spoilt_labels_are_found_by_folds_and_training_on_the_corrected_list_is_better_than_on_the_spoilt_one()
 {
    let (folder, lines) = story();
    let spoilt: BTreeMap<&str, &SpoiltLine> = lines
        .iter()
        .filter(|line| line.is_spoilt())
        .map(|line| (line.path.as_str(), line))
        .collect();
    let random = "kind = \"random\"\nfraction = 0.2\ntest_fraction = 0.1\n";
    let folds = trained().replace(random, "kind = \"k-fold\"\nfolds = 3\n");
    fs::write(folder.join("fold.toml"), folds).unwrap();
    for fold in ["split.fold=0", "split.fold=1", "split.fold=2"] {
        run(folder, &["fold.toml", "--set", fold], 0);
    }
    let arguments = ["evaluate", "--run", "fold-1", "--folds", "fold-2,fold-3"];
    program::explain(folder, &arguments, 0);
    let results = folder.join("runs/fold-1/evaluations/folds");
    assert_eq!(
        json(&results.join("evaluation.json"))["pictures"],
        lines.len()
    );
    let suspected = csv_rows(&results.join("suspects.csv"));
    let suspected: Vec<&str> = suspected
        .iter()
        .filter(|row| row[2].contains("label"))
        .map(|row| row[0].as_str())
        .collect();
    let found = suspected
        .iter()
        .filter(|path| spoilt.contains_key(*path))
        .count();
    let (hidden, listed) = (spoilt.len(), suspected.len());
    println!("{found} of {hidden} spoilt labels found, in a list of {listed}");
    assert!(10 * found >= 7 * hidden, "{found} of {hidden} found");
    assert!(10 * found >= 3 * listed, "{found} of a list of {listed}");

    // Somebody looks at each and writes down what it is.
    let class: BTreeMap<&str, &str> = lines
        .iter()
        .map(|line| (line.path.as_str(), line.class.as_str()))
        .collect();
    let action = |path: &&str| match spoilt.get(path) {
        Some(line) => format!("{path},{}\n", line.class),
        None => format!("{path},keep\n"),
    };
    let list: String = suspected.iter().map(action).collect();
    fs::write(folder.join("looked.csv"), format!("path,action\n{list}")).unwrap();
    fs::copy(folder.join("story.toml"), folder.join("corrected.toml")).unwrap();
    // The first run of the spoilt list is there.
    for seed in ["seed=1", "seed=2"] {
        run(folder, &["story.toml", "--set", seed], 0);
    }
    for seed in ["seed=0", "seed=1", "seed=2"] {
        let list = ["--set", "data.corrections=looked.csv", "--set", seed];
        run(folder, &[&["corrected.toml"], &list[..]].concat(), 0);
    }
    let loss = |run: &str| {
        let split = json(&folder.join(format!("runs/{run}/split.json")));
        let test = split["test"].as_array().unwrap();
        let paths: Vec<String> = test
            .iter()
            .map(|name| format!("sample/{}", name.as_str().unwrap()))
            .collect();
        let to = format!("{run}.csv");
        let arguments = ["predict", "--run", run, "--top", "3", "--to", &to];
        let arguments: Vec<&str> = arguments
            .into_iter()
            .chain(paths.iter().map(String::as_str))
            .collect();
        program::explain(folder, &arguments, 0);
        let losses = csv_rows(&folder.join(to)).into_iter().map(|row| {
            let truth = class[row[0].trim_start_matches("sample/")];
            let at = row.iter().skip(2).position(|field| field == truth).unwrap();
            -row[2 + at + 1].parse::<f64>().unwrap().ln()
        });
        losses.sum::<f64>() / paths.len() as f64
    };
    let mean = |config: &str| -> f64 {
        let losses = (1..=3).map(|run| loss(&format!("{config}-{run}")));
        losses.sum::<f64>() / 3.0
    };
    let (spoilt, corrected) = (mean("story"), mean("corrected"));
    println!(
        "mean loss on the test part by what pictures are: {spoilt} spoilt, {corrected} corrected"
    );
    assert!(corrected < spoilt, "{corrected} and {spoilt}");
    // A fold that is named twice.
    let arguments = ["evaluate", "--run", "fold-1", "--folds", "fold-2,fold-2"];
    let said = program::explain(folder, &arguments, 2);
    let said = program::text(&said.stderr);
    says(&said, &["is a validation picture of two of the runs"]);
}

/// Path, true class and said class of each row that `explain predict` writes.
fn predicted(
    folder: &Path,
    paths: &[&str],
    to: &str,
    threads: &str,
) -> BTreeMap<String, Vec<String>> {
    let arguments = [
        &["predict", "--run", "story-1", "--top", "3", "--to", to],
        paths,
    ]
    .concat();
    let output = program::command("explain", folder, &arguments)
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows = csv_rows(&folder.join(to));
    assert_eq!(rows.len(), paths.len());
    rows.into_iter()
        .map(|row| (row[0].clone(), row[1..].to_vec()))
        .collect()
}

/// The figures of an evaluation of the story's run that goes to the folder `out`, or to the run's own one of that name.
fn evaluated(out: &str, arguments: &[&str]) -> Value {
    let (folder, _) = story();
    let all = [&["evaluate", "--run", "story-1"], arguments].concat();
    program::explain(folder, &all, 0);
    let results = match arguments.contains(&"--out") {
        true => folder.join(out),
        false => folder.join("runs/story-1/evaluations").join(out),
    };
    json(&results.join("evaluation.json"))
}

/// The rows of a csv file without its heading; no field here has a comma or a quotation mark.
fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
