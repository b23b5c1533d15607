//! Sample → train → kill → resume → explain → the map lies on the head; and what `explain` says when something is wrong.

#[path = "../fixtures/npy.rs"]
mod npy;
use measure::correlation;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};
use stories::folders::made_anew;
use stories::moments::signal_when;
use stories::program::{self, NARROW, run, says, stage_in_batches, start, text};

/// Four breeds.
const DATA: &str = r#"
[data]
source = "sample"
folder = "sample"

[data.sample]
breeds = ["Siamese", "pug", "beagle", "samoyed"]
pictures_per_breed = 120
two_breeds_pictures = 12

[augmentation]
max_rotate = 10.0
max_zoom = 1.1
"#;

/// [`DATA`] and a narrow network: half a minute on two cores, and it is right for nearly all validation pictures. It
/// learns from small pictures first and ends at a size that leaves a map of 4 × 4 cells.
fn config() -> String {
    let small = stage_in_batches(32, 64, 16, "all", "[6e-3, 6e-3]");
    let large = stage_in_batches(32, 128, 6, "all", "[2e-3, 2e-3]");
    format!("{DATA}{NARROW}{small}save = \"64\"\ncheckpoint_every = 20\n{large}save = \"128\"\n")
}

/// The folder of the story, made once for all tests of this file: its training is interrupted once on the way.
fn story() -> &'static Path {
    static STORY: OnceLock<PathBuf> = OnceLock::new();
    STORY.get_or_init(|| {
        let folder = made_anew(env!("CARGO_TARGET_TMPDIR"), "explain-story");
        fs::write(folder.join("story.toml"), config()).unwrap();
        let mut child = start(&folder, &["story.toml"]);
        let checkpoints = folder.join("runs/story-1/checkpoints");
        let moment = checkpoints.join("iteration-00000020");
        signal_when(&mut child, "KILL", &|| moment.is_dir());
        child.wait().unwrap();
        run(&folder, &["--resume", "runs/story-1"], 0);
        folder
    })
}

#[test]
fn the_maps_of_a_trained_network_lie_on_the_head_and_on_the_right_animal() {
    let said = explain(
        &[
            "score",
            "--method",
            "activation,grad-cam",
            "--curves",
            "8",
            "--out",
            "score",
        ],
        0,
    );
    assert!(said.contains("Grad-CAM"), "{said}");
    let page = fs::read_to_string(story().join("score/index.html")).unwrap();
    let verdict = page.find("<p>Use ").expect(&said);
    assert!(verdict < page.find("<table").unwrap());
    // Grad-CAM is not among those that fail.
    says(&said, &["Do not use to explain a class: Activation map."]);
    let csv = fs::read_to_string(story().join("score/score.csv")).unwrap();
    let interval = |method: &str, measure: &str| -> [f64; 3] {
        let line = csv
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{method},{measure},")));
        let line = line.unwrap_or_else(|| panic!("{method}, {measure} in\n{csv}"));
        let numbers: Vec<f64> = line
            .split(',')
            .map(|number| number.parse().unwrap())
            .collect();
        [numbers[0], numbers[1], numbers[2]]
    };
    // Even the low end of the interval is better than any place in the frame.
    for measure in ["points at the head", "energy in the pet"] {
        let ([_, low, _], [frame, _, _]) =
            (interval("Grad-CAM", measure), interval("uniform", measure));
        assert!(
            low > frame,
            "{measure}: {low} of the maps, {frame} of the frame\n{csv}"
        );
    }
    let [share, _, _] = interval("Grad-CAM", "on the right animal");
    assert!(
        share >= 0.8,
        "{share} of Grad-CAM's energy is on the right animal\n{csv}"
    );
    let by_map = fs::read_to_string(story().join("score/two-breeds.csv")).unwrap();
    assert_eq!(
        by_map
            .lines()
            .filter(|line| line.contains(",activation,"))
            .count(),
        2 * 12,
        "{by_map}"
    );
    // A class-blind map cannot tell one animal from the other.
    let [blind, low, high] = interval("Activation map", "on the right animal");
    assert!((blind - 0.5).abs() < 1e-9 && high - low < 1e-9);
    // Four classes that it is sure of, side by side: chance is a quarter, and a class-blind map has it.
    let [_, low, _] = interval("Grad-CAM", "grid pointing game");
    let [blind, _, _] = interval("Activation map", "grid pointing game");
    assert!(low > 0.4 && (blind - 0.25).abs() < 1e-9, "{low}, {blind}");
    // What it marks is needed more than what chance marks.
    let [deletion, random] =
        ["Grad-CAM", "random smooth map"].map(|method| interval(method, "deletion")[0]);
    assert!(deletion < random, "{deletion} and {random}\n{csv}");
    let by_picture = fs::read_to_string(story().join("score/pictures.csv")).unwrap();
    for measure in ["deletion", "insertion", "same when mirrored"] {
        let lines = by_picture
            .lines()
            .filter(|line| line.contains(",Grad-CAM,"));
        let lines = lines.filter(|line| line.contains(&format!(",{measure},")));
        assert_eq!(lines.count(), 8, "{measure}");
    }
    // A head with shuffled weights has learned nothing, and the map shows it.
    let [likeness, _, _] = interval("Grad-CAM", "same after shuffling");
    assert!(likeness < 0.7, "correlation after shuffling: {likeness}");
}

