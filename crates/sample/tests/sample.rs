//! The drawn sample as its users see it: the files on disk.

#[path = "../../files/tests/helpers/listed.rs"]
mod listed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::GrayImage;
use listed::files_below;
use proptest::prelude::*;
use sample::{Breed, SampleError, SampleSpec, draw_sample, is_complete};

fn small(seed: u64) -> SampleSpec {
    SampleSpec {
        seed,
        pictures_per_breed: 5,
        two_breeds_pictures: 2,
        ..SampleSpec::default()
    }
}

fn draw(folder: &Path, spec: &SampleSpec) {
    draw_sample(folder, spec, &mut |_, _| {}).unwrap();
}

fn draw_with_threads(threads: usize, seed: u64) -> BTreeMap<String, Vec<u8>> {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| draw(&folder, &small(seed)));
    files_below(&folder)
}

fn names(folder: &Path, list: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join("annotations").join(list)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// `[xmin, ymin, xmax, ymax]`, counted from one, both corners inside.
fn head_box(folder: &Path, name: &str) -> [u32; 4] {
    let text = fs::read_to_string(folder.join(format!("annotations/xmls/{name}.xml"))).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    ["xmin", "ymin", "xmax", "ymax"].map(|corner| {
        let node = document
            .descendants()
            .find(|node| node.has_tag_name(corner))
            .unwrap();
        node.text().unwrap().parse().unwrap()
    })
}

/// The smallest box, in the same convention, around the pixels that are not background.
fn extent(trimap: &GrayImage) -> [u32; 4] {
    let pet = trimap
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0[0] != 2);
    pet.fold(
        [u32::MAX, u32::MAX, 0, 0],
        |[left, top, right, bottom], (x, y, _)| {
            [
                left.min(x + 1),
                top.min(y + 1),
                right.max(x + 1),
                bottom.max(y + 1),
            ]
        },
    )
}

fn lies_within(inner: [u32; 4], outer: [u32; 4]) -> bool {
    let ordered = inner[0] < inner[2] && inner[1] < inner[3];
    ordered
        && inner[0] >= outer[0]
        && inner[1] >= outer[1]
        && inner[2] <= outer[2]
        && inner[3] <= outer[3]
}

#[test]
fn the_same_seed_draws_the_same_bytes_with_one_thread_and_with_four() {
    let one = draw_with_threads(1, 7);
    let four = draw_with_threads(4, 7);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        four.keys().collect::<Vec<_>>()
    );
    let differing: Vec<_> = one
        .keys()
        .filter(|name| one[*name] != four[*name])
        .collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

#[test]
fn another_seed_draws_other_pictures() {
    let (one, other) = (draw_with_threads(2, 7), draw_with_threads(2, 8));
    let pictures: Vec<_> = one
        .keys()
        .filter(|name| name.starts_with("images/"))
        .collect();
    assert_eq!(pictures.len(), 30);
    assert!(pictures.iter().all(|name| one[*name] != other[*name]));
}

#[test]
fn the_lists_partition_the_pictures_and_every_class_has_as_many() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(&folder, &small(3));
    let [all, training, validation] =
        ["list.txt", "trainval.txt", "test.txt"].map(|list| names(&folder, list));
    let on_disk: BTreeSet<String> = fs::read_dir(folder.join("images"))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(all.iter().cloned().collect::<BTreeSet<_>>(), on_disk);
    assert_eq!(all.len(), 30);
    let joined: BTreeSet<String> = training.iter().chain(&validation).cloned().collect();
    assert_eq!((training.len(), validation.len(), joined), (24, 6, on_disk));
    for breed in Breed::ALL {
        let of_breed = |names: &[String]| {
            names
                .iter()
                .filter(|name| name.rsplit_once('_').unwrap().0 == breed.name())
                .count()
        };
        assert_eq!(
            (of_breed(&training), of_breed(&validation)),
            (4, 1),
            "{}",
            breed.name()
        );
    }
}

#[test]
fn the_list_numbers_classes_species_and_breeds_as_the_original_does() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(&folder, &small(3));
    let text = fs::read_to_string(folder.join("annotations/list.txt")).unwrap();
    let firsts: Vec<&str> = text.lines().filter(|line| line.contains("_1 ")).collect();
    assert_eq!(
        firsts,
        [
            "Bombay_1 1 1 1",
            "Maine_Coon_1 2 1 2",
            "Siamese_1 3 1 3",
            "beagle_1 4 2 1",
            "pug_1 5 2 2",
            "samoyed_1 6 2 3"
        ]
    );
    assert_eq!(
        text.lines()
            .take_while(|line| line.starts_with('#'))
            .count(),
        6
    );
}

#[test]
fn a_map_of_the_middle_misses_most_heads() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    let spec = SampleSpec {
        pictures_per_breed: 12,
        two_breeds_pictures: 0,
        ..SampleSpec::default()
    };
    draw(&folder, &spec);
    let names = names(&folder, "list.txt");
    let is_hit = |name: &&String| {
        let picture = image::open(folder.join(format!("images/{name}.jpg"))).unwrap();
        let [left, top, right, bottom] = head_box(&folder, name);
        let (x, y) = (picture.width() / 2, picture.height() / 2);
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    };
    let hits = names.iter().filter(is_hit).count();
    assert!(2 * hits < names.len(), "{hits} of {}", names.len());
    assert!(hits > 0, "no head is in the middle");
}

