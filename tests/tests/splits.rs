//! Pictures of one's own and their parts: which split is taken, what the table of classes says, and what is refused.

use image::{Rgb, RgbImage};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};
use stories::program::{OWN_FOLDERS, SHORT_TRAINING, run, says, text, train, typed};

#[test]
fn a_ready_made_split_is_offered_instead_of_training_its_parts_as_classes_and_then_used() {
    for valid in ["valid", "val", "Validation"] {
        let folder = with_pictures(|draw| {
            for class in ["cat", "dog"] {
                draw(&format!("train/{class}"), 6);
                draw(&format!("{valid}/{class}"), 2);
            }
        });
        let said = text(&run(folder.path(), &["mine.toml"], 1).stderr);
        says(
            &said,
            &[
                "look like the parts of a ready-made split",
                "--set split.kind=folders",
            ],
        );
        assert!(!folder.path().join("runs").exists());
        let set = ["mine.toml", "--set", "split.kind=folders"];
        run(folder.path(), &set, 0);
        let split = split_of(folder.path(), 1);
        assert_eq!(names(&split, "classes"), ["cat", "dog"]);
        assert_eq!(split["train"].as_array().unwrap().len(), 12);
        let validated = names(&split, "valid");
        assert_eq!(validated.len(), 4);
        assert!(validated.iter().all(|name| name.starts_with(valid)));
        run(folder.path(), &["--resume", "runs/mine-1"], 0);
    }
}

#[test]
fn parts_of_any_usual_name_are_offered_and_used_wherever_they_stand() {
    for (train, valid, test) in [
        ("training_set", "dev", "test_set"),
        ("Train", "Eval", "Test"),
        (
            "seg_train/seg_train",
            "seg_val/seg_val",
            "seg_test/seg_test",
        ),
        ("train2017", "val2017", "testset"),
    ] {
        let folder = with_pictures(|draw| {
            for class in ["cat", "dog"] {
                for (part, count) in [(train, 4), (valid, 2), (test, 1)] {
                    draw(&format!("{part}/{class}"), count);
                }
            }
        });
        let said = text(&run(folder.path(), &["mine.toml", "--check"], 1).stderr);
        assert!(said.contains("--set split.kind=folders"), "{train}: {said}");
        parts_are_used(folder.path(), &[]);
    }
    let below_classes = with_pictures(|draw| {
        for class in ["cat", "dog"] {
            for (part, count) in [("train", 4), ("valid", 2), ("test", 1)] {
                draw(&format!("{class}/{part}"), count);
            }
        }
    });
    let said = text(&run(below_classes.path(), &["mine.toml", "--check"], 0).stderr);
    says(
        &said,
        &[
            "warning: ",
            "cat/test, cat/train, cat/valid and 3 more",
            "--set split.kind=folders",
        ],
    );
    parts_are_used(below_classes.path(), &[]);
    let wrapped = with_pictures(|draw| {
        for class in ["cat", "dog"] {
            for (part, count) in [("train", 4), ("valid", 2), ("test", 1)] {
                draw(&format!("archive/data/{part}/{class}"), count);
            }
        }
    });
    for set in ["split.kind=folders", "split.kind=stratified"] {
        let said = text(&run(wrapped.path(), &["mine.toml", "--set", set], 1).stderr);
        assert!(
            said.contains("parts of a ready-made split")
                && said.contains("data.folder = \"mine/archive/data\""),
            "{said}"
        );
    }
    parts_are_used(wrapped.path(), &["--set", "data.folder=mine/archive/data"]);
}

/// The folders are four pictures of each of two classes to train on, two to validate with and one that is kept.
fn parts_are_used(folder: &Path, more: &[&str]) {
    let check = ["mine.toml", "--check", "--set", "split.kind=folders"];
    let said = text(&run(folder, &[&check[..], more].concat(), 0).stdout);
    let counts = "2 classes, 8 pictures to train on, 4 to validate with, 2 kept for a last test";
    assert!(said.contains(counts) && said.contains("\ncat "), "{said}");
}

