//! Corrections of a listing by a csv file.

use std::fs;
use std::path::{Path, PathBuf};

use pictures::folder::{Corrected, Corrections, LabelledFile};
use proptest::prelude::*;

const FOLDER: &str = "data/mine";

/// Pictures `cat/0.jpg`, `cat/1.jpg`, `dog/0.jpg`, `dog/é.jpg`.
fn files() -> Vec<LabelledFile> {
    let file = |(label, name): (&str, &str)| LabelledFile {
        name: format!("{label}/{name}"),
        path: Path::new(FOLDER).join(label).join(name),
        label: label.to_owned(),
        part: None,
    };
    let all = [
        ("cat", "0.jpg"),
        ("cat", "1.jpg"),
        ("dog", "0.jpg"),
        ("dog", "\u{e9}.jpg"),
    ];
    all.map(file).to_vec()
}

/// What the csv file `text` makes of them, or what is wrong with it.
fn corrected(text: impl AsRef<[u8]>) -> Result<Corrected, String> {
    corrected_of(files(), text)
}

fn corrected_of(files: Vec<LabelledFile>, text: impl AsRef<[u8]>) -> Result<Corrected, String> {
    let corrected = read(text)?.apply(files, Path::new(FOLDER));
    corrected.map_err(|error| error.to_string())
}

fn read(text: impl AsRef<[u8]>) -> Result<Corrections, String> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("suspects.csv");
    fs::write(&list, text).unwrap();
    Corrections::read(&list).map_err(|error| error.to_string())
}

fn labels(corrected: &Corrected) -> Vec<(&str, &str)> {
    let files = corrected.files.iter();
    files
        .map(|file| (file.name.as_str(), file.label.as_str()))
        .collect()
}

#[test]
fn a_class_renames_delete_leaves_out_keep_and_nothing_do_nothing() {
    let text = "rank,path,label,action,note\n1,cat/0.jpg,cat,dog,\n2,cat/1.jpg,cat, Delete ,\"a, b\"\n3,dog/0.jpg,dog,keep,\n4,dog/0.jpg,dog,,\n";
    for text in [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
    ] {
        let corrected = corrected(text).unwrap();
        assert_eq!(
            labels(&corrected),
            [
                ("cat/0.jpg", "dog"),
                ("dog/0.jpg", "dog"),
                ("dog/\u{e9}.jpg", "dog")
            ]
        );
        assert_eq!(corrected.places, [Some(0), None, Some(1), Some(2)]);
        assert_eq!(
            (corrected.changed, corrected.left_out),
            (1, vec!["cat/1.jpg".to_owned()])
        );
    }
}

#[test]
fn a_path_may_be_written_in_several_ways() {
    for path in [
        "dog/\u{e9}.jpg",
        "dog/e\u{301}.jpg",
        " dog/\u{e9}.jpg ",
        "dog\\\u{e9}.jpg",
        "./dog/\u{e9}.jpg",
        "data/mine/dog/\u{e9}.jpg",
        "data\\mine\\dog\\\u{e9}.jpg",
    ] {
        let corrected = corrected(format!("path,action\n{path},cat\n"));
        assert_eq!(
            corrected.map(|corrected| corrected.files[3].label.clone()),
            Ok("cat".to_owned()),
            "{path}"
        );
    }
}

#[test]
fn the_class_that_a_picture_has_already_changes_nothing() {
    let corrected = corrected("path,action\ncat/0.jpg,cat\n").unwrap();
    assert_eq!((corrected.changed, corrected.files), (0, files()));
}

#[test]
fn a_list_without_an_action_changes_nothing() {
    for text in [
        "path,action\n",
        "path,action\n\n",
        "path,action\ngone.jpg,\n",
        "action,path\n",
    ] {
        assert_eq!(corrected(text).unwrap().files, files(), "{text:?}");
    }
}

