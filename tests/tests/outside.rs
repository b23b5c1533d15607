//! Networks that this program did not train and maps that it did not make: `--weights` and `--maps`.

use image::{GrayImage, Luma, Rgb, RgbImage};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use stories::program::{self, says, text};

/// The fixtures' classes.
const CLASSES: [&str; 5] = ["ant", "bee", "cat", "dog", "eel"];

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/torchvision");
    path.join(name).to_str().unwrap().to_owned()
}

/// A folder with `classes.txt` and, in `photos/bee` and `photos/eel`, the fixture's picture.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("classes.txt"),
        CLASSES.join("\r\n") + "\n\n",
    )
    .unwrap();
    for class in ["bee", "eel"] {
        let class = folder.path().join("photos").join(class);
        fs::create_dir_all(&class).unwrap();
        fs::copy(fixture("picture.png"), class.join("1.png")).unwrap();
    }
    folder
}

/// Everything that `explain` says.
fn explain(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = program::explain(folder, arguments, code);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// The same of a network of the fixtures.
fn ask(folder: &Path, network: &str, arguments: &[&str], code: i32) -> String {
    let file = fixture(network);
    let of_network = ["--weights", &file, "--classes", "classes.txt"];
    explain(folder, &[arguments, &of_network].concat(), code)
}

#[test]
fn a_network_of_torchvision_gives_torchs_probabilities() {
    let folder = folder();
    let logits: Value =
        serde_json::from_str(&fs::read_to_string(fixture("logits.json")).unwrap()).unwrap();
    for file in ["resnet50.pth", "resnet18.safetensors"] {
        let arguments = ["predict", "photos/bee/1.png", "--to", "out.csv"];
        ask(folder.path(), file, &arguments, 0);
        let csv = fs::read_to_string(folder.path().join("out.csv")).unwrap();
        let (name, _) = file.split_once('.').unwrap();
        let logits: Vec<f64> = serde_json::from_value(logits[name].clone()).unwrap();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        let row: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
        let mut compared = 0;
        for (class, logit) in CLASSES.iter().zip(&logits) {
            let place = row
                .iter()
                .skip(2)
                .position(|cell| cell == class)
                .expect(&csv);
            let found: f64 = row[place + 3].parse().unwrap();
            let expected = logit.exp() / sum;
            // f32 over 50 layers, and the digits of the csv file.
            assert!(
                (found - expected).abs() < 2e-5,
                "{file}: {class} {found} {expected}\n{csv}"
            );
            compared += 1;
        }
        assert_eq!(compared, 5);
    }
}

#[test]
fn every_verb_asks_a_network_that_lies_in_a_file() {
    let folder = folder();
    let ask = |arguments: &[&str]| ask(folder.path(), "resnet18.safetensors", arguments, 0);
    let said = ask(&["photos", "--method", "grad-cam"]);
    says(&said, &["resnet18 of base width 3 with 5 classes"]);
    assert!(said.contains("1 of 2 right"), "{said}");
    let page = fs::read_to_string(folder.path().join("resnet18-explanations/index.html")).unwrap();
    assert!(page.contains("which pictures it has learnt from is not known here"));
    let said = ask(&["evaluate", "photos"]);
    says(&said, &["error rate", "2 pictures that were named"]);
    assert!(
        folder
            .path()
            .join("resnet18-evaluations/named/index.html")
            .is_file()
    );
    let said = ask(&[
        "predict",
        "photos",
        "--size",
        "64",
        "--mean",
        "0.5,0.5,0.5",
        "--std",
        "0.5,0.5,0.5",
    ]);
    says(&said, &["mean 0.5, 0.5, 0.5 and std 0.5, 0.5, 0.5"]);
}

#[test]
fn what_does_not_fit_is_one_sentence() {
    let folder = folder();
    let here = |name: &str| folder.path().join(name);
    fs::write(here("four.txt"), CLASSES[..4].join("\n")).unwrap();
    fs::write(here("gap.txt"), "ant\n\nbee\ncat\ndog\n").unwrap();
    let fixture = fixture("resnet50.pth");
    let named = |classes: &str, code| {
        explain(
            folder.path(),
            &[
                "predict",
                "photos",
                "--weights",
                &fixture,
                "--classes",
                classes,
            ],
            code,
        )
    };
    let said = named("four.txt", 2);
    says(&said, &["four.txt names 4 classes", "has 5 logits"]);
    assert!(named("gap.txt", 2).contains("line 2 of gap.txt is empty"));
    assert!(named("nowhere.txt", 2).contains("nowhere.txt"));
    let said = explain(
        folder.path(),
        &["predict", "photos", "--weights", &fixture],
        2,
    );
    assert!(said.contains("add --classes FILE"), "{said}");
    let ask = |arguments: &[&str], code| ask(folder.path(), "resnet50.pth", arguments, code);
    let said = ask(&["predict", "photos", "--architecture", "resnet34"], 1);
    says(
        &said,
        &["resnet50.pth: it is no resnet34: beside: layer1.0.conv3"],
    );
    assert!(ask(&["predict", "photos", "--run", "x"], 2).contains("--run"));
    assert!(ask(&[], 2).contains("name pictures or folders"));
    assert!(ask(&["evaluate"], 2).contains("name folders of pictures"));
    assert!(ask(&["score"], 2).contains("--data FOLDER"));
    let odd = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/weights_formats");
    for entry in fs::read_dir(odd).unwrap() {
        let path = entry.unwrap().path();
        let path = path.to_str().unwrap();
        let said = explain(
            folder.path(),
            &[
                "predict",
                "photos",
                "--weights",
                path,
                "--classes",
                "classes.txt",
            ],
            1,
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// A data folder with trimaps, and maps that are those trimaps: one as large as its picture, one of the square in its middle.
fn scored() -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let data = folder.path().join("data");
    for below in ["images/bee", "annotations/trimaps"] {
        fs::create_dir_all(data.join(below)).unwrap();
    }
    for number in 0..9u32 {
        let is_pet = |x: u32, y: u32| (40 + number..70).contains(&x) && (20..60).contains(&y);
        let picture = RgbImage::from_fn(120, 80, |x, y| match is_pet(x, y) {
            true => Rgb([200, 90, 40]),
            false => Rgb([40, 90, (2 * x) as u8]),
        });
        let name = format!("bee_{number}");
        picture
            .save(data.join("images/bee").join(format!("{name}.png")))
            .unwrap();
        let trimap = GrayImage::from_fn(120, 80, |x, y| Luma([if is_pet(x, y) { 1 } else { 2 }]));
        trimap
            .save(data.join("annotations/trimaps").join(format!("{name}.png")))
            .unwrap();
        // Of the last one there is no map.
        let square = number % 2 == 0;
        let [width, height, from] = if square { [80, 80, 20] } else { [120, 80, 0] };
        let values = (0..width * height).map(|index| is_pet(from + index % width, index / width));
        if number < 8 {
            let maps = folder.path().join("maps/bee");
            fs::create_dir_all(&maps).unwrap();
            fs::write(
                maps.join(format!("{name}.npy")),
                npy([height, width], values),
            )
            .unwrap();
        }
    }
    let maps = folder.path().join("maps");
    (folder, maps)
}

/// The bytes of an array of float64, as NumPy writes them.
fn npy([height, width]: [u32; 2], values: impl Iterator<Item = bool>) -> Vec<u8> {
    let header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    let header = format!("{header:117}\n");
    let length = (header.len() as u16).to_le_bytes();
    let values = values.flat_map(|value| f64::from(u8::from(value)).to_le_bytes());
    [
        b"\x93NUMPY\x01\x00",
        &length[..],
        header.as_bytes(),
        &values.collect::<Vec<u8>>(),
    ]
    .concat()
}

#[test]
fn maps_of_another_tool_have_a_row_of_their_own_and_what_is_missing_is_named() {
    let (folder, maps) = scored();
    let arguments = [
        "score", "--data", "data", "--maps", "maps", "--method", "grad-cam", "--size", "96",
        "--curves", "8", "--view", "square",
    ];
    let said = ask(folder.path(), "resnet18.safetensors", &arguments, 0);
    let csv = fs::read_to_string(folder.path().join("resnet18-score/score.csv")).unwrap();
    let mean = |method: &str, measure: &str| -> Option<f64> {
        let line = csv
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{method},{measure},")))?;
        line.split(',').next()?.parse().ok()
    };
    let energy = mean("maps of maps", "energy in the pet").expect(&csv);
    // All of it, but for the pixels between the animal and the rest.
    assert!(energy > 0.9, "{csv}");
    assert!(mean("Grad-CAM", "energy in the pet").unwrap() < energy);
    for measure in ["deletion", "insertion"] {
        assert!(mean("maps of maps", measure).is_some(), "{csv}");
    }
    for measure in [
        "same after shuffling",
        "same when mirrored",
        "grid pointing game",
    ] {
        assert_eq!(mean("maps of maps", measure), None, "{csv}");
    }
    assert!(said.contains("none for 1 picture: bee/bee_8.png"), "{said}");
    says(
        &said,
        &[
            "4 of the shape of what the network saw",
            "4 of that of their whole picture",
        ],
    );

    fs::write(
        maps.join("bee/bee_0.npy"),
        npy([3, 9], [true; 27].into_iter()),
    )
    .unwrap();
    let said = ask(folder.path(), "resnet18.safetensors", &arguments, 1);
    says(&said, &["bee_0.npy has 9 x 3 cells", "120 x 80"]);
    fs::write(maps.join("bee/bee_0.npy"), "no array").unwrap();
    let said = ask(folder.path(), "resnet18.safetensors", &arguments, 1);
    assert!(said.contains("bee_0.npy: it is no file of NumPy"), "{said}");
    let nowhere = ["score", "--data", "data", "--maps", "nowhere"];
    assert!(ask(folder.path(), "resnet18.safetensors", &nowhere, 2).contains("--maps nowhere"));
}
