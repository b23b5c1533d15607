//! Listing the folders that people have: links, junk, lists, ready-made parts, names that are nearly one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pictures::folder::{
    FolderError, FolderLayout, LabelPattern, LinkFault, Listing, NOTEBOOK_PATTERN, Rules,
    find_pictures, list_pictures,
};
use pictures::part::Part;
use proptest::prelude::*;

/// A folder with empty files of these names in it.
fn folder_of(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in names {
        write(folder.path(), name, "");
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a new folder");
    fs::write(path, text).expect("a written file");
}

fn list(folder: &Path, layout: FolderLayout) -> Result<Listing, FolderError> {
    list_pictures(folder, &Rules::of(layout))
}

fn list_csv(folder: &Path, text: &str) -> Result<Listing, FolderError> {
    write(folder, "labels.csv", text);
    let rules = Rules {
        csv: folder.join("labels.csv"),
        ..Rules::of(FolderLayout::Csv)
    };
    list_pictures(folder, &rules)
}

fn list_parts(folder: &Path) -> Result<Listing, FolderError> {
    let rules = Rules {
        folders_are_parts: true,
        ..Rules::of(FolderLayout::Folders)
    };
    list_pictures(folder, &rules)
}

fn names_and_labels(listing: &Listing) -> Vec<(&str, &str)> {
    let files = listing.files.iter();
    files
        .map(|file| (file.name.as_str(), file.label.as_str()))
        .collect()
}

fn remarks(listing: &Listing) -> String {
    let lines: Vec<String> = listing
        .remarks()
        .into_iter()
        .map(|(_, line)| line)
        .collect();
    lines.join("\n")
}

/// The error in words, each of `parts` among them.
fn refused(listing: Result<Listing, FolderError>, parts: &[&str]) {
    let said = listing.expect_err("an error").to_string();
    for part in parts {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn any_picture_ending_in_any_case_tells_its_class_by_the_file_name() {
    let folder = folder_of(&[
        "pug_1.jpg",
        "pug_2.JPG",
        "Bombay_1.jpeg",
        "pug_3.png",
        "pug_4.TIFF",
    ]);
    let listing = list(folder.path(), FolderLayout::FileNames).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [
            ("Bombay_1.jpeg", "Bombay"),
            ("pug_1.jpg", "pug"),
            ("pug_2.JPG", "pug"),
            ("pug_3.png", "pug"),
            ("pug_4.TIFF", "pug"),
        ]
    );
}

#[test]
fn runs_below_the_folder_are_no_class_and_are_counted() {
    let run = |run: &str| {
        [
            "config.toml",
            "checkpoints/64/manifest.json",
            "explanations/1/map.png",
        ]
        .map(|file| format!("{run}/{file}"))
    };
    let runs = [
        run("runs/mine-1"),
        run("runs/mine-2"),
        run("cat/old"),
        run("mailed-1"),
    ]
    .concat();
    let others = [
        "cat/1.jpg",
        "dog/1.jpg",
        "dog/config.toml",
        "dog/young/2.jpg",
    ];
    let mut names: Vec<&str> = runs.iter().map(String::as_str).collect();
    names.extend(others);
    let folder = folder_of(&names);
    write(folder.path(), "runs/.DS_Store", "");
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [
            ("cat/1.jpg", "cat"),
            ("dog/1.jpg", "dog"),
            ("dog/young/2.jpg", "dog")
        ]
    );
    assert!(listing.empty_classes.is_empty());
    assert_eq!(
        remarks(&listing),
        "left out: 1 .toml, 3 folders of runs (cat/old/, mailed-1/, runs/)"
    );
    // Whoever names the folder itself means it.
    let named = find_pictures(&folder.path().join("runs/mine-1")).expect("a listing");
    assert_eq!(named.pictures.len(), 1);
}

#[test]
fn a_folder_that_holds_more_than_runs_loses_the_runs_alone() {
    let folder = folder_of(&[
        "photos/mine-1/config.toml",
        "photos/mine-1/checkpoints/1.png",
        "photos/cat/1.jpg",
    ]);
    let found = find_pictures(folder.path()).expect("a listing");
    assert_eq!(found.pictures[0].0, "photos/cat/1.jpg");
    assert_eq!(
        (found.pictures.len(), found.left_out.runs),
        (1, vec!["photos/mine-1".to_owned()])
    );
}

#[test]
fn a_pattern_takes_the_place_of_the_rule_and_names_itself_where_it_fails() {
    let folder = folder_of(&["pug_1.jpg", "pug_2.JPG"]);
    let with = |pattern: &str| {
        let rules = Rules {
            pattern: Some(LabelPattern::new(pattern).expect("a pattern")),
            ..Rules::of(FolderLayout::FileNames)
        };
        list_pictures(folder.path(), &rules)
    };
    refused(
        with(NOTEBOOK_PATTERN),
        &["pug_2.JPG", NOTEBOOK_PATTERN, "change the pattern"],
    );
    let listing = with("^(..)").expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [("pug_1.jpg", "pu"), ("pug_2.JPG", "pu")]
    );
}

