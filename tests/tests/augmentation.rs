//! What is beside fastai's augmentation, as a user meets it.

use std::fs;
use stories::folders::with_config;
use stories::program::{run, says, short_run, text};

#[test]
fn a_preview_shows_mixtures_if_pictures_are_mixed_and_says_what_does_nothing() {
    let folder = with_config("story.toml", &short_run());
    let folder = folder.path();
    let output = run(folder, &["preview", "story.toml", "--out", "plain.png"], 0);
    assert!(!text(&output.stderr).contains("takes the place"));
    let mixed = [
        "preview",
        "story.toml",
        "--out",
        "mixed.png",
        "--set",
        "regularisation.mixup=0.4",
        "--set",
        "augmentation.random_resized_crop=[0.35, 1.0]",
        "--set",
        "augmentation.rand_augment=[2, 9]",
    ];
    let said = text(&run(folder, &mixed, 0).stderr);
    says(&said, &["random_resized_crop takes the place of"]);
    let width = |name: &str| {
        let header = fs::read(folder.join(name)).unwrap();
        u32::from_be_bytes(header[16..20].try_into().unwrap())
    };
    // A third sheet beside two.
    assert!(4 * width("mixed.png") > 5 * width("plain.png"));
}

#[test]
fn a_weight_for_no_class_stops_before_training() {
    let folder = with_config("story.toml", &short_run());
    let folder = folder.path();
    let weights = "regularisation.class_weights={ siamese = 2.0 }";
    let said = text(&run(folder, &["story.toml", "--set", weights], 1).stderr);
    says(&said, &["`siamese`", "did you mean `Siamese`?"]);
    assert!(!folder.join("runs").exists());
}
