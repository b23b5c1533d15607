//! `[ema]`: averaged weights, kept beside the trained ones and asked where a key says so.

use std::{fs, path::Path};
use stories::folders::with_config;
use stories::program::{explain, run, short_run, text, typed};

fn read(folder: &Path, run: &str, name: &str) -> Vec<u8> {
    fs::read(folder.join("runs").join(run).join(name)).unwrap()
}

fn read_checkpoint(folder: &Path, run: &str, name: &str) -> Vec<u8> {
    read(folder, run, &format!("checkpoints/stage-1/{name}"))
}

#[test]
fn averaged_weights_change_nothing_until_validation_is_to_ask_them() {
    let folder = with_config("story.toml", &short_run());
    let folder = folder.path();
    let train = |more: &str| {
        let arguments = format!("story.toml --set stage.0.epochs=2 {more}");
        run(folder, &typed(&arguments), 0);
    };
    let (plain, beside, asked, copy) = ("story-1", "story-2", "story-3", "story-4");
    train("");
    train("--set ema.decay=0.9");
    train("--set ema.decay=0.9 --set ema.validate=true");
    // An average that forgets all at once is a copy.
    train("--set ema.decay=0 --set ema.validate=true");

    let (weights, average) = ("weights.safetensors", "average.safetensors");
    for name in [beside, asked, copy] {
        let same =
            read_checkpoint(folder, name, weights) == read_checkpoint(folder, plain, weights);
        assert!(same, "{name}: the training is another");
        let steps = "iterations.csv";
        assert!(read(folder, name, steps) == read(folder, plain, steps));
    }
    assert!(read(folder, beside, "epochs.csv") == read(folder, plain, "epochs.csv"));
    assert!(read(folder, copy, "epochs.csv") == read(folder, plain, "epochs.csv"));
    assert!(read(folder, asked, "epochs.csv") != read(folder, plain, "epochs.csv"));
    assert!(read_checkpoint(folder, copy, average) == read_checkpoint(folder, copy, weights));
    assert!(read_checkpoint(folder, beside, average) == read_checkpoint(folder, asked, average));
    assert!(read_checkpoint(folder, asked, average) != read_checkpoint(folder, asked, weights));
    let saved = text(&read(folder, plain, "config.toml"));
    assert!(!saved.contains("ema"), "{saved}");

    // Who asks the run gets the weights whose error rate it shows.
    let picture = fs::read_dir(folder.join("sample/images")).unwrap().next();
    let picture = picture.unwrap().unwrap().path();
    let picture = picture.to_str().unwrap();
    let said = |name| text(&explain(folder, &["--run", name, picture], 0).stderr);
    assert!(said(asked).contains("the averaged ones of average.safetensors"));
    assert!(!said(beside).contains("averaged"));
    let exported = run(folder, &["export", asked, "--to", "a.safetensors"], 0);
    assert!(text(&exported.stdout).contains("the averaged ones"));
    run(folder, &["export", beside, "--to", "b.safetensors"], 0);
    run(folder, &["export", plain, "--to", "c.safetensors"], 0);
    // Behind the header, which names the run, are the numbers.
    let numbers = |name: &str| {
        let bytes = fs::read(folder.join(name)).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[8 + length..].to_vec()
    };
    assert!(numbers("a.safetensors") != numbers("b.safetensors"));
    assert!(numbers("b.safetensors") == numbers("c.safetensors"));
    run(folder, &["rerun", asked], 0);
}

#[test]
fn a_damaged_average_is_no_weights_to_answer_with() {
    let folder = with_config("story.toml", &(short_run() + "\n[ema]\nvalidate = true\n"));
    let folder = folder.path();
    run(folder, &["story.toml"], 0);
    let file = folder.join("runs/story-1/checkpoints/stage-1/average.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let export = ["export", "story-1", "--to", "a.safetensors"];
    let said = text(&run(folder, &export, 1).stderr);
    assert!(said.contains("SHA-256"), "{said}");
    for (set, expected) in [
        (
            "ema.decay=1",
            "ema.decay is 1: it must be at least 0 and below 1",
        ),
        (
            "ema.decays=0.9",
            "unknown key `ema.decays`: did you mean `decay`?",
        ),
        ("ema=true", "ema is true: it must be a table"),
    ] {
        let said = text(&run(folder, &["story.toml", "--set", set], 2).stderr);
        assert!(said.contains(expected), "{said}");
    }
}