#[test]
fn a_ready_made_split_that_cannot_be_read_says_what_to_move() {
    let all = |draw: &dyn Fn(&str, usize)| {
        for class in ["cat", "dog"] {
            draw(&format!("train/{class}"), 4);
            draw(&format!("valid/{class}"), 2);
        }
    };
    let flat_test = with_pictures(|draw| {
        all(draw);
        draw("test", 3);
    });
    let own_class = with_pictures(|draw| {
        all(draw);
        draw("train/train/new", 3);
    });
    let twice = with_pictures(|draw| {
        all(draw);
        draw("val_set/cat", 3);
    });
    for (folder, expected) in [
        (&flat_test, "move mine/test out of the data folder"),
        (&own_class, "mine/train/train may be a class called train"),
        (
            &twice,
            "both val_set and valid of mine could be the same part",
        ),
    ] {
        let set = ["mine.toml", "--set", "split.kind=folders"];
        let said = text(&run(folder.path(), &set, 1).stderr);
        assert!(said.contains(expected), "{said}");
    }
    let no_valid = with_pictures(|draw| {
        for class in ["cat", "dog"] {
            draw(&format!("seg_train/seg_train/{class}"), 4);
            draw(&format!("seg_test/seg_test/{class}"), 2);
        }
    });
    let said = text(&run(no_valid.path(), &["mine.toml"], 1).stderr);
    let inner = "data.folder=mine/seg_train/seg_train";
    assert!(said.contains(&format!("--set {inner}")), "{said}");
    run(
        no_valid.path(),
        &["mine.toml", "--check", "--set", inner],
        0,
    );
}

#[test]
fn a_test_part_is_recorded_and_neither_trained_on_nor_validated_with() {
    let folder = with_pictures(|draw| {
        for part in ["train", "valid", "test"] {
            draw(&format!("{part}/cat"), 5);
            draw(&format!("{part}/dog"), 5);
        }
        // What would break training or validation is never looked at.
    });
    for number in 1..=5 {
        fs::write(
            folder.path().join(format!("mine/test/cat/{number}.png")),
            "no picture",
        )
        .unwrap();
    }
    let set = ["mine.toml", "--set", "split.kind=folders"];
    let said = text(&run(folder.path(), &set, 0).stderr);
    assert!(
        said.contains(
            "2 classes, 10 pictures to train on, 10 to validate with, 10 kept for a last test"
        ),
        "{said}"
    );
    says(&said, &["class          training  validation     test\n"]);
    let split = split_of(folder.path(), 1);
    assert!(
        names(&split, "test")
            .iter()
            .all(|name| name.starts_with("test/"))
    );
    let set = typed("mine.toml --set split.kind=folders --set data.folder=mine/train");
    let said = text(&run(folder.path(), &set, 1).stderr);
    assert!(said.contains("cat/1.png"), "{said}");
}

#[test]
fn random_and_grouped_splits_may_keep_a_test_part() {
    let folder = with_pictures(|draw| {
        draw("cat", 20);
        draw("dog", 20);
    });
    for (number, kind) in [(1, "random"), (2, "stratified"), (3, "grouped")] {
        let kind = format!("split.kind={kind}");
        let mut set = vec![
            "mine.toml",
            "--set",
            &kind,
            "--set",
            "split.test_fraction=0.2",
        ];
        if number == 3 {
            set.extend(["--set", r"split.pattern=(\d)\.png"]);
        }
        run(folder.path(), &set, 0);
        let split = split_of(folder.path(), number);
        assert!(!names(&split, "test").is_empty(), "{split}");
        disjoint_and_complete(&split, 40);
    }
}