#[test]
fn where_names_tell_no_class_the_first_is_named_with_the_number_of_the_others() {
    let folder = folder_of(&["a.jpg", "b.jpg", "c.jpg", "pug_1.jpg"]);
    let by_name = list(folder.path(), FolderLayout::FileNames);
    refused(
        by_name,
        &["a.jpg", "and 2 others", "Maine_Coon_12.jpg", "csv"],
    );
    let folder = folder_of(&["cat/a.jpg", "dog/b.jpg"]);
    let by_name = list(folder.path(), FolderLayout::FileNames);
    refused(
        by_name,
        &["a.jpg", "and 1 other", "data.layout = \"folders\""],
    );
}

#[test]
fn classes_from_file_names_that_have_nothing_to_do_with_the_folders_are_a_remark() {
    let folder = folder_of(&["cat/IMG_1.jpg", "dog/IMG_2.jpg"]);
    let listing = list(folder.path(), FolderLayout::FileNames).expect("a listing");
    let said = remarks(&listing);
    assert!(
        said.contains("(IMG), not from the folders (cat, dog)"),
        "{said}"
    );
    for names in [
        &["a/pug_1.jpg", "pug/pug_2.jpg"][..],
        &["all/pug_1.jpg", "all/cat_2.jpg"],
    ] {
        let listing = list(folder_of(names).path(), FolderLayout::FileNames).expect("a listing");
        assert_eq!(remarks(&listing), "");
    }
}

#[test]
fn what_is_left_out_is_counted_by_its_ending() {
    let folder = folder_of(&[
        "cat/1.jpg",
        "cat/2.HEIC",
        "dog/3.heic",
        "dog/4.png",
        "5.mat",
        "cat/readme",
        "cat/._1.jpg",
        ".DS_Store",
        "Thumbs.db",
        "__MACOSX/cat/1.jpg",
        "cat/@eaDir/1.jpg",
        ".ipynb_checkpoints/1.jpg",
        ".thumbnails/1.jpg",
        ".fetched.json",
    ]);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [("cat/1.jpg", "cat"), ("dog/4.png", "dog")]
    );
    let said = listing.left_out.to_string();
    for part in [
        "left out: 2 .heic, 1 without an ending, 1 .mat, 3 hidden or system files",
        "4 hidden or system folders (.ipynb_checkpoints/, .thumbnails/, __MACOSX/ and 1 more)",
        "convert what is a picture",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    assert_eq!(listing.remarks(), [(true, said)]);
}

#[test]
fn a_folder_without_a_picture_says_what_is_there_instead() {
    let folder = folder_of(&["cat/1.heic", "dog/2.heic"]);
    let empty = list(folder.path(), FolderLayout::Folders);
    refused(empty, &["there is no picture", "2 .heic", "convert"]);
}

#[test]
fn class_folders_without_a_picture_are_in_the_listing() {
    let folder = folder_of(&[
        "cat/1.jpg",
        "cats/1.heic",
        "dog/deep/1.jpg",
        "empty/deep/1.txt",
    ]);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(listing.empty_classes, ["cats", "empty"]);
    let folder = folder_of(&["train/cat/1.jpg", "train/dog/1.heic", "valid/cat/1.jpg"]);
    let listing = list_parts(folder.path()).expect("a listing");
    assert_eq!(listing.empty_classes, ["train/dog"]);
}

#[test]
fn class_folders_one_level_deeper_than_named_are_pointed_at() {
    let folder = folder_of(&["images/cat/1.jpg", "images/dog/2.jpg"]);
    let inner = folder.path().join("images");
    let deeper = list(folder.path(), FolderLayout::Folders);
    refused(
        deeper,
        &[
            "cat, dog",
            &format!("data.folder = \"{}\"", inner.display()),
        ],
    );
    let folder = folder_of(&["cat/2019/1.jpg", "dog/2.jpg"]);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [("cat/2019/1.jpg", "cat"), ("dog/2.jpg", "dog")]
    );
}

