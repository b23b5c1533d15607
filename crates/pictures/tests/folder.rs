//! Listing labelled pictures, as a data set on the disk; and the real photographs where they are at hand.

use std::path::{Path, PathBuf};

use burn_dataset::Dataset;
use image::{Rgb, RgbImage};
use pictures::annotations::{Species, read_head_box, read_list, read_trimap};
use pictures::decode::Orientation;
use pictures::decode::{DecodeError, read_picture};
use pictures::folder::{
    FolderError, FolderLayout, LabelledFile, Photographs, Rules, classes, list_pictures,
};

/// A folder with empty files of these names in it.
fn folder_of(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a new folder");
        std::fs::write(path, b"").expect("a written file");
    }
    folder
}

fn list(folder: &Path, layout: FolderLayout) -> Result<Vec<LabelledFile>, FolderError> {
    list_with(folder, layout, &folder.join("annotations"))
}

fn list_with(
    folder: &Path,
    layout: FolderLayout,
    annotations: &Path,
) -> Result<Vec<LabelledFile>, FolderError> {
    let rules = Rules {
        annotations: annotations.to_owned(),
        ..Rules::of(layout)
    };
    list_pictures(folder, &rules).map(|listing| listing.files)
}

fn names_and_labels(files: &[LabelledFile]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|file| (file.name.as_str(), file.label.as_str()))
        .collect()
}

/// Fails unless a folder of the files `names` is listed as pictures of these names and labels.
#[track_caller]
fn assert_listed(
    names: &[&str],
    layout: FolderLayout,
    expected: &[(&str, &str)],
) -> Vec<LabelledFile> {
    let folder = folder_of(names);
    let files = list(folder.path(), layout).expect("a listing");
    assert_eq!(names_and_labels(&files), expected);
    files
}

#[test]
fn pictures_are_listed_in_byte_order_of_their_names() {
    let folder = folder_of(&[
        "pug_10.jpg",
        "pug_9.jpg",
        "Zebra_1.jpg",
        "Abyssinian_2.jpg",
        "éclair_1.jpg",
    ]);
    let files = list(folder.path(), FolderLayout::FileNames).expect("a listing");
    assert_eq!(
        names_and_labels(&files),
        [
            ("Abyssinian_2.jpg", "Abyssinian"),
            ("Zebra_1.jpg", "Zebra"),
            ("pug_10.jpg", "pug"),
            ("pug_9.jpg", "pug"),
            ("éclair_1.jpg", "éclair"),
        ]
    );
    assert_eq!(files[0].path, folder.path().join("Abyssinian_2.jpg"));
    assert_eq!(files[2].stem(), "pug_10");
}

#[test]
fn hidden_files_and_what_is_no_picture_are_left_out() {
    let names = [
        "pug_1.jpg",
        "pug_2.mat",
        "._pug_3.jpg",
        ".hidden/pug_4.jpg",
        "jpg",
        "notes.txt",
    ];
    assert_listed(&names, FolderLayout::FileNames, &[("pug_1.jpg", "pug")]);
}

#[test]
fn folders_below_are_walked() {
    let files = assert_listed(
        &["b/pug_1.jpg", "a/deep/beagle_2.jpg", "pug_3.jpg"],
        FolderLayout::FileNames,
        &[
            ("a/deep/beagle_2.jpg", "beagle"),
            ("b/pug_1.jpg", "pug"),
            ("pug_3.jpg", "pug"),
        ],
    );
    assert_eq!(files[0].stem(), "beagle_2");
}

#[test]
fn a_picture_without_a_label_in_its_name_is_an_error_that_names_it() {
    for name in ["holiday.jpg", "pug.JPG", "pug1.png"] {
        let folder = folder_of(&["pug_2.jpg", name]);
        let error = list(folder.path(), FolderLayout::FileNames).expect_err(name);
        assert!(matches!(error, FolderError::NoLabel { .. }), "{error}");
        assert!(
            error.to_string().contains(name) && error.to_string().contains("Maine_Coon_12.jpg"),
            "{error}"
        );
    }
}

#[test]
fn in_class_folders_the_first_folder_is_the_label_and_any_picture_name_will_do() {
    assert_listed(
        &["pug/holiday.JPG", "beagle/1.png", "beagle/more/2.webp"],
        FolderLayout::Folders,
        &[
            ("beagle/1.png", "beagle"),
            ("beagle/more/2.webp", "beagle"),
            ("pug/holiday.JPG", "pug"),
        ],
    );
}