#[test]
fn pictures_of_one_group_stay_in_one_part() {
    let folder = with_pictures(|draw| {
        for animal in 1..=8 {
            draw(&format!("cat/{animal}"), 3);
            draw(&format!("dog/{animal}"), 3);
        }
    });
    let pattern = [
        "--set",
        "split.kind=grouped",
        "--set",
        r"split.pattern=^(\w+/\d+)/",
    ];
    run(folder.path(), &[&["mine.toml"], &pattern[..]].concat(), 0);
    let split = split_of(folder.path(), 1);
    let groups = |part: &str| -> BTreeSet<String> {
        let group = |name: String| name.rsplit_once('/').unwrap().0.to_owned();
        names(&split, part).into_iter().map(group).collect()
    };
    let (train, valid) = (groups("train"), groups("valid"));
    assert!(train.is_disjoint(&valid) && train.len() + valid.len() == 16);
    // A fifth of eight animals, of each class.
    for class in ["cat", "dog"] {
        let count = valid
            .iter()
            .filter(|group| group.starts_with(class))
            .count();
        assert!((1..=2).contains(&count), "{valid:?}");
    }
    for (pattern, expected) in [
        (r"split.pattern=cat/(\d+)/", "finds no group in dog/1/1.png"),
        (r"split.pattern=(\d+", "unclosed group"),
        (r"split.pattern=\d+", "no capture"),
    ] {
        let set = ["mine.toml", "--set", "split.kind=grouped", "--set", pattern];
        let code = if expected.contains("dog") { 1 } else { 2 };
        let said = text(&run(folder.path(), &set, code).stderr);
        assert!(
            said.contains(expected) && said.lines().count() == 1,
            "{said}"
        );
    }
    let each = typed("mine.toml --check --set split.kind=grouped --set split.pattern=(.+)");
    let said = text(&run(folder.path(), &each, 0).stderr);
    says(&said, &["a group of its own: nothing is kept together"]);
}

#[test]
fn the_folds_validate_every_picture_once() {
    let folder = with_pictures(|draw| {
        draw("cat", 9);
        draw("dog", 6);
    });
    let mut validated = BTreeSet::new();
    for fold in 0..3 {
        let fold = format!("split.fold={fold}");
        let set = format!("mine.toml --set split.kind=k-fold --set split.folds=3 --set {fold}");
        run(folder.path(), &typed(&set), 0);
    }
    for number in 1..=3 {
        let split = split_of(folder.path(), number);
        disjoint_and_complete(&split, 15);
        for name in names(&split, "valid") {
            assert!(validated.insert(name.clone()), "{name} is validated twice");
        }
    }
    assert_eq!(validated.len(), 15);
}

#[test]
fn what_nothing_can_be_learnt_from_is_refused_before_there_is_a_run() {
    let one_class = with_pictures(|draw| draw("cat", 10));
    let one_picture = with_pictures(|draw| {
        draw("cat", 1);
        draw("dog", 1);
    });
    let empty_class = with_pictures(|draw| {
        draw("cat", 10);
        draw("dog", 0);
    });
    let untrained = with_pictures(|draw| {
        draw("train/cat", 4);
        draw("train/dog", 4);
        draw("valid/cat", 2);
        draw("valid/fox", 5);
        draw("test/owl", 1);
    });
    let no_valid = with_pictures(|draw| {
        draw("train/cat", 4);
        draw("test/cat", 4);
    });
    for (folder, set, expected) in [
        (
            &one_class,
            "seed=0",
            "all 10 pictures are of one class, cat: nothing can be learnt",
        ),
        (
            &empty_class,
            "seed=0",
            "are of one class, cat: nothing can be learnt from that, add pictures of another; there is no picture in dog/",
        ),
        (
            &one_picture,
            "split.kind=k-fold",
            "split.folds is 5, but there are only 2 pictures",
        ),
        (
            &one_picture,
            "split.fraction=0.5",
            "is the only picture to train on",
        ),
        (
            &untrained,
            "split.kind=folders",
            "the class fox has no picture to train on, only 5 pictures (valid/fox/1.png, valid/fox/2.png, valid/fox/3.png and \
             2 more), nor has the class owl",
        ),
        (
            &no_valid,
            "split.kind=folders",
            "no picture is in the valid part",
        ),
        (
            &no_valid,
            "split.kind=random",
            "--set data.folder=mine/train",
        ),
    ] {
        let said = text(&run(folder.path(), &["mine.toml", "--set", set], 1).stderr);
        assert!(
            said.contains(expected) && said.lines().count() == 1,
            "{said}"
        );
        assert!(!folder.path().join("runs").exists());
    }
}