#[test]
fn the_parts_of_a_ready_made_split_are_seen_and_taken_if_the_rules_say_so() {
    let names = [
        "Train/cat/1.jpg",
        "Train/dog/x/2.jpg",
        "val/cat/3.jpg",
        "test/dog/4.jpg",
    ];
    let folder = folder_of(&names);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(listing.unused_parts, ["Train", "test", "val"]);
    assert!(listing.files.iter().all(|file| file.part.is_none()));

    let listing = list_parts(folder.path()).expect("a listing");
    assert_eq!(
        names_and_labels(&listing)
            .iter()
            .map(|pair| pair.1)
            .collect::<Vec<_>>(),
        ["cat", "dog", "dog", "cat"]
    );
    let parts: Vec<Option<Part>> = listing.files.iter().map(|file| file.part).collect();
    assert_eq!(
        parts,
        [Part::Train, Part::Train, Part::Test, Part::Valid].map(Some)
    );
    assert!(listing.unused_parts.is_empty());

    for names in [
        &["train/1.jpg", "plane/2.jpg"][..],
        &["valid/a/1.jpg", "test/a/2.jpg"],
    ] {
        let listing = list(folder_of(names).path(), FolderLayout::Folders).expect("a listing");
        assert!(listing.unused_parts.is_empty(), "{names:?}");
    }
}

#[test]
fn a_picture_outside_the_parts_and_two_folders_for_one_part_are_errors() {
    let folder = folder_of(&["train/cat/1.jpg", "extra/cat/2.jpg", "valid/cat/3.jpg"]);
    refused(
        list_parts(folder.path()),
        &["extra/cat/2.jpg", "train, valid"],
    );
    let folder = folder_of(&["train/cat/1.jpg", "val/cat/2.jpg", "valid/cat/3.jpg"]);
    refused(list_parts(folder.path()), &["val and valid", "same part"]);
    let folder = folder_of(&["train/1.jpg", "valid/cat/3.jpg"]);
    refused(list_parts(folder.path()), &["train/1.jpg", "class folder"]);
}

#[test]
fn two_classes_of_one_name_in_two_forms_of_unicode_are_an_error_that_spells_both() {
    let folder = folder_of(&["caf\u{e9}/1.jpg", "cafe\u{301}/2.jpg", "pug/3.jpg"]);
    let torn = list(folder.path(), FolderLayout::Folders);
    refused(torn, &["caf\\u{e9}", "cafe\\u{301}", "merge"]);
}

#[test]
fn names_that_are_nearly_one_are_remarks() {
    let folder = folder_of(&[
        "Maine Coon/1.jpg",
        "maine_coon/2.jpg",
        "pug/é.jpg",
        "pug/e\u{301}.jpg",
        "pug/a.JPG",
        "pug/a.jpg",
    ]);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    let said = remarks(&listing);
    assert!(said.contains("Maine Coon and maine_coon"), "{said}");
    assert!(said.contains("pug/a.JPG and pug/a.jpg"), "{said}");
    assert!(said.contains("e\\u{301}"), "{said}");
    assert!(
        listing
            .remarks()
            .iter()
            .all(|(must_not_be_missed, _)| *must_not_be_missed)
    );
}

#[test]
fn a_csv_list_labels_and_divides_the_pictures_that_it_names() {
    let folder = folder_of(&["b/2.jpg", "a/1.jpg", "a/3.jpg", "scan001"]);
    let text = "path,label,split\nb/2.jpg,dog,valid\n./a/1.jpg,cat,train\nscan001,cat,test\n";
    let listing = list_csv(folder.path(), text).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [("a/1.jpg", "cat"), ("b/2.jpg", "dog"), ("scan001", "cat")]
    );
    assert_eq!(listing.files[0].path, folder.path().join("a/1.jpg"));
    let parts: Vec<Option<Part>> = listing.files.iter().map(|file| file.part).collect();
    assert_eq!(parts, [Part::Train, Part::Valid, Part::Test].map(Some));
    let said = remarks(&listing);
    assert!(
        said.contains("1 picture that the list does not name (a/3.jpg)"),
        "{said}"
    );
    assert!(!said.contains(".csv"), "{said}");
}

