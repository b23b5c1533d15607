//! The folders of pictures that people have: each trains, or one sentence says why not.

use image::{Rgb, RgbImage};
use std::{fs, path::Path};
use stories::program::{SHORT_TRAINING, run, says, text};

/// A folder `mine` with these pictures, and a config whose `[data]` has `lines`.
fn mine(pictures: &[String], lines: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (index, name) in pictures.iter().enumerate() {
        picture(&folder.path().join("mine").join(name), index);
    }
    let data = format!("[data]\nsource = \"folder\"\nfolder = \"mine\"\n{lines}\n");
    let split = "[split]\nkind = \"stratified\"\n";
    let config = format!("{data}\n{split}{SHORT_TRAINING}");
    fs::write(folder.path().join("own.toml"), config).unwrap();
    folder
}

/// A picture that is no other.
fn picture(path: &Path, index: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let colour = Rgb([index as u8 * 7, 200 - index as u8, 90]);
    RgbImage::from_pixel(40, 36, colour)
        .save_with_format(path, image::ImageFormat::Png)
        .unwrap();
}

fn of(folders: &[&str], count: usize, ending: &str) -> Vec<String> {
    let names = |folder: &&str| {
        let folder = folder.to_string();
        (1..=count).map(move |number| format!("{folder}{number}.{ending}"))
    };
    folders.iter().flat_map(names).collect()
}

/// What a check says of the pictures.
fn checked(folder: &Path) -> String {
    let output = run(folder, &["own.toml", "--check"], 0);
    text(&output.stdout) + &text(&output.stderr)
}