#[test]
fn a_training_part_of_which_no_two_pictures_meet_is_an_error() {
    let folder = with_pictures(|draw| {
        draw("train/cat", 2);
        draw("train/dog", 2);
        draw("valid/cat", 1);
        draw("valid/dog", 1);
    });
    // Of any order some pair of a cat and a dog is in two batches.
    let mut said = Vec::new();
    for [cat, dog] in [[1, 1], [1, 2], [2, 1], [2, 2]] {
        let path = |class, number| {
            folder
                .path()
                .join(format!("mine/train/{class}/{number}.png"))
        };
        let broken = [path("cat", cat), path("dog", dog)];
        let whole = broken.each_ref().map(|path| fs::read(path).unwrap());
        broken
            .iter()
            .for_each(|path| fs::write(path, "no picture").unwrap());
        let set = [
            "mine.toml",
            "--set",
            "split.kind=folders",
            "--set",
            "data.on_bad_image=skip",
            "--set",
            "stage.0.batch_size=2",
        ];
        let output = train(folder.path(), &set).output().unwrap();
        said.push(text(&output.stderr));
        broken
            .iter()
            .zip(whole)
            .for_each(|(path, whole)| fs::write(path, whole).unwrap());
    }
    let expected =
        "no step could be made: of the 4 training pictures 2 can be decoded, never two in a batch";
    assert!(said.iter().any(|said| said.contains(expected)), "{said:?}");
}

#[test]
fn the_table_of_classes_and_its_warnings_are_in_check_at_the_start_of_a_run_and_in_its_log() {
    let folder = with_pictures(|draw| {
        draw("cat", 60);
        draw("dog", 5);
        draw("fox", 3);
        draw("owl", 0);
    });
    let set = ["mine.toml", "--set", "split.kind=stratified"];
    let checked = run(folder.path(), &[&set[..], &["--check"]].concat(), 0);
    let said = text(&run(folder.path(), &set, 0).stderr);
    let log = fs::read_to_string(folder.path().join("runs/mine-1/log.txt")).unwrap();
    let table = "\
class          training  validation
cat                  48          12
dog                   4           1
fox                   3           0
all 3 classes        55          13
";
    for text in [&text(&checked.stdout), &said, &log] {
        assert!(text.contains(table), "{text}");
    }
    for warning in [
        "warning: a class has fewer than 5 pictures (fox: 3)",
        "warning: no picture validates the class fox, which is in the training part only",
        "warning: cat has more than 10 times as many training pictures as 2 other classes (48 against fox: 3, dog: 4)",
        "warning: the class folder owl has no picture",
    ] {
        for text in [&text(&checked.stderr), &said, &log] {
            assert_eq!(text.matches(warning).count(), 1, "{warning}: {text}");
        }
    }
}

#[test]
fn of_many_classes_the_terminal_shows_the_ends_and_the_log_every_one() {
    let folder = with_pictures(|draw| {
        for class in 0..60 {
            draw(&format!("class-{class:02}"), 2);
        }
    });
    let set = typed("mine.toml --set split.kind=stratified --set split.fraction=0.5");
    let said = text(&run(folder.path(), &set, 0).stderr);
    says(
        &said,
        &["\n… 40 more\n", "(every class is in runs/mine-1/log.txt)"],
    );
    assert_eq!(
        said.matches("warning: 60 classes have fewer than 5 pictures")
            .count(),
        1,
        "{said}"
    );
    let log = fs::read_to_string(folder.path().join("runs/mine-1/log.txt")).unwrap();
    for class in 0..60 {
        assert!(log.contains(&format!("\nclass-{class:02}  ")), "{log}");
    }
}

#[test]
fn parts_that_a_split_does_not_go_by_are_spoken_of() {
    let folder = with_pictures(|draw| {
        for class in ["cat", "dog"] {
            draw(&format!("train/{class}_"), 6);
            draw(&format!("valid/{class}_"), 6);
        }
    });
    let flat = folder.path().join("mine");
    for part in ["train", "valid"] {
        for class in ["cat", "dog"] {
            for number in 1..=6 {
                let from = flat.join(format!("{part}/{class}_/{number}.png"));
                fs::rename(from, flat.join(format!("{part}/{class}_{number}.jpg"))).unwrap();
            }
            fs::remove_dir(flat.join(format!("{part}/{class}_"))).unwrap();
        }
    }
    let names = ["mine.toml", "--check", "--set", "data.layout=file-names"];
    let said = text(&run(folder.path(), &names, 0).stderr);
    says(&said, &["`--set split.kind=folders` takes them"]);
    let taken = [&names[..], &["--set", "split.kind=folders"]].concat();
    let said = text(&run(folder.path(), &taken, 0).stdout);
    says(
        &said,
        &["2 classes, 12 pictures to train on, 12 to validate with"],
    );
}

