//! `accumulate` and `clip_norm`: fewer steps over more batches, and the schedule counts steps.

use std::{fs, path::Path};
use stories::folders::with_config;
use stories::program::{run, short_run, text, typed};

fn steps(folder: &Path, run: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join("runs").join(run).join("iterations.csv")).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// Beta1 is the last column: half way down and up again over the steps of the schedule.
fn momenta(steps: &[String]) -> Vec<&str> {
    steps
        .iter()
        .map(|step| step.rsplit(',').next().unwrap())
        .collect()
}

#[test]
fn a_step_takes_several_batches_and_the_schedule_goes_by_steps() {
    let folder = with_config("story.toml", &short_run());
    let folder = folder.path();
    // 32 pictures to train on.
    let train = |more: &str| {
        let arguments = format!("story.toml --set stage.0.epochs=2 {more}");
        text(&run(folder, &typed(&arguments), 0).stderr)
    };
    train("");
    train("--set stage.0.batch_size=16");
    let said = train("--set stage.0.accumulate=2");
    assert!(said.contains("batches of 8, 2 of them a step"), "{said}");
    train("--set stage.0.accumulate=3");
    train("--set stage.0.accumulate=1000");
    train("--set stage.0.accumulate=1");
    train("--set optimizer.clip_norm=1e9");
    train("--set optimizer.clip_norm=1e-3");
    let of = |number: usize| steps(folder, &format!("story-{number}"));
    let counts: Vec<usize> = (1..=8).map(|number| of(number).len()).collect();
    assert_eq!(counts, [8, 4, 4, 4, 2, 8, 8, 8]);
    assert_eq!(momenta(&of(3)), momenta(&of(2)));
    assert!(of(3) != of(2));
    // A limit that is never met changes nothing, and neither does one batch a step.
    assert_eq!(of(6), of(1));
    assert_eq!(of(7), of(1));
    assert!(of(8) != of(1));
    let saved = |number: usize| {
        fs::read_to_string(folder.join(format!("runs/story-{number}/config.toml"))).unwrap()
    };
    assert_eq!(saved(6), saved(1));
    assert!(saved(7).contains("clip_norm") && !saved(1).contains("clip_norm"));
    for (set, expected) in [
        (
            "stage.0.accumulate=0",
            "stage.0.accumulate is 0: it must be within 1 and 65536",
        ),
        (
            "optimizer.clip_norm=0",
            "optimizer.clip_norm is 0: it must be within 1e-6 and 1e9",
        ),
        (
            "optimizer.clip_norm=nan",
            "optimizer.clip_norm is NaN: it must be within",
        ),
    ] {
        let said = text(&run(folder, &["story.toml", "--set", set], 2).stderr);
        assert!(said.contains(expected), "{said}");
    }
}