#[test]
fn a_csv_list_that_cannot_be_used_is_named_with_the_line() {
    let folder = folder_of(&["a/1.jpg", "a/2.jpg"]);
    let folder = folder.path();
    for (text, parts) in [
        (
            "path,label\na/1.jpg,cat\na/9.jpg,cat\na/8.jpg,dog\n",
            &["labels.csv, line 3", "a/9.jpg", "a/8.jpg (line 4)"][..],
        ),
        (
            "path,label\nA/1.JPG,cat\n",
            &["line 2", "did you mean a/1.jpg?"],
        ),
        (
            "path,label\na/1.jpg,cat\na/2.jpg,cat\n./a//1.jpg,cat\n",
            &["line 4", "line 2 already"],
        ),
        (
            "path,label\n../x.jpg,cat\n",
            &["line 2", "../x.jpg", "leads out"],
        ),
        ("path,label\n/etc/x.jpg,cat\n", &["line 2", "absolute"]),
        ("path,label\na,cat\n", &["line 2", "a is a folder"]),
        ("path,label\na/1.jpg,\n", &["line 2", "label is empty"]),
        (
            "name,label\na/1.jpg,cat\n",
            &["line 1", "no column path", "name, label"],
        ),
    ] {
        refused(list_csv(folder, text), parts);
    }
    fs::remove_file(folder.join("labels.csv")).expect("a removed file");
    let rules = Rules {
        csv: folder.join("labels.csv"),
        ..Rules::of(FolderLayout::Csv)
    };
    refused(
        list_pictures(folder, &rules),
        &["labels.csv", "no such list", "path,label"],
    );
}