#[test]
fn a_csv_file_divides_the_pictures_or_is_spoken_of() {
    let folder = with_pictures(|draw| draw("all", 12));
    let list = |parts: &dyn Fn(usize) -> &'static str| {
        let line = |number: usize| {
            let class = if number.is_multiple_of(2) {
                "cat"
            } else {
                "dog"
            };
            format!("all/{number}.png,{class},{}\n", parts(number))
        };
        let lines: String = (1..=12).map(line).collect();
        fs::write(
            folder.path().join("mine/labels.csv"),
            format!("path,label,split\n{lines}"),
        )
        .unwrap();
    };
    let set = ["mine.toml", "--set", "data.layout=csv"];
    let taken = [&set[..], &["--set", "split.kind=csv"]].concat();
    list(&|number| ["train", "train", "val", "test"][(number - 1) / 3]);
    run(folder.path(), &taken, 0);
    let split = split_of(folder.path(), 1);
    assert_eq!(
        names(&split, "valid"),
        ["all/7.png", "all/8.png", "all/9.png"]
    );
    assert_eq!(
        names(&split, "test"),
        ["all/10.png", "all/11.png", "all/12.png"]
    );
    let check = [&set[..], &["--check"]].concat();
    let said = text(&run(folder.path(), &check, 0).stderr);
    says(&said, &["the column `split` of the csv file is not used"]);

    list(&|number| if number < 9 { "train" } else { "valid" });
    run(folder.path(), &taken, 0);
    list(&|number| if number < 9 { "train" } else { "test" });
    let said = text(&run(folder.path(), &taken, 1).stderr);
    assert!(said.contains("no picture is in the valid part"), "{said}");
    list(&|number| ["train", "train", "valid", ""][(number - 1) / 3]);
    let said = text(&run(folder.path(), &taken, 1).stderr);
    says(&said, &["labels.csv, line 11: the split is empty"]);
    fs::write(
        folder.path().join("mine/labels.csv"),
        "path,label\nall/1.png,cat\nall/2.png,dog\n",
    )
    .unwrap();
    let said = text(&run(folder.path(), &taken, 1).stderr);
    assert!(said.contains("no picture has a part"), "{said}");
}

/// A folder with a config and the pictures that `draw` is asked for: so many in that folder of `mine`.
fn with_pictures(ask: impl FnOnce(&dyn Fn(&str, usize))) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("{OWN_FOLDERS}{SHORT_TRAINING}");
    fs::write(folder.path().join("mine.toml"), config).unwrap();
    ask(&|name: &str, count: usize| draw(&folder.path().join("mine").join(name), count));
    folder
}

/// Draws pictures `1.png` to `count.png`, no two alike.
fn draw(folder: &Path, count: usize) {
    fs::create_dir_all(folder).unwrap();
    for number in 1..=count {
        let path = folder.join(format!("{number}.png"));
        let shade = path
            .to_string_lossy()
            .bytes()
            .fold(0, |sum: u8, byte| sum.wrapping_mul(31).wrapping_add(byte));
        RgbImage::from_pixel(32, 32, Rgb([shade, number as u8, 90]))
            .save(&path)
            .unwrap();
    }
}

/// `split.json` of run `mine-<number>`.
fn split_of(folder: &Path, number: usize) -> Value {
    let split = fs::read_to_string(folder.join(format!("runs/mine-{number}/split.json"))).unwrap();
    serde_json::from_str(&split).unwrap()
}

/// The texts of a list of the split; none if it is not there.
fn names(split: &Value, list: &str) -> Vec<String> {
    let names = split[list].as_array().into_iter().flatten();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn disjoint_and_complete(split: &Value, count: usize) {
    let all: Vec<String> = ["train", "valid", "test"]
        .iter()
        .flat_map(|part| names(split, part))
        .collect();
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (count, count));
}