#[test]
fn without_arguments_eight_validation_pictures_are_explained_in_every_form() {
    let said = explain(&[], 0);
    let folder = story().join("runs/story-1/explanations");
    let scores = json(&folder.join("scores.json"));
    let pictures = scores["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 8);
    let split = json(&story().join("runs/story-1/split.json"));
    for picture in pictures {
        assert!(
            split["valid"]
                .as_array()
                .unwrap()
                .contains(&picture["name"])
        );
        assert!(said.contains(picture["name"].as_str().unwrap()), "{said}");
        let probabilities = picture["probabilities"].as_object().unwrap();
        let sum: f64 = probabilities
            .values()
            .map(|share| share.as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9);
        for map in picture["maps"].as_array().unwrap() {
            let (shape, _) = map_of(&folder.join(map["file"].as_str().unwrap()));
            // Four cells along the short side of the picture, all of which is seen.
            assert_eq!(shape.into_iter().min(), Some(4));
            let overlay = fs::read(folder.join(map["overlay"].as_str().unwrap())).unwrap();
            assert!(overlay.starts_with(b"\x89PNG"));
        }
    }
    for name in [
        "sheet.png",
        "grid-activation.png",
        "grid-grad-cam.png",
        "index.html",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    // The same seed draws the same pictures, another one others.
    explain(&["--out", "again"], 0);
    assert_eq!(scores, json(&story().join("again/scores.json")));
    explain(&["--seed", "2", "--out", "others"], 0);
    assert_ne!(
        scores["pictures"],
        json(&story().join("others/scores.json"))["pictures"]
    );
}

/// Strides sample a picture from its left edge, so that the map of a mirrored picture is not quite the mirrored map. The
/// network learned from mirrored pictures too: mirrored back, the maps correlate by more than 0.5 in the mean.
#[test]
fn a_mirrored_picture_nearly_mirrors_the_map() {
    explain(&["--out", "straight", "--seed", "4"], 0);
    let straight = json(&story().join("straight/scores.json"));
    let straight = straight["pictures"].as_array().unwrap();
    let mirrored = story().join("mirrored-pictures");
    fs::create_dir(&mirrored).unwrap();
    for (number, picture) in straight.iter().enumerate() {
        let file = story()
            .join("sample/images")
            .join(picture["name"].as_str().unwrap());
        image::open(file)
            .unwrap()
            .fliph()
            .save(mirrored.join(format!("{number}.png")))
            .unwrap();
    }
    explain(&["mirrored-pictures", "--out", "mirrored"], 0);
    let mirrored = json(&story().join("mirrored/scores.json"));
    let mut likeness = Vec::new();
    for (picture, other) in straight
        .iter()
        .zip(mirrored["pictures"].as_array().unwrap())
    {
        if picture["predicted_class"] == other["predicted_class"] {
            let (_, map) = map_of(&story().join("straight").join(grad_cam(picture)));
            let ([_, width], other) = map_of(&story().join("mirrored").join(grad_cam(other)));
            let rows = other.chunks_exact(width);
            let back: Vec<f32> = rows.flat_map(|row| row.iter().rev().copied()).collect();
            likeness.push(correlation(&map, &back).unwrap());
        }
    }
    let mean = likeness.iter().sum::<f64>() / likeness.len() as f64;
    assert!(
        likeness.len() >= 6 && mean > 0.5,
        "correlations {likeness:?}"
    );
}

#[test]
fn in_bf16_the_same_classes_are_predicted_and_the_maps_hardly_change() {
    explain(&["--out", "single", "--seed", "5"], 0);
    explain(&["--out", "half", "--seed", "5", "--precision", "bf16"], 0);
    let record = |folder: &str| json(&story().join(folder).join("scores.json"));
    let (single, half) = (record("single"), record("half"));
    let (single, half) = (single["pictures"].as_array(), half["pictures"].as_array());
    let mut differences = 0;
    for (one, other) in single.unwrap().iter().zip(half.unwrap()) {
        assert_eq!(one["predicted_class"], other["predicted_class"]);
        let map = |folder: &str, picture| map_of(&story().join(folder).join(grad_cam(picture))).1;
        let (one, other) = (map("single", one), map("half", other));
        assert!(
            correlation(&one, &other).unwrap() > 0.98,
            "{one:?} {other:?}"
        );
        differences += usize::from(one != other);
    }
    assert!(differences > 0, "bf16 was not used");
    let page = |folder: &str| fs::read_to_string(story().join(folder).join("index.html")).unwrap();
    assert!(page("half").contains("bf16") && !page("single").contains("bf16"));
    let said = explain(&["--precision", "f16"], 2);
    assert!(said.contains("f32, bf16"), "{said}");
}

#[test]
fn classes_are_found_by_any_spelling_and_slips_get_a_suggestion() {
    let picture = "sample/two_breeds/Siamese__pug_01.jpg";
    let said = explain(
        &[
            picture, "--class", "PUG", "--class", "siamese", "--out", "classes",
        ],
        0,
    );
    says(&said, &["Grad-CAM for pug", "Grad-CAM for Siamese"]);
    let said = explain(&[picture, "--class", "beegle", "--out", "typo"], 2);
    assert!(said.contains("did you mean `beagle`?"), "{said}");
    assert!(!story().join("typo").exists());
    let said = explain(&[picture, "--method", "grad-cm"], 2);
    assert!(said.contains("'grad-cam'"), "{said}");
}

/// The two animals of a wide picture are both seen, and the map has cells for all of it.
#[test]
fn a_whole_picture_is_seen_and_mapped_from_edge_to_edge_at_any_layer_and_for_any_target() {
    let picture = "sample/two_breeds/Siamese__pug_01.jpg";
    let asked = |arguments: &[&str], out: &str| -> Value {
        let mut all = vec![picture, "--view", "whole", "--class", "pug", "--out", out];
        all.extend(arguments);
        explain(&all, 0);
        json(&story().join(out).join("scores.json"))
    };
    let whole = asked(&["--method", "grad-cam,ablation-cam"], "whole");
    let explained = &whole["pictures"][0];
    let side = |of: &Value| of.as_f64().unwrap();
    let frame = &explained["crop"]["frame"];
    for (axis, key) in ["width", "height"].into_iter().enumerate() {
        // Centres of the outer pixels of the picture, as places in the frame.
        let (scale, offset) = (
            side(&explained["crop"]["scale"][axis]),
            side(&explained["crop"]["offset"][axis]),
        );
        let [first, last] =
            [0.0, side(&explained[key]) - 1.0].map(|place| (place - offset) / scale);
        assert!(
            first >= -1e-9 && last <= side(&frame[axis]) - 1.0 + 1e-9,
            "{first} to {last}"
        );
        assert!(
            last - first > side(&frame[axis]) - 32.0,
            "{first} to {last}"
        );
    }
    assert_eq!(whole["origin"]["view"], "whole");
    let cells = |scores: &Value| {
        let map = &scores["pictures"][0]["maps"][0];
        [side(&map["width"]), side(&map["height"])]
    };
    let [width, height] = [side(&frame[0]), side(&frame[1])];
    assert_eq!(cells(&whole), [width / 32.0, height / 32.0]);
    let fused = asked(
        &["--layer", "layer2,layer4", "--method", "layer-cam"],
        "fused",
    );
    assert_eq!(cells(&fused), [width / 8.0, height / 8.0]);
    let against = asked(&["--against", "siamese", "--method", "grad-cam"], "against");
    assert_eq!(against["target"]["against"], "Siamese");
    assert_eq!(
        against["pictures"][0]["probabilities"], whole["pictures"][0]["probabilities"],
        "another target is the same answer"
    );
    let said = explain(&[picture, "--layer", "layer5"], 2);
    assert!(said.contains("layer1, layer2, layer3, layer4"), "{said}");
}

/// An export is the run's network again, with its classes, normalisation and size inside.
#[test]
fn an_export_says_what_the_run_says_without_the_run() {
    let pictures = ["predict", "sample/two_breeds", "--top", "4", "--to"];
    explain(&[&pictures[..], &["run.csv"]].concat(), 0);
    for layout in ["fastai", "torchvision"] {
        let file = format!("{layout}.safetensors");
        run(
            story(),
            &["export", "story-1", "--to", &file, "--layout", layout],
            0,
        );
        let csv = format!("{layout}.csv");
        let outside = [&pictures[..], &[&csv, "--weights", &file]].concat();
        let said = explain_in(story(), &outside, 0);
        says(&said, &["resnet18 of base width 16 with 4 classes"]);
        let read = |name: &str| fs::read(story().join(name)).unwrap();
        assert!(read("run.csv") == read(&csv), "{layout}");
    }
}

#[test]
fn maps_are_drawn_in_the_colours_and_on_the_scale_that_were_chosen() {
    let picture = "sample/two_breeds/Siamese__pug_01.jpg";
    let asked = |arguments: &[&str], out: &str| {
        let both = [
            picture,
            "--class",
            "pug",
            "--class",
            "Siamese",
            "--method",
            "grad-cam,hires-cam",
            "--out",
            out,
        ];
        explain(&[&both[..], arguments].concat(), 0);
        fs::read_to_string(story().join(out).join("index.html")).unwrap()
    };
    // The numbers on both sides of each scale.
    let scales = |page: &str| -> Vec<[String; 2]> {
        let scale = |part: &str| {
            let mut numbers = part
                .split("<span>")
                .skip(1)
                .map(|rest| rest.split('<').next().unwrap());
            [
                numbers.next().unwrap().to_owned(),
                numbers.next().unwrap().to_owned(),
            ]
        };
        page.split("<div class=\"scale\">")
            .skip(1)
            .map(scale)
            .collect()
    };
    let usual = asked(&[], "usual");
    let own = scales(&usual);
    assert_eq!(own.len(), 4);
    assert!(own[0] != own[1] && own[0] != own[2], "{own:?}");
    let of_method = scales(&asked(&["--scale", "method"], "of-method"));
    assert!(
        of_method[0] == of_method[1] && of_method[2] == of_method[3],
        "{of_method:?}"
    );
    let shared = scales(&asked(&["--scale", "shared"], "shared"));
    assert!(shared.iter().all(|scale| *scale == shared[0]), "{shared:?}");
    let page = asked(&["--no-relu", "--plain"], "diverging");
    for [low, high] in scales(&page) {
        assert_eq!(low, format!("-{high}"), "0 is the middle");
    }
    assert!(
        page.contains("0 is in the middle of the colours (white)") && !usual.contains("white is 0")
    );
    let [plain, sheet] = ["plain.png", "sheet.png"]
        .map(|name| image::open(story().join("diverging").join(name)).unwrap());
    assert!(plain.width() > 4 * 640 && sheet.height() > 0);
    assert!(!story().join("usual/plain.png").exists());
    let overlay = |out: &str| {
        let scores = json(&story().join(out).join("scores.json"));
        let file = scores["pictures"][0]["maps"][0]["overlay"]
            .as_str()
            .unwrap()
            .to_owned();
        (
            image::open(story().join(out).join(file))
                .unwrap()
                .into_rgb8(),
            scores,
        )
    };
    asked(&["--alpha", "0"], "bare");
    asked(&["--alpha", "1", "--colour-map", "viridis"], "viridis");
    let ((bare, _), (viridis, scores)) = (overlay("bare"), overlay("viridis"));
    let middle = bare.dimensions();
    let middle = (middle.0 / 2, middle.1 / 2);
    let original = image::open(story().join(picture)).unwrap().into_rgb8();
    assert_eq!(
        bare.get_pixel(middle.0, middle.1),
        original.get_pixel(middle.0, middle.1)
    );
    assert_ne!(
        viridis.get_pixel(middle.0, middle.1),
        bare.get_pixel(middle.0, middle.1)
    );
    assert_eq!(
        (&scores["look"]["colour_map"], &scores["look"]["alpha"]),
        (&"viridis".into(), &1.0.into())
    );
    let said = explain(&[picture, "--alpha", "1.5"], 2);
    assert!(said.contains("from 0 (the picture alone) to 1"), "{said}");
    let said = explain(&[picture, "--colour-map", "jet"], 2);
    says(&said, &["magma, viridis, inferno, turbo, red-blue"]);
}

/// Beside a map of pixels and of masks stands how far it can be trusted, and beside a mean how much its maps differ.
#[test]
fn a_map_says_how_complete_how_settled_and_how_spread_it_is() {
    let picture = "sample/two_breeds/Siamese__pug_01.jpg";
    let methods = "layer-cam,integrated-gradients,guided-grad-cam";
    let arguments = [
        picture,
        "--class",
        "pug",
        "--method",
        methods,
        "--layer",
        "layer3,layer4",
        "--fuse",
        "product",
        "--smooth",
        "--out",
        "told",
    ];
    let said = explain(&arguments, 0);
    let record = json(&story().join("told/scores.json"));
    assert_eq!(record["target"]["fusion"], "product");
    let explained = &record["pictures"][0];
    assert_eq!(explained["forms"].as_array().unwrap().len(), 8);
    let page = fs::read_to_string(story().join("told/index.html")).unwrap();
    let map = |method: &str| -> &Value {
        let maps = explained["maps"].as_array().unwrap();
        maps.iter().find(|map| map["method"] == method).unwrap()
    };
    for method in methods.split(',') {
        let (map, spread) = (map(method), &map(method)["spread"]);
        let file = |of: &Value| map_of(&story().join("told").join(of["file"].as_str().unwrap()));
        let ((shape, _), (same_shape, values)) = (file(map), file(spread));
        assert_eq!(shape, same_shape, "{method}");
        assert!(
            values.iter().all(|value| *value >= 0.0) && values.iter().any(|value| *value > 0.0)
        );
    }
    let complete = &map("integrated-gradients")["check"];
    let number = |key: &str| complete[key].as_f64().unwrap();
    assert!(
        (number("sum") - number("gain")).abs() == number("gap")
            && number("gap") < 0.2 * number("gain").abs()
    );
    for sentence in [
        "completeness gap",
        "spread up to",
        "looks at no layer",
        "hardly depend on what the network has learnt",
    ] {
        assert!(
            said.contains(sentence) && page.contains(sentence),
            "{sentence} in {said}"
        );
    }
    assert!(page.contains("RefineCAM") && page.contains("mean over eight forms"));
    let said = explain(
        &[
            picture, "--class", "pug", "--method", "rise", "--out", "masks",
        ],
        0,
    );
    assert!(said.contains("1000 masks, seed 1"), "{said}");
    let record = json(&story().join("masks/scores.json"));
    let rise = &record["pictures"][0]["maps"][0];
    assert_eq!(rise["check"]["masks"], 1000);
    let masks = rise["file"].as_str().unwrap().replace(".npy", ".masks");
    for ending in ["csv", "svg"] {
        assert!(
            story()
                .join("masks")
                .join(format!("{masks}.{ending}"))
                .is_file()
        );
    }
    // Without any of it, none of it is there.
    explain(
        &[
            picture,
            "--class",
            "pug",
            "--method",
            "layer-cam",
            "--out",
            "plain",
        ],
        0,
    );
    let plain = fs::read_to_string(story().join("plain/scores.json")).unwrap();
    assert!(
        !["forms", "spread", "check", "fusion"]
            .iter()
            .any(|key| plain.contains(&format!("\"{key}\""))),
        "{plain}"
    );
    let said = explain(&[picture, "--layer", "layer4", "--fuse", "product"], 2);
    assert!(said.contains("several layers"), "{said}");
}

/// The files that can be read are explained, the others get a sentence each, and the exit code says that some are missing.
#[test]
fn every_odd_file_gives_a_picture_or_a_sentence() {
    let odd = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/odd_files");
    let said = explain(
        &[odd.to_str().unwrap(), "--out", "odd", "--method", "all"],
        1,
    );
    let scores = json(&story().join("odd/scores.json"));
    let explained = scores["pictures"].as_array().unwrap();
    let mut files = 0;
    for entry in fs::read_dir(&odd).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() || !(name.ends_with(".jpg") || name.ends_with(".png")) {
            continue;
        }
        files += 1;
        // Below lie pictures of the same names.
        let is_this = |picture: &&Value| picture["path"] == path.to_str().unwrap();
        let is_explained = explained.iter().any(|picture| is_this(&picture));
        let is_left_out = said
            .lines()
            .any(|line| line.starts_with("warning: left out:") && line.contains(&name));
        assert!(is_explained != is_left_out, "{name} in\n{said}");
        assert_eq!(is_left_out, name.starts_with("broken"), "{name} in\n{said}");
    }
    assert!(files > 10 && said.contains("could not be read"), "{said}");
}

#[test]
fn a_changed_byte_in_the_checkpoint_is_refused() {
    let copy = story().join("changed");
    fs::create_dir_all(copy.join("checkpoints/128")).unwrap();
    let run = story().join("runs/story-1");
    for name in ["config.toml", "split.json"] {
        fs::copy(run.join(name), copy.join(name)).unwrap();
    }
    for entry in fs::read_dir(run.join("checkpoints/128")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(
            &path,
            copy.join("checkpoints/128").join(path.file_name().unwrap()),
        )
        .unwrap();
    }
    explain(
        &["--run", "changed/checkpoints/128", "--out", "unchanged"],
        0,
    );
    let weights = copy.join("checkpoints/128/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&weights, bytes).unwrap();
    for run in ["changed", "changed/checkpoints/128"] {
        let said = explain(&["--run", run, "--out", "refused"], 1);
        says(&said, &["SHA-256", "weights.safetensors"]);
    }
    assert!(!story().join("refused").exists());
}

#[test]
fn what_is_not_there_is_named_and_other_peoples_files_are_left_alone() {
    let empty = tempfile::tempdir().unwrap();
    let said = explain_in(empty.path(), &[], 1);
    assert!(said.contains("no run in runs"), "{said}");
    let said = explain(&["nowhere.jpg"], 2);
    assert!(said.contains("nowhere.jpg"), "{said}");
    let said = explain(&["--out", "sample"], 2);
    assert!(said.contains("left untouched"), "{said}");
    let said = explain(&["--device", "tpu"], 2);
    assert!(said.contains("auto, cpu, cuda"), "{said}");
}

#[test]
fn a_run_that_cannot_be_read_is_no_run_whose_pictures_are_gone_and_what_a_folder_has_beside_pictures_is_told()
 {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("runs/story-1");
    fs::create_dir_all(copy.join("checkpoints/128")).unwrap();
    let run = story().join("runs/story-1");
    fs::copy(run.join("config.toml"), copy.join("config.toml")).unwrap();
    fs::copy(run.join("split.json"), copy.join("split.json")).unwrap();
    for entry in fs::read_dir(run.join("checkpoints/128")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        fs::copy(&path, copy.join("checkpoints/128").join(name)).unwrap();
    }
    let split = json(&run.join("split.json"));
    let name = split["valid"][0].as_str().unwrap();
    let picture = Path::new(split["folder"].as_str().unwrap()).join(name);
    fs::copy(story().join(picture), folder.path().join(name)).unwrap();
    fs::write(folder.path().join("phone.heic"), "").unwrap();
    let said = explain_in(folder.path(), &[".", "--out", "one"], 0);
    assert!(said.contains(".: left out: 1 .heic"), "{said}");
    assert!(said.contains("1 folder of runs (runs/)"), "{said}");
    fs::write(copy.join("split.json"), "{").unwrap();
    let said = explain_in(folder.path(), &[name, "--out", "two"], 1);
    assert!(said.contains("split.json"), "{said}");
}

/// A browser that shows the page with its pictures; it has no network to ask (every name resolves to nothing).
#[test]
#[ignore = "needs a browser: `cargo test --workspace --test explain -- --ignored`"]
fn the_page_shows_its_pictures_in_a_browser_without_a_network() {
    let browser = browser().expect("chromium, google-chrome or chrome in PATH");
    explain(&["--out", "page", "--method", "all"], 0);
    let page = story().join("page/index.html");
    let profile = tempfile::tempdir().unwrap();
    // A frame around it counts its pictures and how many have arrived.
    let counter = story().join("counter.html");
    let script = "<body><script>
        const frame = document.createElement('iframe');
        frame.onload = () => {
            const images = [...frame.contentDocument.images];
            const shown = images.filter(image => image.complete && image.naturalWidth > 0);
            const described = images.filter(image => image.alt.length > 0);
            document.body.dataset.images = `${images.length} ${shown.length} ${described.length}`;
        };
        frame.src = 'page/index.html';
        document.body.append(frame);
    </script>";
    fs::write(&counter, script).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--allow-file-access-from-files",
        ])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", counter.display()))
        .output()
        .unwrap();
    let dom = text(&output.stdout);
    let counts = dom
        .split("data-images=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("{dom}"));
    let counts: Vec<usize> = counts
        .split('"')
        .next()
        .unwrap()
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    let written = fs::read_to_string(page).unwrap().matches("<img").count();
    assert!(written > 8 * 7, "{written} pictures");
    assert_eq!(
        counts, [written; 3],
        "pictures in the page, shown, described"
    );
}

/// Maps are laid over the picture by mouse or keyboard, more or less strongly, and nothing is wider than a telephone.
#[test]
#[ignore = "needs a browser: `cargo test --workspace --test explain -- --ignored`"]
fn maps_are_switched_over_the_picture_and_faded_in_a_browser_also_on_a_narrow_screen() {
    explain(
        &[
            "--out",
            "viewer",
            "--method",
            "grad-cam,layer-cam",
            "--no-relu",
        ],
        0,
    );
    let page = story().join("viewer/index.html");
    let scratch = tempfile::tempdir().unwrap();
    for width in [375, 1280] {
        let script = "
            const said = [];
            const viewers = [...page.querySelectorAll('.viewer')];
            said.push(viewers.length > 4);
            said.push(page.documentElement.scrollWidth <= view.innerWidth);
            const viewer = viewers[0];
            const [first, second] = viewer.querySelectorAll('button');
            const [one, other] = viewer.querySelectorAll('.layer');
            const slider = viewer.querySelector('input');
            const controls = [first, second, slider];
            // All are reached by the keyboard, named, large enough for a finger, and show where the keyboard is.
            for (const control of controls) {
                control.focus({ focusVisible: true });
                const named = control.labels.length > 0 || control.textContent.length > 0;
                const large = control.getBoundingClientRect().height >= 44;
                const framed = view.getComputedStyle(control).outlineStyle === 'solid';
                said.push(page.activeElement === control && named && large && framed);
            }
            const state = () => [one.hidden, other.hidden, first.ariaPressed, second.ariaPressed].join();
            said.push(state() === 'true,true,false,false');
            first.click();
            said.push(state() === 'false,true,true,false');
            second.click();
            said.push(state() === 'true,false,false,true');
            viewer.querySelector('.stage').click();
            said.push(state() === 'true,true,false,false');
            first.click();
            const strong = view.getComputedStyle(one).opacity;
            slider.value = 25;
            slider.dispatchEvent(new Event('input'));
            said.push(strong === '0.6' && view.getComputedStyle(one).opacity === '0.25');
            said.push(viewer.querySelector('output').value === '25 %');
            // It covers what the network saw, inside the picture.
            const [inner, outer] = [one, viewer.querySelector('.picture')].map((image) => image.getBoundingClientRect());
            said.push(inner.width > outer.width / 2 && inner.left >= outer.left - 1 && inner.right <= outer.right + 1);
            return said.join();
        ";
        let said = stories::browser::ask(&page, width, script, scratch.path());
        let all = ["true"; 12].join(",");
        assert_eq!(said, all, "at {width} pixels");
    }
    // Without scripts there are no controls that do nothing.
    let html = fs::read_to_string(page).unwrap();
    let controls = html.matches("<fieldset class=\"controls\"").count();
    assert_eq!(
        html.matches("<fieldset class=\"controls\" hidden>").count(),
        controls
    );
    assert!(controls > 4);
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let candidates =
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// Everything `explain` said about the story's run.
fn explain(arguments: &[&str], code: i32) -> String {
    let mut all = arguments.to_vec();
    if !arguments.contains(&"--run") {
        all.extend(["--run", "story-1"]);
    }
    explain_in(story(), &all, code)
}

fn explain_in(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = program::explain(folder, arguments, code);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// File of the Grad-CAM of the predicted class.
fn grad_cam(picture: &Value) -> &str {
    let maps = picture["maps"].as_array().unwrap();
    let map = maps
        .iter()
        .find(|map| map["class"] == picture["predicted_class"]);
    map.unwrap()["file"].as_str().unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Shape and values of a map.
fn map_of(path: &Path) -> ([usize; 2], Vec<f32>) {
    npy::read(&fs::read(path).unwrap())
}
