//! Wide pictures that are asked about whole, and pictures that are there twice in two folds.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use stories::program::{self, OWN_FOLDERS, SHORT_TRAINING, run, says, short_run, text};

/// Pictures of each breed that are there twice.
const TWICE: usize = 8;

/// A folder with drawn pictures as somebody's own, some of them twice, wide ones in `wide`, and two runs `fold-1`, `fold-2`.
fn story() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("views-story");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.join("wide")).unwrap();
        fs::write(folder.join("drawn.toml"), short_run()).unwrap();
        run(&folder, &["fetch", "drawn.toml"], 0);
        for breed in ["Siamese", "pug"] {
            own_pictures(&folder, breed);
        }
        let split = "[split]\nkind = \"k-fold\"\nfolds = 2\n";
        let config = format!("{OWN_FOLDERS}{split}{SHORT_TRAINING}");
        fs::write(folder.join("fold.toml"), config).unwrap();
        for fold in ["split.fold=0", "split.fold=1"] {
            run(&folder, &["fold.toml", "--set", fold], 0);
        }
        folder
    })
}

fn own_pictures(folder: &Path, breed: &str) {
    let mine = folder.join("mine").join(breed);
    fs::create_dir_all(&mine).unwrap();
    for number in 1..=20 {
        let name = format!("{breed}_{number}.jpg");
        let drawn = folder.join("sample/images").join(&name);
        fs::copy(&drawn, mine.join(&name)).unwrap();
        if number <= TWICE {
            fs::copy(&drawn, mine.join(format!("again_{number}.jpg"))).unwrap();
        }
        if number <= 5 {
            // Of different widths, so that some frames are alike and others are not.
            let picture = image::open(&drawn).unwrap().to_rgb8();
            let height = picture.height();
            let times = 1 + number as u32 % 3;
            let wide = image::imageops::resize(
                &picture,
                height * times,
                height,
                image::imageops::FilterType::Triangle,
            );
            let path = folder.join(format!("wide/{breed}_{number}.png"));
            wide.save(path).unwrap();
        }
    }
}

/// The rows that `predict` writes of `pictures` seen in `view`, in any order.
fn predicted(pictures: &[&str], view: &str, threads: &str) -> BTreeSet<String> {
    let arguments = [
        &[
            "predict", "--run", "fold-1", "--view", view, "--to", "to.csv",
        ],
        pictures,
    ]
    .concat();
    let output = program::command("explain", story(), &arguments)
        .env("RAYON_NUM_THREADS", threads)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let csv = fs::read_to_string(story().join("to.csv")).unwrap();
    csv.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn what_is_said_of_a_whole_picture_depends_on_nothing_beside_it_and_sees_more_than_the_square() {
    let names: Vec<String> = ["Siamese", "pug"]
        .iter()
        .flat_map(|breed| (1..=5).map(move |number| format!("wide/{breed}_{number}.png")))
        .collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = predicted(&names, "whole", "2");
    assert_eq!(all.len(), names.len());
    names.reverse();
    assert_eq!(all, predicted(&names, "whole", "1"));
    for name in &names {
        let alone = predicted(&[*name], "whole", "3");
        assert!(alone.is_subset(&all), "{alone:?} of {all:?}");
    }
    // Number 3 is as wide as it is high: its square is all of it.
    let square = predicted(&names, "square", "2");
    let same: Vec<&String> = square.intersection(&all).collect();
    assert_eq!(same.len(), 2, "{same:?}");
    assert!(same.iter().all(|row| row.contains("_3.png")), "{same:?}");
}

#[test]
fn an_evaluation_of_whole_pictures_says_so_on_its_page_and_is_refused_with_views_that_are_squares()
{
    let arguments = [
        "evaluate", "--run", "fold-1", "--view", "whole", "--out", "whole",
    ];
    program::explain(story(), &arguments, 0);
    let page = fs::read_to_string(story().join("whole/index.html")).unwrap();
    assert!(page.contains("of the validation part, seen whole"));
    let figures: Value =
        serde_json::from_slice(&fs::read(story().join("whole/evaluation.json")).unwrap()).unwrap();
    assert_eq!(figures["origin"]["view"], "whole");
    let both = ["evaluate", "--run", "fold-1", "--view", "whole", "--tta"];
    let said = text(&program::explain(story(), &both, 2).stderr);
    assert!(said.contains("cannot be used with"), "{said}");
}

/// The same picture in two folds, where what two networks see of it could not be compared.
#[test]
fn pictures_that_are_there_twice_in_two_folds_are_found() {
    let arguments = [
        "evaluate", "--run", "fold-1", "--folds", "fold-2", "--out", "folds",
    ];
    let said = text(&program::explain(story(), &arguments, 0).stdout);
    let csv = fs::read_to_string(story().join("folds/suspects.csv")).unwrap();
    let pairs: BTreeSet<[&str; 2]> = csv
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect::<Vec<_>>())
        .map(|row| [row[0], row[8]])
        .collect();
    let split: Value =
        serde_json::from_slice(&fs::read(story().join("runs/fold-1/split.json")).unwrap()).unwrap();
    let is_in_first = |name: &str| {
        let valid = split["valid"].as_array().unwrap();
        valid.iter().any(|valid| valid == name)
    };
    let mut across = 0;
    for breed in ["Siamese", "pug"] {
        for number in 1..=TWICE {
            let one = format!("{breed}/{breed}_{number}.jpg");
            let other = format!("{breed}/again_{number}.jpg");
            let [found, back] = [[&*one, &*other], [&*other, &*one]];
            assert!(
                pairs.contains(&found) && pairs.contains(&back),
                "{one}: {csv}"
            );
            across += usize::from(is_in_first(&one) != is_in_first(&other));
        }
    }
    assert!(across > 0);
    says(
        &said,
        &["of them in two parts or folds, or with two labels"],
    );
}