#[test]
fn a_picture_without_a_part_differs_there_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    let spec = SampleSpec {
        breeds: vec![Breed::ALL[0]],
        pictures_per_breed: 20,
        two_breeds_pictures: 0,
        ..SampleSpec::default()
    };
    draw(&folder, &spec);
    let folder = folder.join("parts");
    let truths: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let truth = &truths.as_array().unwrap()[0];
    let open = |file: &serde_json::Value| image::open(folder.join(file.as_str().unwrap())).unwrap();
    let (picture, mask) = (
        open(&truth["file"]).into_rgb8(),
        open(&truth["mask"]).into_luma8(),
    );
    assert_eq!(picture.dimensions(), mask.dimensions());
    for part in truth["parts"].as_array().unwrap() {
        let other = open(&part["without"]).into_rgb8();
        let (mut inside, mut outside) = ([0.0, 0.0], [0.0, 0.0]);
        for ((one, other), number) in picture.pixels().zip(other.pixels()).zip(mask.pixels()) {
            let place = match u64::from(number.0[0]) == part["number"].as_u64().unwrap() {
                true => &mut inside,
                false => &mut outside,
            };
            let channels = one.0.iter().zip(&other.0);
            let difference: u32 = channels.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            *place = [place[0] + f64::from(difference), place[1] + 1.0];
        }
        let [inside, outside] = [inside, outside].map(|[sum, count]| sum / f64::max(count, 1.0));
        assert!(
            inside > 15.0 && inside > 5.0 * outside,
            "{part}: {inside} and {outside}"
        );
    }
}

proptest! {
    // Each case draws fourteen pictures, so few cases; the seeds are what varies.
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trimaps_and_head_boxes_fit_their_pictures(seed in any::<u64>()) {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("sample");
        draw(&folder, &SampleSpec { seed, pictures_per_breed: 2, two_breeds_pictures: 0, ..SampleSpec::default() });
        for name in names(&folder, "list.txt") {
            let picture = image::open(folder.join(format!("images/{name}.jpg"))).unwrap();
            let trimap = image::open(folder.join(format!("annotations/trimaps/{name}.png"))).unwrap();
            let trimap = trimap.as_luma8().expect("a trimap is 8 bits of grey").clone();
            prop_assert_eq!(trimap.dimensions(), (picture.width(), picture.height()));
            let values: BTreeSet<u8> = trimap.pixels().map(|pixel| pixel.0[0]).collect();
            prop_assert_eq!(values, BTreeSet::from([1, 2, 3]), "{}", name);
            let pet = extent(&trimap);
            prop_assert!(lies_within(head_box(&folder, &name), pet), "{} {:?}", name, pet);
        }
    }

    #[test]
    fn two_breeds_stay_on_their_sides(seed in any::<u64>()) {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("sample");
        draw(&folder, &SampleSpec { seed, pictures_per_breed: 1, two_breeds_pictures: 4, ..SampleSpec::default() });
        let folder = folder.join("two_breeds");
        let truths: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
        prop_assert_eq!(truths.as_array().unwrap().len(), 4);
        for truth in truths.as_array().unwrap() {
            let picture = image::open(folder.join(truth["file"].as_str().unwrap())).unwrap();
            let size = [&truth["width"], &truth["height"]].map(|length| length.as_u64().unwrap() as u32);
            prop_assert_eq!(size, [picture.width(), picture.height()]);
            prop_assert_ne!(&truth["left"], &truth["right"]);
            let corners = |key: &str| ["xmin", "ymin", "xmax", "ymax"].map(|corner| truth[key][corner].as_u64().unwrap() as u32);
            let seam = truth["seam_x"].as_u64().unwrap() as u32;
            prop_assert!(corners("left_box")[2] < seam && seam < corners("right_box")[0], "{}", truth);
            for side in ["left", "right"] {
                let [whole, head] = ["box", "head"].map(|part| corners(&format!("{side}_{part}")));
                prop_assert!(lies_within(head, whole), "{}", truth);
                let trimap = image::open(folder.join(truth[format!("{side}_trimap")].as_str().unwrap())).unwrap();
                prop_assert_eq!([trimap.width(), trimap.height()], size);
                // The border reaches at most three pixels beyond the animal on both sides of its outline.
                let pet = extent(trimap.as_luma8().unwrap());
                prop_assert!(lies_within(whole, pet));
                prop_assert!(whole[0] - pet[0] <= 3 && pet[2] - whole[2] <= 3);
            }
        }
    }
}

