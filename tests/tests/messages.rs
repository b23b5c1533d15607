//! What a user reads who typed something wrong, or asks for something.

use std::fs;
use stories::program::{explain, run, says, text};

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
        &[
            "nowhere.toml",
            "sample, pets-resnet34, pets-resnet50, pets-resnet50-best",
        ],
    );
}

#[test]
fn an_unknown_key_in_a_file_is_named_with_its_line_and_the_nearest_one() {
    in_folder(|folder| {
        let config =
            "[data]\nfolder = \"x\"\n[model]\narchitecture = \"resnet34\"\nbase_with = 3\n";
        fs::write(folder.join("wrong.toml"), config).unwrap();
        let said = text(&run(folder, &["wrong.toml"], 2).stderr);
        says(&said, &["wrong.toml, line 5", "did you mean `base_width`?"]);
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
fn a_key_that_is_near_to_none_is_named_with_those_that_there_are() {
    fails(
        &["--set", "data.zzz=1"],
        2,
        &[
            "--set data.zzz=1",
            "unknown key `data.zzz`",
            "it may be folder, source, layout",
        ],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named_with_the_right_one() {
    let cases = [
        (
            "stage.0.epochs=-1",
            "stage.0.epochs is -1: it must be a whole number that is not negative",
        ),
        (
            "stage.0.epochs=many",
            "stage.0.epochs is \"many\": it must be a whole number",
        ),
        (
            "optimizer.beta2=high",
            "optimizer.beta2 is \"high\": it must be a number",
        ),
        (
            "augmentation.do_flip=1",
            "augmentation.do_flip is 1: it must be true or false",
        ),
        (
            "model.dropout=[0.1]",
            "model.dropout is [0.1]: it must be a list of 2",
        ),
        (
            "split.kind=randm",
            "split.kind is `randm`: did you mean `random`?",
        ),
        (
            "stage.0.train=heads",
            "stage.0.train is `heads`: did you mean `head`?",
        ),
        (
            "model.kernels=quick",
            "model.kernels is `quick`: it may be exact, fast",
        ),
    ];
    for (set, expected) in cases {
        fails(&["--set", set], 2, &[expected]);
    }
}

#[test]
fn a_learning_rate_of_neither_form_is_a_sentence_with_both() {
    fails(
        &["--set", "stage.0.max_learning_rate=[1e-3,1e-2,1e-1]"],
        2,
        &[
            "stage.0.max_learning_rate is [0.001, 0.01, 0.1]",
            "one number",
            "or two, [lowest, highest]",
        ],
    );
}

#[test]
fn a_value_that_only_the_data_would_refuse_is_refused_before_a_download() {
    let pets = ["pets-resnet34", "--set", "data.url=http://127.0.0.1:9/"];
    let fraction = [&pets[..], &["--set", "split.fraction=1.5"]].concat();
    fails(&fraction, 2, &["split", "fraction is 1.5"]);
    fails(
        &["--set", "data.sample.pictures_per_breed=0"],
        2,
        &["data.sample", "pictures_per_breed"],
    );
    let weights = [&pets[..], &["--set", "model.weights=resnet34-333f7ec5"]].concat();
    fails(
        &weights,
        2,
        &[
            "model.weights is `resnet34-333f7ec5`",
            "did you mean `resnet34-333f7ec4`?",
        ],
    );
}

#[test]
fn two_stages_that_save_under_one_name_are_refused() {
    fails(
        &["--set", "stage.0.save=best", "--set", "stage.1.save=best"],
        2,
        &[
            "--set stage.1.save=best",
            "stage.1.save is \"best\"",
            "stage.0 has this one",
        ],
    );
    fails(
        &["--set", "stage.1.save=stage-1"],
        2,
        &[
            "stage.1.save is \"stage-1\"",
            "does not begin with iteration- or stage-",
        ],
    );
    // Some file systems take these for one, and Windows takes the last for none.
    fails(
        &["--set", "stage.0.save=best", "--set", "stage.1.save=Best"],
        2,
        &["stage.1.save is \"Best\"", "stage.0 has this one"],
    );
    fails(
        &["--set", "stage.1.save=aux"],
        2,
        &["stage.1.save is \"aux\"", "no device of Windows"],
    );
}

#[test]
fn of_several_sets_the_wrong_one_is_named() {
    fails(
        &[
            "--set",
            "seed=7",
            "--set",
            "stage.0.size=7",
            "--set",
            "stage.0.epochs=3",
        ],
        2,
        &["error: --set stage.0.size=7: stage.0.size is 7"],
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
        2,
        &["runs/nothing-1", "train runs"],
    );
}

#[test]
fn no_runs_is_a_sentence_with_the_next_command() {
    in_folder(|folder| {
        let said = text(&run(folder, &["runs"], 0).stdout);
        says(&said, &["no runs", "`train`"]);
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
        says(&said, &["cargo run -p train -- fetch sample"]);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    });
}

#[test]
fn the_next_command_names_the_config_as_it_was_typed() {
    in_folder(|folder| {
        let config = "[data]\nsource = \"sample\"\nfolder = \"s\"\n[data.sample]\npictures_per_breed = 2\n\
                      [model]\narchitecture = \"resnet18\"\n\
                      [[stage]]\nsize = 32\nbatch_size = 4\nepochs = 1\ntrain = \"all\"\nmax_learning_rate = 1e-3\n";
        fs::create_dir(folder.join("my configs")).unwrap();
        fs::write(folder.join("my configs/own.toml"), config).unwrap();
        let typed = ["my configs/own.toml", "--set", "seed=7"];
        let check = [&typed[..], &["--check"]].concat();
        let said = text(&run(folder, &check, 0).stdout);
        let expected = "cargo run -p train -- fetch 'my configs/own.toml' --set seed=7";
        assert!(said.contains(expected), "{said}");
        let fetch = [&["fetch"][..], &typed].concat();
        let said = text(&run(folder, &fetch, 0).stdout);
        let expected = "next: cargo run -p train -- 'my configs/own.toml' --set seed=7\n";
        assert!(said.ends_with(expected), "{said}");
    });
}

#[test]
fn a_mean_that_no_pixel_can_have_is_named_before_anything_is_drawn() {
    let set = "normalisation.mean=[nan,0.0,0.0]";
    fails(&["--set", set], 2, &["normalisation.mean"]);
}

#[test]
fn a_summary_of_pictures_too_small_for_the_network_is_refused() {
    for arguments in [["--size", "0"], ["--batch-size", "0"]] {
        let all = [&["summary", "pets-resnet34"], &arguments[..]].concat();
        fails(&all, 2, &[arguments[0], "0"]);
    }
}

#[test]
fn a_run_that_is_not_there_is_a_mistake_for_every_verb() {
    fails(&["rerun", "nothing-1"], 2, &["nothing-1", "train runs"]);
    let export = ["export", "nothing-1", "--to", "out.safetensors"];
    fails(&export, 2, &["nothing-1", "train runs"]);
}

#[test]
fn a_config_that_is_no_utf_8_is_told_how_to_save_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), b"# caf\xe9\n").unwrap();
    let said = text(&run(folder.path(), &["own.toml", "--check"], 2).stderr);
    says(&said, &["own.toml is not valid UTF-8: save it as UTF-8"]);
}

#[test]
fn a_set_of_two_lines_is_refused_and_drops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["sample", "--check", "--set", "seed=1\nstage.0.epochs=2"];
    let said = text(&run(folder.path(), &set, 2).stderr);
    says(&said, &["there are more lines behind the value"]);
}

#[test]
fn a_size_that_is_no_number_is_told_what_it_must_be() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(&explain(folder.path(), &["--size", "x"], 2).stderr);
    assert!(
        said.contains("it must be a whole number") && said.lines().count() == 1,
        "{said}"
    );
}