#[test]
fn what_cannot_be_used_is_one_sentence_with_its_line() {
    let cases: [(&[u8], &[&str]); 14] = [
        (
            b"path,action\n\ncat/0.jpg,Dog\n",
            &["line 3", "Dog", "did you mean dog?"],
        ),
        (
            b"path,action\ncat/0.jpg,zebra crossing\n",
            &["line 2", "no class", "keep, delete"],
        ),
        (
            b"path,action\ncat/0.jpg,delet\n",
            &["line 2", "did you mean delete?"],
        ),
        (
            b"path,action\ncat/0.jpg,DOG\n",
            &["line 2", "did you mean dog?"],
        ),
        (
            b"path,action\ncat/9.jpg,dog\n",
            &[
                "line 2",
                "no picture cat/9.jpg",
                "data/mine",
                "remove the line",
            ],
        ),
        (
            b"path,action\nCat/0.jpg,dog\n",
            &["line 2", "did you mean cat/0.jpg?"],
        ),
        (
            b"path,action\n../cat/0.jpg,dog\n",
            &["line 2", "no picture ../cat/0.jpg"],
        ),
        (
            b"path,action\ncat/0.jpg,dog\ncat/1.jpg,dog\r\n./cat/0.jpg,delete\n",
            &["line 4", "cat/0.jpg", "line 2 already"],
        ),
        (
            b"path,label\ncat/0.jpg,dog\n",
            &["line 1", "no column action", "path,action"],
        ),
        (
            b"path;action\ncat/0.jpg;dog\n",
            &["line 1", "separate the columns by commas"],
        ),
        (b"action\ndog\n", &["line 1", "no column path"]),
        (b"path,action\n,dog\n", &["line 2", "the path is empty"]),
        (b"path,action\ncat/0.jpg,dog,x\n", &["line 2", "3 fields"]),
        (b"\xff\xfep\0a\0", &["UTF-16"]),
    ];
    for (text, parts) in cases {
        let said = corrected(text).unwrap_err();
        assert_eq!(said.lines().count(), 1, "{said}");
        for part in parts {
            assert!(said.contains(part), "without {part:?}: {said}");
        }
        assert!(said.contains("suspects.csv"), "{said}");
    }
    let missing = Corrections::read(&PathBuf::from("nowhere/suspects.csv")).unwrap_err();
    let said = missing.to_string();
    assert!(
        said.contains("nowhere") && said.contains("no such file"),
        "{said}"
    );
}

#[test]
fn a_class_with_the_name_of_an_action_is_not_guessed() {
    let mut files = files();
    files[3].label = "keep".to_owned();
    let said = corrected_of(files, "path,action\ncat/0.jpg,keep\n").unwrap_err();
    assert!(
        said.contains("line 2") && said.contains("rename the class"),
        "{said}"
    );
}

#[test]
fn names_that_are_left_out_are_known_without_their_listing() {
    let text = "path,action\ncat/0.jpg,delete\ngone.jpg,delete\ncat/1.jpg,nonsense\n";
    let names = ["cat/0.jpg", "cat/1.jpg"].map(str::to_owned).to_vec();
    let corrections = read(text).unwrap();
    let left = corrections.without_left_out(names, Path::new(FOLDER));
    assert_eq!(left, ["cat/1.jpg"]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = corrected(bytes);
    }

    #[test]
    fn every_picture_is_left_out_or_has_its_place(actions in prop::collection::vec("(keep|delete|cat|dog|)", 4)) {
        let mut text = "path,action\n".to_owned();
        for (file, action) in files().iter().zip(&actions) {
            text += &format!("{},{action}\n", file.name);
        }
        let corrected = corrected(text).unwrap();
        for (before, place) in files().iter().zip(&corrected.places) {
            match place {
                Some(place) => prop_assert_eq!(&corrected.files[*place].name, &before.name),
                None => prop_assert!(corrected.left_out.contains(&before.name)),
            }
        }
        prop_assert_eq!(corrected.files.len() + corrected.left_out.len(), 4);
    }
}