#[test]
fn a_picture_beside_the_class_folders_is_an_error_that_names_it() {
    let folder = folder_of(&["pug/1.jpg", "stray.jpg"]);
    let error = list(folder.path(), FolderLayout::Folders).expect_err("a stray picture");
    assert!(
        matches!(error, FolderError::NoClassFolder { .. })
            && error.to_string().contains("stray.jpg"),
        "{error}"
    );
}

#[test]
fn by_the_official_list_only_pictures_on_it_are_kept_with_its_breeds() {
    let folder = folder_of(&[
        "images/pug_1.jpg",
        "images/pug_2.jpg",
        "images/notes on pugs.jpg",
    ]);
    let annotations = folder.path().join("annotations");
    std::fs::create_dir(&annotations).expect("a new folder");
    std::fs::write(
        annotations.join("list.txt"),
        "#Image\npug_2 30 2 20\nBombay_7 5 1 5\n",
    )
    .expect("a written file");
    let images = folder.path().join("images");
    let files = list_with(&images, FolderLayout::List, &annotations).expect("a listing");
    assert_eq!(names_and_labels(&files), [("pug_2.jpg", "pug")]);

    std::fs::write(annotations.join("list.txt"), "Bombay_7 5 1 5\n").expect("a written file");
    let error =
        list_with(&images, FolderLayout::List, &annotations).expect_err("nothing is on the list");
    assert!(
        matches!(error, FolderError::NothingListed { .. }),
        "{error}"
    );
    let error = list_with(&images, FolderLayout::List, &images).expect_err("no list there");
    assert!(
        matches!(error, FolderError::List(_)) && error.to_string().contains("train fetch"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_missing_or_without_pictures_says_what_to_type() {
    let folder = folder_of(&["readme.txt"]);
    let missing =
        list(&folder.path().join("nowhere"), FolderLayout::FileNames).expect_err("no folder");
    assert!(matches!(missing, FolderError::Missing(_)), "{missing}");
    let file = list(&folder.path().join("readme.txt"), FolderLayout::FileNames)
        .expect_err("no folder but a file");
    assert!(matches!(file, FolderError::Missing(_)), "{file}");
    let empty = list(folder.path(), FolderLayout::FileNames).expect_err("no picture");
    assert!(matches!(empty, FolderError::Empty { .. }), "{empty}");
    for error in [missing, empty] {
        let said = error.to_string();
        assert!(
            said.contains("name the folder that holds the pictures"),
            "{said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_is_an_error() {
    use std::os::unix::ffi::OsStrExt;

    let folder = folder_of(&["pug_1.jpg"]);
    std::fs::write(
        folder
            .path()
            .join(std::ffi::OsStr::from_bytes(b"pug_\xff.jpg")),
        b"",
    )
    .expect("a written file");
    assert!(matches!(
        list(folder.path(), FolderLayout::FileNames),
        Err(FolderError::NotUnicode { .. })
    ));
}

#[test]
fn classes_are_distinct_and_in_byte_order() {
    let labels = [
        "beagle",
        "Sphynx",
        "beagle",
        "Abyssinian",
        "american_bulldog",
    ];
    assert_eq!(
        classes(labels),
        ["Abyssinian", "Sphynx", "american_bulldog", "beagle"]
    );
}

#[test]
fn the_layout_is_chosen_by_name() {
    for (text, layout) in [
        ("\"file-names\"", FolderLayout::FileNames),
        ("\"folders\"", FolderLayout::Folders),
        ("\"list\"", FolderLayout::List),
        ("\"csv\"", FolderLayout::Csv),
    ] {
        assert_eq!(
            serde_json::from_str::<FolderLayout>(text).expect("a layout"),
            layout
        );
    }
}

#[test]
fn photographs_are_read_with_the_index_of_their_class_and_a_broken_one_is_an_item() {
    let folder = folder_of(&["pug_2.jpg"]);
    let picture = RgbImage::from_pixel(3, 2, Rgb([1, 2, 3]));
    picture
        .save_with_format(folder.path().join("pug_1.jpg"), image::ImageFormat::Png)
        .expect("a written picture");
    let files = list(folder.path(), FolderLayout::FileNames).expect("a listing");
    let classes = ["Abyssinian".to_owned(), "pug".to_owned()];
    let photographs = Photographs::new(&files, &[1, 0], &classes, Orientation::Exif)
        .expect("all classes are known");

    assert_eq!(photographs.len(), 2);
    let broken = photographs.get(0).expect("an item");
    assert!(
        matches!(broken, Err(DecodeError::InFile { .. })),
        "{broken:?}"
    );
    let good = photographs.get(1).expect("an item").expect("a picture");
    assert_eq!((good.picture, good.label), (picture, 1));
}

#[test]
fn a_class_that_is_not_trained_is_an_error_that_names_it() {
    let folder = folder_of(&["pug_1.jpg", "beagle_1.jpg"]);
    let files = list(folder.path(), FolderLayout::FileNames).expect("a listing");
    let error = Photographs::new(&files, &[0], &["pug".to_owned()], Orientation::Exif)
        .expect_err("beagle is unknown");
    assert!(
        matches!(&error, FolderError::UntrainedClass { label, .. } if label == "beagle"),
        "{error}"
    );
    assert!(error.to_string().contains("stratified"), "{error}");
}

/// The real photographs, if they are beside the project.
fn real_pets() -> Option<PathBuf> {
    let pets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pets");
    if !pets.join("images").is_dir() {
        println!("skipped: no photographs in {}", pets.display());
        return None;
    }
    Some(pets)
}

#[test]
fn the_real_photographs_have_37_breeds_and_all_decode() {
    let Some(pets) = real_pets() else { return };
    let files = list_with(
        &pets.join("images"),
        FolderLayout::FileNames,
        &pets.join("annotations"),
    )
    .expect("a listing");
    let breeds = classes(files.iter().map(|file| file.label.as_str()));
    assert_eq!((files.len(), breeds.len()), (1853, 37));
    assert_eq!(
        [&breeds[0], &breeds[11], &breeds[12], &breeds[36]],
        [
            "Abyssinian",
            "Sphynx",
            "american_bulldog",
            "yorkshire_terrier"
        ]
    );
    for file in &files {
        let decoded = read_picture(&file.path).unwrap_or_else(|error| panic!("{error}"));
        let picture = decoded.picture;
        assert!(
            picture.width() >= 100 && picture.height() >= 100,
            "{}",
            file.name
        );
    }
}

#[test]
fn the_real_list_agrees_with_the_file_names() {
    let Some(pets) = real_pets() else { return };
    let entries = read_list(&pets.join("annotations/list.txt")).expect("the official list");
    assert_eq!(entries.len(), 7349);
    for entry in &entries {
        let capital = entry
            .stem
            .starts_with(|first: char| first.is_ascii_uppercase());
        assert_eq!(entry.species == Species::Cat, capital, "{}", entry.stem);
    }
    let annotations = pets.join("annotations");
    let by_list =
        list_with(&pets.join("images"), FolderLayout::List, &annotations).expect("a listing");
    let by_name =
        list_with(&pets.join("images"), FolderLayout::FileNames, &annotations).expect("a listing");
    assert!(by_list.len() > 1800 && by_list.iter().all(|file| by_name.contains(file)));
}

#[test]
fn the_real_trimaps_and_head_boxes_fit_their_photographs() {
    let Some(pets) = real_pets() else { return };
    let annotations = pets.join("annotations");
    let files =
        list_with(&pets.join("images"), FolderLayout::FileNames, &annotations).expect("a listing");
    let (mut trimaps, mut head_boxes) = (0, 0);
    for file in &files {
        let trimap =
            read_trimap(&annotations, file.stem()).unwrap_or_else(|error| panic!("{error}"));
        let head_box =
            read_head_box(&annotations, file.stem()).unwrap_or_else(|error| panic!("{error}"));
        if trimap.is_none() && head_box.is_none() {
            continue;
        }
        let size = read_picture(&file.path)
            .unwrap_or_else(|error| panic!("{error}"))
            .picture
            .dimensions();
        if let Some(trimap) = trimap {
            assert_eq!((trimap.width(), trimap.height()), size, "{}", file.name);
            trimaps += 1;
        }
        if let Some(head_box) = head_box {
            assert!(
                head_box.right <= size.0 && head_box.bottom <= size.1,
                "{}",
                file.name
            );
            head_boxes += 1;
        }
    }
    assert_eq!((trimaps, head_boxes), (306, 128));
}