#[test]
fn an_interrupted_drawing_leaves_no_half_data_set_and_can_be_repeated() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    let spec = small(5);
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        draw_sample(&folder, &spec, &mut |done, _| {
            assert!(done == 0, "the user has had enough")
        })
    }));
    assert!(interrupted.is_err());
    assert!(!folder.exists() && !is_complete(&folder, &spec));
    draw(&folder, &spec);
    assert!(is_complete(&folder, &spec));
    assert_eq!(files_below(&folder), draw_with_threads(2, 5));
}

#[test]
fn an_interrupted_redrawing_keeps_the_sample_that_was_there() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(&folder, &small(5));
    let before = files_below(&folder);
    let interrupted = catch_unwind(AssertUnwindSafe(|| {
        draw_sample(&folder, &small(6), &mut |done, _| {
            assert!(done == 0, "the user has had enough")
        })
    }));
    assert!(interrupted.is_err());
    assert_eq!(files_below(&folder), before);
    assert!(is_complete(&folder, &small(5)) && !is_complete(&folder, &small(6)));
}

#[test]
fn a_complete_sample_is_not_drawn_again() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(&folder, &small(5));
    draw_sample(&folder, &small(5), &mut |_, _| {
        panic!("nothing is left to draw")
    })
    .unwrap();
}

#[test]
fn another_spec_in_the_same_folder_is_drawn_anew() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(&folder, &small(5));
    let cats = SampleSpec {
        breeds: vec![Breed::Bombay, Breed::Siamese],
        ..small(5)
    };
    draw(&folder, &cats);
    assert!(is_complete(&folder, &cats) && !is_complete(&folder, &small(5)));
    assert_eq!(fs::read_dir(folder.join("images")).unwrap().count(), 10);
}

#[test]
fn fewer_breeds_draw_the_same_pictures_of_those_that_stay() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    draw(
        &folder,
        &SampleSpec {
            breeds: vec![Breed::Pug, Breed::Siamese],
            ..small(7)
        },
    );
    let (few, all) = (files_below(&folder), draw_with_threads(2, 7));
    let pictures: Vec<_> = few
        .keys()
        .filter(|name| name.starts_with("images/"))
        .collect();
    assert_eq!(pictures.len(), 10);
    assert!(pictures.iter().all(|name| few[*name] == all[*name]));
}

#[test]
fn a_folder_with_something_else_is_left_untouched() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("photographs");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("holiday.jpg"), "precious").unwrap();
    let error = draw_sample(&folder, &small(1), &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, SampleError::NotASample { .. }), "{error}");
    assert!(error.to_string().contains("photographs"));
    assert_eq!(
        files_below(&folder),
        BTreeMap::from([("holiday.jpg".to_owned(), b"precious".to_vec())])
    );
}

#[test]
fn an_impossible_spec_is_a_named_error() {
    let parent = tempfile::tempdir().unwrap();
    let refused = |spec: SampleSpec| {
        draw_sample(&parent.path().join("sample"), &spec, &mut |_, _| {
            panic!("nothing can be drawn")
        })
        .unwrap_err()
    };
    let twice = SampleSpec {
        breeds: vec![Breed::Pug, Breed::Beagle, Breed::Pug],
        ..small(1)
    };
    assert!(refused(twice).to_string().contains("pug twice"));
    assert!(matches!(
        refused(SampleSpec {
            breeds: Vec::new(),
            ..small(1)
        }),
        SampleError::Empty
    ));
    assert!(matches!(
        refused(SampleSpec {
            pictures_per_breed: 0,
            ..small(1)
        }),
        SampleError::Empty
    ));
    let alone = SampleSpec {
        breeds: vec![Breed::Pug],
        ..small(1)
    };
    assert!(matches!(refused(alone), SampleError::NoSecondBreed));
}

#[test]
fn an_unwritable_place_is_an_error_that_names_it() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("file"), "in the way").unwrap();
    let error = draw_sample(
        &parent.path().join("file/sample"),
        &small(1),
        &mut |_, _| {},
    )
    .unwrap_err();
    assert!(
        matches!(
            error,
            SampleError::File {
                action: "create",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("file"));
}

#[test]
fn progress_is_told_from_nothing_to_everything() {
    let parent = tempfile::tempdir().unwrap();
    let mut calls = Vec::new();
    draw_sample(
        &parent.path().join("sample"),
        &small(1),
        &mut |done, total| calls.push((done, total)),
    )
    .unwrap();
    assert_eq!(
        (calls.first(), calls.last()),
        (Some(&(0, 32)), Some(&(32, 32)))
    );
    assert!(calls.is_sorted());
}

#[test]
fn a_spec_is_read_from_a_config_and_unknown_fields_are_refused() {
    let spec: SampleSpec =
        serde_json::from_str(r#"{ "seed": 4, "breeds": ["Maine_Coon", "pug"] }"#).unwrap();
    assert_eq!(
        spec,
        SampleSpec {
            seed: 4,
            breeds: vec![Breed::MaineCoon, Breed::Pug],
            ..SampleSpec::default()
        }
    );
    assert!(serde_json::from_str::<SampleSpec>(r#"{ "sede": 4 }"#).is_err());
    assert!(serde_json::from_str::<SampleSpec>(r#"{ "breeds": ["poodle"] }"#).is_err());
}
