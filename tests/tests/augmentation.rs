//! What is beside fastai's augmentation, as a user meets it.

use std::fs;
use stories::program::{SHORT_TRAINING, TWO_BREEDS, run, text};

#[test]
fn a_preview_shows_mixtures_if_pictures_are_mixed_and_says_what_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        folder.join("story.toml"),
        format!("{TWO_BREEDS}{SHORT_TRAINING}"),
    )
    .unwrap();
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
    assert!(
        said.contains("random_resized_crop takes the place of"),
        "{said}"
    );
    let width = |name: &str| {
        let header = fs::read(folder.join(name)).unwrap();
        u32::from_be_bytes(header[16..20].try_into().unwrap())
    };
    // A third sheet beside two.
    assert!(4 * width("mixed.png") > 5 * width("plain.png"));
}

#[test]
fn a_weight_for_no_class_stops_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        folder.join("story.toml"),
        format!("{TWO_BREEDS}{SHORT_TRAINING}"),
    )
    .unwrap();
    let weights = "regularisation.class_weights={ siamese = 2.0 }";
    let said = text(&run(folder, &["story.toml", "--set", weights], 1).stderr);
    assert!(
        said.contains("`siamese`") && said.contains("did you mean `Siamese`?"),
        "{said}"
    );
    assert!(!folder.join("runs").exists());
}