#[test]
fn a_csv_list_may_be_written_on_windows_or_in_another_form_of_unicode() {
    let folder = folder_of(&["caf\u{e9}/1.jpg", "cafe/2.jpg"]);
    let text = "\u{feff}path,label\r\ncafe\u{301}\\1.jpg,x\r\ncafe\\2.jpg ,y\r\n";
    let listing = list_csv(folder.path(), text).expect("a listing");
    assert_eq!(
        names_and_labels(&listing),
        [("cafe/2.jpg", "y"), ("caf\u{e9}/1.jpg", "x")]
    );
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_to_class_folders_and_files_are_followed() {
        let outside = folder_of(&["fox/1.jpg", "fox/deep/2.jpg", "3.png"]);
        let folder = folder_of(&["cat/1.jpg"]);
        symlink(outside.path().join("fox"), folder.path().join("fox")).expect("a link");
        symlink(
            outside.path().join("3.png"),
            folder.path().join("cat/3.png"),
        )
        .expect("a link");
        symlink(
            outside.path().join("fox/deep"),
            folder.path().join("cat/nested"),
        )
        .expect("a link");
        let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
        assert_eq!(
            names_and_labels(&listing),
            [
                ("cat/1.jpg", "cat"),
                ("cat/3.png", "cat"),
                ("cat/nested/2.jpg", "cat"),
                ("fox/1.jpg", "fox")
            ]
        );
        // The folder that two links lead to is listed under the first of them, and the other is named.
        assert_eq!(
            listing.left_out.links_line().expect("a line"),
            "left out 1 link: fox/deep leads to cat/nested, which is listed already"
        );
    }

    #[test]
    fn dead_links_and_links_in_circles_are_named_and_not_followed() {
        let folder = folder_of(&["cat/1.jpg", "dog/1.jpg"]);
        let at = |name: &str| folder.path().join(name);
        for (target, name) in [
            ("../gone", "dead"),
            ("gone.jpg", "cat/dead.jpg"),
            (".", "self"),
            ("..", "cat/up"),
            ("../..", "cat/around"),
            ("loop", "loop"),
            ("dog", "again"),
        ] {
            symlink(target, at(name)).expect("a link");
        }
        symlink("/", at("root")).expect("a link");
        let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
        assert_eq!(
            names_and_labels(&listing),
            [("cat/1.jpg", "cat"), ("dog/1.jpg", "dog")]
        );
        let said = listing.left_out.links_line().expect("a line");
        for part in [
            "left out 8 links: again leads to dog, which is listed already; ",
            "; cat/dead.jpg leads to gone.jpg, which is not there; ",
            "; dead leads to ../gone, which is not there; ",
            "; loop leads to loop, which cannot be opened",
            "self leads in a circle",
            "cat/up leads in a circle",
            "cat/around leads in a circle",
            "root leads in a circle, back to /",
        ] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
    }

    #[test]
    fn the_listed_folder_may_be_a_link_but_no_dead_one_and_no_file() {
        let folder = folder_of(&["mine/cat/1.jpg", "mine/dog/2.jpg"]);
        let at = |name: &str| folder.path().join(name);
        symlink("mine", at("link")).expect("a link");
        symlink("gone", at("dead")).expect("a link");
        let listing = list(&at("link"), FolderLayout::Folders).expect("a listing");
        assert_eq!(listing.files[0].path, at("link/cat/1.jpg"));
        let dead = list(&at("dead"), FolderLayout::Folders);
        refused(dead, &["dead is a link that leads to no folder"]);
        let file = list(&at("mine/cat/1.jpg"), FolderLayout::Folders);
        refused(file, &["1.jpg is a file, not a folder"]);
    }

    #[test]
    fn a_lattice_of_links_is_walked_once() {
        let outside = folder_of(&["a0/x.jpg"]);
        let at = |name: String| outside.path().join(name);
        for level in 0..30 {
            fs::create_dir_all(at(format!("a{}", level + 1))).expect("a new folder");
            for name in ["l", "r"] {
                symlink(
                    at(format!("a{level}")),
                    at(format!("a{}/{name}", level + 1)),
                )
                .expect("a link");
            }
        }
        let folder = folder_of(&["cat/1.jpg"]);
        symlink(at("a30".to_owned()), folder.path().join("dog")).expect("a link");
        let found = find_pictures(folder.path()).expect("a listing");
        assert_eq!(found.pictures.len(), 2);
        assert_eq!(found.left_out.links.len(), 30);
        assert!(
            found
                .left_out
                .links
                .iter()
                .all(|link| link.fault == LinkFault::Twice)
        );
    }

    #[test]
    fn what_is_neither_file_nor_folder_is_left_out_and_never_opened() {
        let folder = folder_of(&["cat/1.jpg"]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("cat/2.jpg"))
            .expect("a socket");
        let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
        assert_eq!(names_and_labels(&listing), [("cat/1.jpg", "cat")]);
        assert_eq!(
            remarks(&listing),
            "left out: 1 that is neither file nor folder"
        );
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_an_error_that_names_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder_of(&["cat/1.jpg", "dog/1.jpg"]);
        let dog = folder.path().join("dog");
        let allow = |mode| {
            fs::set_permissions(&dog, fs::Permissions::from_mode(mode)).expect("permissions")
        };
        allow(0o000);
        let may_all_the_same = fs::read_dir(&dog).is_ok();
        let listing = list(folder.path(), FolderLayout::Folders);
        allow(0o755);
        // Root may read everything.
        if !may_all_the_same {
            refused(
                listing,
                &[
                    "cannot list",
                    &dog.display().to_string(),
                    "make it readable",
                ],
            );
        }
    }
}

#[test]
fn an_error_of_the_system_is_told_once() {
    let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let path = "mine/dog".into();
    let error = FolderError::Unreadable { path, error };
    // Whoever prints an error prints its sources behind it.
    assert!(
        std::error::Error::source(&error).is_none() && error.to_string().contains("permission")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_unicode_are_an_error_with_their_number() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder_of(&["cat/1.jpg"]);
    for name in [b"cat/\xff.jpg".as_slice(), b"cat/\xfe.jpg", b"cat/\xfd.txt"] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), b"").expect("a written file");
    }
    refused(
        list(folder.path(), FolderLayout::Folders),
        &["not valid UTF-8", "and 1 other", "rename"],
    );
}

#[test]
fn names_as_long_as_file_systems_allow_are_listed() {
    let (folder_name, file_name) = ("c".repeat(255), format!("{}.jpg", "f".repeat(251)));
    let folder = folder_of(&[&format!("{folder_name}/{file_name}"), "dog/1.jpg"]);
    let listing = list(folder.path(), FolderLayout::Folders).expect("a listing");
    assert_eq!(listing.files[0].label, folder_name);
}

/// Something in a random tree.
#[derive(Debug, Clone)]
enum Thing {
    Picture,
    Other(&'static str),
    /// A link to the thing with this place in the list, or to nothing.
    Link(Option<usize>),
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        4 => Just(Thing::Picture),
        1 => prop::sample::select(vec!["heic", "txt", "", "JPG~"]).prop_map(Thing::Other),
        2 => prop::option::of(0usize..12).prop_map(Thing::Link),
    ]
}

