//! What a user reads who typed something wrong, or asks for something.

mod program;

use program::{run, text};
use std::fs;

fn in_folder(test: impl FnOnce(&std::path::Path)) {
    let folder = tempfile::tempdir().unwrap();
    test(folder.path());
}

fn fails(arguments: &[&str], code: i32, expected: &[&str]) {
    in_folder(|folder| {
        let said = text(&run(folder, arguments, code).stderr);
        for part in expected {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
        assert!(!folder.join("runs").exists(), "nothing may be written");
    });
}

#[test]
fn a_config_that_is_not_there_is_named_with_the_embedded_ones() {
    fails(
        &["nowhere.toml"],
        2,
        &["nowhere.toml", "sample, pets-resnet34"],
    );
}

#[test]
fn an_unknown_key_in_a_file_is_named_with_its_line_and_the_nearest_one() {
    in_folder(|folder| {
        let config =
            "[data]\nfolder = \"x\"\n[model]\narchitecture = \"resnet34\"\nbase_with = 3\n";
        fs::write(folder.join("wrong.toml"), config).unwrap();
        let said = text(&run(folder, &["wrong.toml"], 2).stderr);
        assert!(
            said.contains("wrong.toml, line 5") && said.contains("did you mean `base_width`?"),
            "{said}"
        );
    });
}

#[test]
fn an_unknown_key_in_set_is_named_with_the_nearest_one() {
    fails(
        &["--set", "stage.0.epoch=1"],
        2,
        &["stage.0.epoch=1", "did you mean `epochs`?"],
    );
}

#[test]
fn a_stage_that_is_not_there_is_named_with_those_that_are() {
    fails(
        &["--set", "stage.7.epochs=1"],
        2,
        &["stage.7", "positions are 0 to 1"],
    );
}

#[test]
fn a_value_out_of_range_is_named_with_its_range() {
    fails(
        &["--set", "stage.0.pct_start=2"],
        2,
        &["pct_start is 2", "within 0 and 1"],
    );
    fails(
        &["--set", "stage.0.batch_size=1"],
        2,
        &["batch_size is 1", "within 2"],
    );
    fails(
        &["--set", "augmentation.max_zoom=0.5"],
        2,
        &["max_zoom", "at least 1"],
    );
}

#[test]
fn an_unknown_architecture_is_named_with_the_nearest_one() {
    fails(
        &["--set", "model.architecture=resnet43"],
        2,
        &["resnet43", "did you mean `resnet34`?"],
    );
}

#[test]
fn a_missing_folder_of_pictures_is_named() {
    fails(
        &[
            "--set",
            "data.source=folder",
            "--set",
            "data.folder=pictures",
        ],
        1,
        &["pictures"],
    );
}

#[test]
fn cuda_without_cuda_is_one_sentence() {
    fails(&["--device", "cuda"], 2, &["--device cpu"]);
}

#[test]
fn a_run_that_is_not_there_is_named() {
    fails(
        &["--resume", "runs/nothing-1"],
        1,
        &["runs/nothing-1", "train runs"],
    );
}

#[test]
fn no_runs_is_a_sentence_with_the_next_command() {
    in_folder(|folder| {
        let said = text(&run(folder, &["runs"], 0).stdout);
        assert!(
            said.contains("no runs") && said.contains("`train`"),
            "{said}"
        );
    });
}

#[test]
fn the_summary_of_the_notebooks_network_ends_with_its_counts() {
    in_folder(|folder| {
        let said = text(&run(folder, &["summary", "pets-resnet34", "--size", "64"], 0).stdout);
        assert!(said.contains("Total params:  21831599"), "{said}");
        assert!(said.contains("Trainable params, head: 563951"), "{said}");
    });
}

#[test]
fn check_prints_the_plan_and_writes_nothing() {
    in_folder(|folder| {
        let said = text(&run(folder, &["--check"], 0).stdout);
        assert!(said.contains("would be drawn first"), "{said}");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    });
}