fn fails(folder: &Path, code: i32, parts: &[&str]) {
    let said = text(&run(folder, &["own.toml", "--check"], code).stderr);
    says(&said, parts);
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
#[cfg(unix)]
fn a_class_folder_that_is_a_link_is_trained_and_a_dead_one_is_named() {
    let folder = mine(&of(&["cat/", "dog/"], 5, "png"), "layout = \"folders\"");
    let folder = folder.path();
    for number in 1..=5 {
        picture(&folder.join(format!("elsewhere/{number}.png")), 20 + number);
    }
    std::os::unix::fs::symlink("../elsewhere", folder.join("mine/fox")).unwrap();
    std::os::unix::fs::symlink("../gone", folder.join("mine/owl")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("mine/cat/up")).unwrap();
    says(
        &checked(folder),
        &[
            "3 classes, 12 pictures to train on, 3 to validate with",
            "warning: left out 2 links: cat/up leads in a circle, back to ",
            "; owl leads to ../gone, which is not there",
        ],
    );
}

#[test]
fn what_is_left_out_beside_the_pictures_is_one_line_that_the_log_has_too() {
    let folder = mine(&of(&["cat/", "dog/"], 5, "png"), "layout = \"folders\"");
    let folder = folder.path();
    for name in ["cat/1.HEIC", "cat/2.heic", "dog/3.avif", "notes.mat"] {
        fs::write(folder.join("mine").join(name), "").unwrap();
    }
    for name in [
        "__MACOSX/cat/._1.png",
        "cat/@eaDir/1.png",
        ".ipynb_checkpoints/1.png",
    ] {
        picture(&folder.join("mine").join(name), 50);
    }
    let line = "warning: left out: 2 .heic, 1 .avif, 1 .mat, 3 hidden or system folders \
                (.ipynb_checkpoints/, __MACOSX/, cat/@eaDir/); convert what is a picture to .jpg or .png (.bmp, ";
    says(
        &text(&run(folder, &["own.toml"], 0).stderr),
        &[line, "2 classes"],
    );
    says(
        &fs::read_to_string(folder.join("runs/own-1/log.txt")).unwrap(),
        &[line],
    );
}

#[test]
fn file_names_of_any_ending_tell_their_classes() {
    let pictures = [
        of(&["pug_"], 5, "JPG"),
        of(&["Bombay_"], 5, "jpeg"),
        of(&["pug_1"], 5, "png"),
    ]
    .concat();
    let folder = mine(&pictures, "");
    says(
        &checked(folder.path()),
        &["2 classes, 12 pictures to train on"],
    );
    let notebook = mine(&pictures, "pattern = '([^/]+)_\\d+.jpg$'");
    fails(
        notebook.path(),
        1,
        &[
            "Bombay_1.jpeg",
            "and 14 others",
            r"data.pattern finds, ([^/]+)_\d+.jpg$",
        ],
    );
}

#[test]
fn a_name_without_a_class_is_named_with_the_rule() {
    let folder = mine(
        &[of(&["pug_"], 3, "jpg"), of(&["holiday"], 2, "jpg")].concat(),
        "",
    );
    fails(
        folder.path(),
        1,
        &[
            "holiday1.jpg",
            "and 1 other",
            "an underscore, a number and the ending",
            "Maine_Coon_12.jpg",
        ],
    );
}

#[test]
fn a_class_called_images_is_a_class_like_any_other() {
    let folder = mine(
        &of(&["images/", "drawings/"], 5, "png"),
        "layout = \"folders\"",
    );
    says(
        &checked(folder.path()),
        &["2 classes, 8 pictures to train on"],
    );
    let three = mine(
        &of(&["images/", "drawings/", "annotations/"], 5, "png"),
        "layout = \"folders\"",
    );
    says(&checked(three.path()), &["3 classes"]);
}

#[test]
fn a_folder_laid_out_like_the_pets_gives_the_pictures_in_images_and_says_so() {
    let pictures = of(
        &["images/pug_", "images/cat_", "annotations/trimaps/pug_"],
        5,
        "png",
    );
    let folder = mine(&pictures, "");
    says(
        &checked(folder.path()),
        &[
            "the pictures are those in mine/images, as in the layout of the pets",
            "2 classes, 8 pictures",
        ],
    );
    let pictures = of(
        &["images/pug/", "images/cat/", "annotations/trimaps/pug_"],
        5,
        "png",
    );
    let folder = mine(&pictures, "layout = \"folders\"");
    says(
        &checked(folder.path()),
        &["mine/images", "2 classes, 8 pictures"],
    );
}

#[test]
fn folders_that_hold_the_class_folders_are_pointed_at() {
    let folder = mine(
        &of(&["photos/cat/", "photos/dog/"], 3, "png"),
        "layout = \"folders\"",
    );
    fails(
        folder.path(),
        1,
        &["data.folder = \"mine/photos\"", "cat, dog"],
    );
    let twice = mine(
        &of(&["archive/photos/cat/", "archive/photos/dog/"], 3, "png"),
        "layout = \"folders\"",
    );
    fails(twice.path(), 1, &["data.folder = \"mine/archive/photos\""]);
}

#[test]
fn one_class_in_two_forms_of_unicode_is_an_error_and_similar_classes_are_a_warning() {
    let torn = mine(
        &of(&["caf\u{e9}/", "cafe\u{301}/"], 3, "png"),
        "layout = \"folders\"",
    );
    fails(torn.path(), 1, &["caf\\u{e9}", "cafe\\u{301}", "merge"]);
    let similar = mine(
        &of(&["Cat/", "cat /", "dog/"], 5, "png"),
        "layout = \"folders\"",
    );
    says(
        &checked(similar.path()),
        &[
            "warning: classes whose names differ only in case",
            "Cat and \"cat \";",
        ],
    );
}

#[test]
fn a_csv_list_trains_and_its_faults_are_named_with_their_lines() {
    let folder = mine(&of(&["a/", "b/"], 5, "png"), "layout = \"csv\"");
    let folder = folder.path();
    let list = |lines: &[&str]| {
        let text = [&["path,label"], lines].concat().join("\r\n");
        fs::write(folder.join("mine/labels.csv"), text).unwrap();
    };
    fails(
        folder,
        1,
        &["mine/labels.csv", "no such list", "path,label"],
    );
    let lines: Vec<String> = of(&["a/", "b/"], 5, "png")
        .iter()
        .map(|path| format!("{path},\"{}\"", &path[..1]))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    list(&lines);
    says(
        &checked(folder),
        &["2 classes, 8 pictures to train on, 2 to validate with"],
    );
    list(&lines[1..]);
    says(
        &checked(folder),
        &["warning: left out: 1 picture that the list does not name (a/1.png)"],
    );
    list(&[&lines[..], &["a/6.png,a"]].concat());
    fails(folder, 1, &["mine/labels.csv, line 12", "a/6.png"]);
    list(&[&lines[..], &["a/1.png,b"]].concat());
    fails(
        folder,
        1,
        &["line 12", "a/1.png is named in line 2 already"],
    );
    list(&["../own.toml,a"]);
    fails(folder, 1, &["line 2", "leads out"]);
}

#[test]
fn keys_that_the_layout_does_not_read_and_patterns_that_cannot_be_read_are_refused_with_their_line()
{
    for (lines, parts) in [
        (
            "pattern = '(a'",
            &["own.toml, line 4", "data.pattern: (a: ", "unclosed group"][..],
        ),
        (
            "pattern = 'a'",
            &["line 4", "data.pattern: a: it has no group"],
        ),
        (
            "layout = \"folders\"\npattern = '(a)'",
            &[
                "line 5",
                "data.pattern: only layout = \"file-names\" reads it",
            ],
        ),
        (
            "csv = 'a.csv'",
            &["line 4", "data.csv: only layout = \"csv\" reads it"],
        ),
        (
            "layout = \"csv\"\ncsv = '../a.csv'",
            &["line 5", "data.csv is \"../a.csv\"", "below data.folder"],
        ),
        (
            "layout = \"folder\"",
            &["line 4", "data.layout is `folder`: did you mean `folders`?"],
        ),
    ] {
        let folder = mine(&of(&["a/"], 1, "png"), lines);
        fails(folder.path(), 2, parts);
    }
}

#[test]
fn a_folder_without_pictures_says_what_is_in_it() {
    let folder = mine(&[], "layout = \"folders\"");
    fs::create_dir_all(folder.path().join("mine/cat")).unwrap();
    fs::write(folder.path().join("mine/cat/1.heic"), "").unwrap();
    fails(
        folder.path(),
        1,
        &["there is no picture in mine", "1 .heic", "convert"],
    );
}

#[test]
fn a_list_in_a_folder_below_is_found_as_windows_writes_it() {
    let lines = "layout = \"csv\"\ncsv = 'lists\\labels.csv'";
    let folder = mine(&of(&["lists/cat/", "lists/dog/"], 5, "png"), lines);
    let rows = of(&["cat/", "dog/"], 5, "png").into_iter();
    let rows: String = rows
        .map(|name| format!("{name},{}\n", &name[..3]))
        .collect();
    fs::write(
        folder.path().join("mine/lists/labels.csv"),
        format!("path,label\n{rows}"),
    )
    .unwrap();
    says(
        &checked(folder.path()),
        &["2 classes, 8 pictures to train on, 2 to validate with"],
    );
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_a_list_is_refused_and_not_waited_for() {
    let folder = mine(&of(&["cat/", "dog/"], 5, "png"), "layout = \"csv\"");
    let list = folder.path().join("mine/labels.csv");
    let made = std::process::Command::new("mkfifo").arg(&list).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: no pipe can be made here");
        return;
    }
    fails(folder.path(), 1, &["labels.csv", "a pipe"]);
}

#[test]
#[cfg(unix)]
fn a_class_with_a_line_break_is_refused_and_letters_that_nobody_sees_are_a_warning() {
    let broken = mine(&of(&["cat\nx/", "dog/"], 5, "png"), "layout = \"folders\"");
    fails(broken.path(), 1, &["the class cat\\nx has a line break"]);
    let unseen = mine(
        &of(&["cat\u{200b}/", "cat/", "dog /"], 5, "png"),
        "layout = \"folders\"",
    );
    says(
        &checked(unseen.path()),
        &[
            "differ only in case, spacing or punctuation: cat and cat\\u{200b}",
            "a letter that is not seen: cat\\u{200b}, \"dog \"",
        ],
    );
}

#[test]
fn the_pets_are_not_offered_where_a_folder_of_ones_own_is_missing_or_empty() {
    let folder = mine(&[], "layout = \"folders\"");
    for made in [false, true] {
        if made {
            fs::create_dir_all(folder.path().join("mine/cat")).unwrap();
        }
        let said = text(&run(folder.path(), &["own.toml", "--check"], 1).stderr);
        assert!(
            said.contains("name the folder that holds the pictures") && !said.contains("pets"),
            "{said}"
        );
    }
}