/// Folders that pictures may lie in; two of them are none of ours.
const FOLDERS: [&str; 7] = ["a", "a/b", "a/b/c", "d", "d/__MACOSX", ".hidden", ""];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every picture of a random tree is listed under its own name, and everything else is counted once. Links may lead
    /// anywhere, also up and in circles.
    #[test]
    fn of_a_random_tree_nothing_is_lost(things in prop::collection::vec((0usize..7, thing()), 1..12)) {
        let folder = folder_of(&["a/b/c/0.jpg", "d/0.png"]);
        let at = |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let mut pictures: BTreeSet<String> = ["a/b/c/0.jpg", "d/0.png"].map(str::to_owned).into();
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        let mut links = 0;
        for (index, (place, thing)) in things.iter().enumerate() {
            let place = FOLDERS[*place];
            let is_ours = !place.contains("__MACOSX") && !place.contains(".hidden");
            match thing {
                Thing::Picture => {
                    let name = at(place, &format!("{index}.jpg"));
                    write(folder.path(), &name, "");
                    if is_ours { pictures.insert(name); }
                }
                Thing::Other(ending) => {
                    let name = if ending.is_empty() { format!("{index}") } else { format!("{index}.{ending}") };
                    write(folder.path(), &at(place, &name), "");
                    if is_ours { *others.entry(ending.to_lowercase()).or_default() += 1; }
                }
                Thing::Link(target) => {
                    #[cfg(unix)]
                    if is_ours {
                        let target = target.map_or("nowhere", |target| FOLDERS[target % FOLDERS.len()]);
                        let name = folder.path().join(at(place, &format!("{index}-link")));
                        fs::create_dir_all(name.parent().expect("a parent")).expect("a new folder");
                        std::os::unix::fs::symlink(folder.path().join(target), name).expect("a link");
                        links += 1;
                    }
                }
            }
        }
        let found = find_pictures(folder.path()).expect("a listing");
        // Links to folders that nobody lists otherwise give them their pictures; all names are of one folder each.
        let names: BTreeSet<String> = found.pictures.iter().map(|(name, _)| name.clone()).collect();
        prop_assert!(names.is_superset(&pictures));
        let real: BTreeSet<_> = found.pictures.iter().map(|(_, path)| path.canonicalize().expect("a path")).collect();
        prop_assert_eq!(real.len(), found.pictures.len());
        prop_assert!(found.pictures.is_sorted());
        for (ending, count) in &others {
            prop_assert!(found.left_out.extensions[ending] >= *count);
        }
        let followed = found.folders.iter().filter(|name| name.ends_with("-link")).count();
        prop_assert_eq!(found.left_out.links.len() + followed, links);
    }
}

#[test]
fn class_folders_with_the_same_folders_in_each_may_hold_the_classes_which_is_said() {
    for (names, is_said) in [
        (
            &[
                "2023/cat/1.jpg",
                "2023/dog/1.jpg",
                "2024/cat/1.jpg",
                "2024/dog/1.jpg",
            ][..],
            true,
        ),
        (
            &[
                "images/cat/1.jpg",
                "images/dog/1.jpg",
                "masks/cat/1.png",
                "masks/dog/1.png",
            ],
            true,
        ),
        (&["cat/new/1.jpg", "cat/old/1.jpg", "dog/new/1.jpg"], false),
        // Numbers count animals.
        (
            &["cat/1/1.jpg", "cat/2/1.jpg", "dog/1/1.jpg", "dog/2/1.jpg"],
            false,
        ),
        (
            &[
                "cat/a/1.jpg",
                "cat/b/1.jpg",
                "dog/a/1.jpg",
                "dog/b/1.jpg",
                "dog/2.jpg",
            ],
            false,
        ),
        (
            &[
                "cat/rex/1.jpg",
                "cat/tom/1.jpg",
                "dog/max/1.jpg",
                "dog/bob/1.jpg",
            ],
            false,
        ),
    ] {
        let folder = folder_of(names);
        let said = remarks(&list(folder.path(), FolderLayout::Folders).expect("a listing"));
        assert_eq!(
            said.contains("if those are the classes"),
            is_said,
            "{names:?}: {said}"
        );
    }
}
