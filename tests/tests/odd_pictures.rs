//! Odd pictures that people have, from a folder to a run and to an explanation.

use image::{GrayImage, ImageEncoder, Luma, Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use std::{
    fs,
    path::{Path, PathBuf},
};
use stories::program::{OWN_FOLDERS, SHORT_TRAINING, explain, run, text};

/// A folder `mine` with five pictures for each of two classes , the odd picture `odd` beside them if it is one of the table, and `own.toml`.
fn mine(odd: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, shade) in [("cat", 60), ("dog", 180)] {
        let below = folder.path().join("mine").join(class);
        fs::create_dir_all(&below).unwrap();
        for number in 1..=5_u8 {
            let drawn = RgbImage::from_pixel(40, 36, Rgb([shade, 20 * number, 90]));
            drawn.save(below.join(format!("{number}.png"))).unwrap();
        }
    }
    let split = "[split]\nkind = \"stratified\"\n";
    let config = format!("{OWN_FOLDERS}\n{split}{SHORT_TRAINING}");
    fs::write(folder.path().join("own.toml"), config).unwrap();
    if odd != "none" {
        let odd = fixture(odd);
        fs::copy(
            &odd,
            folder
                .path()
                .join("mine/cat")
                .join(odd.file_name().unwrap()),
        )
        .unwrap();
    }
    folder
}

/// A picture of `odd_table`, where each stands beside what Pillow makes of it.
fn fixture(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.join("fixtures/odd_table").join(name)
}

fn says(said: &str, part: &str) {
    assert!(said.contains(part), "`{part}` is not in: {said}");
}

#[test]
fn tiff_files_train_and_are_explained_as_any_other_picture() {
    let folder = mine("tiff_palette_8.tif");
    let said = text(&run(folder.path(), &["own.toml"], 0).stderr);
    says(
        &said,
        "2 classes, 9 pictures to train on, 2 to validate with",
    );
    let named = ["mine/cat/tiff_palette_8.tif", "--run", "own-1"];
    says(
        &text(&explain(folder.path(), &named, 0).stdout),
        " of 1 right",
    );
}

#[test]
fn a_jpeg_with_stray_bytes_or_an_unknown_transform_byte_is_a_picture_and_half_of_one_is_not() {
    for name in [
        "jpeg_stray_010.jpg",
        "jpeg_stray_between_all.jpg",
        "jpeg_adobe_255.jpg",
        "jpeg_jfif_and_adobe_3.jpg",
    ] {
        let folder = mine(name);
        let said = text(&run(folder.path(), &["own.toml", "--check"], 0).stdout);
        says(&said, "11 pictures decoded");
    }
    let half = mine("jpeg_half_with_end.jpg");
    let said = text(&run(half.path(), &["own.toml", "--check"], 1).stdout);
    says(&said, "the JPEG data are damaged or cut short");
}

#[test]
fn a_photograph_that_was_held_on_its_side_is_trained_and_shown_upright() {
    let name = "jpeg_oriented_6_xmp.jpg";
    let folder = mine(name);
    let folder = folder.path();
    run(folder, &["own.toml"], 0);
    let named = [
        &format!("mine/cat/{name}")[..],
        "--run",
        "own-1",
        "--out",
        "shown",
    ];
    explain(folder, &named, 0);
    // Stored as 43 x 29 pixels.
    let drawn = files_below(&folder.join("shown"));
    let sizes = drawn
        .iter()
        .filter_map(|path| image::image_dimensions(path).ok());
    assert!(sizes.into_iter().any(|size| size == (29, 43)), "{drawn:?}");
    let stored = ["own.toml", "--set", "data.orientation=ignore"];
    run(folder, &stored, 0);
    let config = fs::read_to_string(folder.join("runs/own-2/config.toml")).unwrap();
    says(&config, "orientation = \"ignore\"");
}

#[test]
fn a_photograph_of_108_megapixels_is_read() {
    let folder = mine("none");
    let path = folder.path().join("mine/cat/phone.jpg");
    let photograph = GrayImage::from_pixel(12_000, 9_000, Luma([90]));
    let file = fs::File::create(path).unwrap();
    JpegEncoder::new_with_quality(file, 10)
        .write_image(&photograph, 12_000, 9_000, image::ExtendedColorType::L8)
        .unwrap();
    drop(photograph);
    let said = text(&run(folder.path(), &["own.toml", "--check"], 0).stdout);
    says(&said, "11 pictures decoded");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}
