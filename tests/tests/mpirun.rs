//! Processes that `mpirun` starts, on this machine and on two that a cable connects.
//!
//! The programs must have been built for it: `cargo build -p train -p explain -p processes --features mpi --bins --example
//! exchange`. `.ci/run` does that, and installs an MPI where it may.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};
use stories::{
    folders::with_config,
    moments::{exit_code, lines, wait_until},
    mpirun::{mpirun, process_of_rank, say_into, signal},
    program::{DRAWN, SMALLEST, explain, head_then_all, program, run, short_run, text, train},
    run_files::assert_same_run,
    two_machines::TwoMachines,
};

/// Longest time for what should take some seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// What `exchange wait` says once all processes have added up a number.
const BEGUN: &str = "processes add up";

fn exchange() -> PathBuf {
    program("examples/exchange")
}

fn said(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Fails unless a text with `part` is in the file at `path` soon.
fn wait_for(path: &Path, part: &str) {
    let begun = Instant::now();
    while !said(path).contains(part) {
        assert!(begun.elapsed() < PATIENCE, "no `{part}` in: {}", said(path));
        sleep(Duration::from_millis(10));
    }
}

/// A sum is added up by our code, so that what carries the numbers makes no difference; parts of up to 44 MB are cut into pieces.
#[test]
#[ignore = "needs mpirun"]
fn mpi_and_threads_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for count in [2, 3] {
        let by_mpi = mpirun(count, folder.path(), &exchange(), &["check"])
            .output()
            .unwrap();
        assert!(by_mpi.status.success(), "{}", text(&by_mpi.stderr));
        let by_threads = Command::new(exchange())
            .args(["check", "--threads", &count.to_string()])
            .output()
            .unwrap();
        assert_eq!(text(&by_mpi.stdout), text(&by_threads.stdout));
    }
}

/// A folder with a trained run of two breeds.
fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two.toml"), short_run()).unwrap();
    let output = train(folder.path(), &["two.toml"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder
}

#[test]
#[ignore = "needs mpirun"]
fn predictions_and_evaluations_are_those_of_one_process() {
    let folder = trained();
    let predict = ["predict", "sample/images", "--size", "224", "--to", "p.csv"];
    let evaluate = ["evaluate", "--size", "224", "--out", "results"];
    let read = || {
        ["p.csv", "results/predictions.csv", "results/index.html"]
            .map(|file| fs::read(folder.path().join(file)).unwrap())
    };
    let one = [&predict[..], &evaluate].map(|arguments| {
        let output = explain(folder.path(), arguments, 0);
        text(&output.stdout)
    });
    let written = read();
    for count in [2, 3] {
        fs::remove_file(folder.path().join("p.csv")).unwrap();
        fs::remove_dir_all(folder.path().join("results")).unwrap();
        let together = [&predict[..], &evaluate].map(|arguments| {
            let output = mpirun(count, folder.path(), &program("explain"), arguments)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
            text(&output.stdout)
        });
        assert_eq!(together, one);
        assert!(read() == written, "{count} processes");
    }
}

/// Each process has its own disk here: that of rank 1 has another picture.
#[test]
#[ignore = "needs mpirun"]
fn pictures_that_differ_between_machines_are_named_once() {
    let folder = trained();
    let copy = |name: &str| {
        fs::create_dir(folder.path().join(name)).unwrap();
        for picture in ["pug_1.jpg", "pug_2.jpg"] {
            let from = folder.path().join("sample/images").join(picture);
            fs::copy(from, folder.path().join(name).join(picture)).unwrap();
        }
    };
    copy("disk0");
    copy("disk1");
    let disk = folder.path().join("disk1");
    fs::rename(disk.join("pug_2.jpg"), disk.join("pug_3.jpg")).unwrap();
    let run = folder.path().join("runs/two-1");
    let script = format!(
        "cd disk$OMPI_COMM_WORLD_RANK; exec {} predict . --run {}",
        program("explain").display(),
        run.display()
    );
    let output = mpirun(2, folder.path(), Path::new("sh"), &["-c", &script])
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(
        said.contains(
            "on the process of rank 1: the pictures differ from those of rank 0: `pug_3.jpg"
        ),
        "{said}"
    );
}

/// `exchange wait` under mpirun, once all processes have begun.
fn waiting(count: usize, limit: &str, folder: &Path) -> (Child, PathBuf) {
    let mut command = mpirun(count, folder, &exchange(), &["wait", "300"]);
    let said = say_into(command.env("PROCESSES_TIME_LIMIT", limit), folder);
    let child = command.spawn().unwrap();
    wait_for(&said, BEGUN);
    (child, said)
}

#[test]
#[ignore = "needs mpirun"]
fn a_process_that_hangs_is_named_when_the_time_limit_is_over_and_all_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, path) = waiting(3, "2", folder.path());
    signal(process_of_rank(child.id(), 1).unwrap(), "STOP");
    assert_eq!(exit_code(&mut child, PATIENCE), Some(1), "{}", said(&path));
    let sentence = "nothing came from the one of rank 1 on ";
    assert!(said(&path).contains(sentence), "{}", said(&path));
}

#[test]
#[ignore = "needs mpirun"]
fn a_process_that_is_killed_ends_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for rank in [0, 2] {
        let (mut child, path) = waiting(3, "300", folder.path());
        signal(process_of_rank(child.id(), rank).unwrap(), "KILL");
        let code = exit_code(&mut child, PATIENCE);
        assert!(code.is_some_and(|code| code != 0), "{}", said(&path));
    }
}

/// `exchange wait` on two machines, once both have begun; `None`, said aloud, where no network may be made.
fn on_two_machines(
    limit: &str,
    options: &[&str],
    folder: &Path,
) -> Option<(TwoMachines, Child, PathBuf)> {
    let machines = match TwoMachines::new("200mbit", folder) {
        Ok(machines) => machines,
        Err(error) => {
            eprintln!("no two machines with a cable: skipped ({error})");
            return None;
        }
    };
    let exchange = exchange();
    let mut check = machines.mpirun(folder, options, &exchange, &["check"]);
    let checked = check.output().unwrap();
    let alone = mpirun(2, folder, &exchange, &["check"]).output().unwrap();
    assert_eq!(text(&checked.stdout), text(&alone.stdout));
    let options = [options, &["-x", "PROCESSES_TIME_LIMIT"]].concat();
    let mut command = machines.mpirun(folder, &options, &exchange, &["wait", "300"]);
    let path = say_into(command.env("PROCESSES_TIME_LIMIT", limit), folder);
    let child = command.spawn().unwrap();
    wait_for(&path, BEGUN);
    Some((machines, child, path))
}

#[test]
#[ignore = "needs mpirun"]
fn a_cable_that_is_cut_ends_in_a_sentence_that_names_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let Some((machines, mut child, path)) = on_two_machines("3", &[], folder.path()) else {
        return;
    };
    machines.cut();
    let machine = machines.second();
    wait_for(
        &path,
        &format!("nothing came from the one of rank 1 on {machine} for 3 s"),
    );
    // mpirun itself waits for its daemon beyond the cable.
    let _ = child.kill();
    let _ = child.wait();
}

/// What docs/clusters.md recommends.
#[test]
#[ignore = "needs mpirun"]
fn mpirun_that_looks_after_its_cables_ends_by_itself_when_one_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let options = [
        ["--mca", "oob_tcp_keepalive_time", "2"],
        ["--mca", "oob_tcp_keepalive_intvl", "1"],
        ["--mca", "oob_tcp_keepalive_probes", "3"],
    ];
    let two = on_two_machines("300", &options.concat(), folder.path());
    let Some((machines, mut child, path)) = two else {
        return;
    };
    machines.cut();
    let code = exit_code(&mut child, PATIENCE);
    assert!(code.is_some_and(|code| code != 0), "{}", said(&path));
    // Which of its sentences depends on who notices first.
    assert!(said(&path).contains("daemon"), "{}", said(&path));
}

/// Small, with a checkpoint after every second step, and batches that do not divide by three.
fn config() -> String {
    let stages = head_then_all(2, [2, 2]);
    let network = format!("{SMALLEST}batch_norm = \"synchronised\"\n");
    format!("seed = 5\n{DRAWN}pictures_per_breed = 12\n{network}{stages}")
}

/// A folder with a run of `count` threads, `runs/story-1`.
fn trained_by_threads(count: &str, config: &str) -> tempfile::TempDir {
    let folder = with_config("story.toml", config);
    let arguments = ["story.toml", "--processes-in-one", count];
    run(folder.path(), &arguments, 0);
    folder
}

#[test]
#[ignore = "needs mpirun"]
fn a_run_under_mpirun_has_the_bytes_of_one_by_threads() {
    for count in [2, 3] {
        let folder = trained_by_threads(&count.to_string(), &config());
        let output = mpirun(count, folder.path(), &program("train"), &["story.toml"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_same_run(
            &folder.path().join("runs/story-2"),
            &folder.path().join("runs/story-1"),
        );
    }
}

/// A number that looks drawn, for the moments of a test: the next of a linear congruential generator (Knuth's MMIX).
fn drawn(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// The newest run, and whether it can be continued.
fn newest(folder: &Path) -> (String, bool) {
    let runs = fs::read_dir(folder.join("runs")).unwrap().flatten();
    let numbers = runs.filter_map(|run| {
        let name = run.file_name().into_string().ok()?;
        name.strip_prefix("story-")?.parse::<usize>().ok()
    });
    let name = format!("story-{}", numbers.max().unwrap_or(1));
    let checkpoints = folder.join("runs").join(&name).join("checkpoints");
    let is_begun = fs::read_dir(checkpoints).is_ok_and(|mut all| {
        all.any(|checkpoint| checkpoint.is_ok_and(|one| one.path().join("manifest.json").is_file()))
    });
    (name, is_begun)
}

#[test]
#[ignore = "needs mpirun"]
fn a_run_of_which_a_process_is_killed_at_any_moment_twenty_times_ends_with_the_same_bytes() {
    const KILLS: usize = 20;
    let folder = trained_by_threads("2", &config());
    let folder = folder.path();
    let mut moments = 1;
    let (mut kills, mut ends) = (0, 0);
    let mut current: Option<String> = None;
    while kills < KILLS || current.is_some() {
        let resume = current.as_ref().map(|name| format!("runs/{name}"));
        let arguments = match &resume {
            Some(run) => vec!["--resume", run.as_str()],
            None => vec!["story.toml"],
        };
        let mut command = mpirun(2, folder, &program("train"), &arguments);
        let path = say_into(command.env("RAYON_NUM_THREADS", "1"), folder);
        let mut child = command.spawn().unwrap();
        sleep(Duration::from_millis(200 + drawn(&mut moments, 1500)));
        let rank = drawn(&mut moments, 2) as usize;
        let process = process_of_rank(child.id(), rank).filter(|_| kills < KILLS);
        if let Some(process) = process {
            signal(process, "KILL");
            kills += 1;
        }
        let code = exit_code(&mut child, PATIENCE);
        let (name, is_begun) = newest(folder);
        current = match code {
            Some(0) => {
                assert_same_run(
                    &folder.join("runs").join(&name),
                    &folder.join("runs/story-1"),
                );
                ends += 1;
                None
            }
            Some(_) if process.is_some() => (is_begun && name != "story-1").then_some(name),
            // OpenMPI's own mpirun (4.1.4) may hang if a process is killed before it has reported to it.
            None if process.is_some() && said(&path).contains("PMIX ERROR") => {
                (is_begun && name != "story-1").then_some(name)
            }
            code => panic!("{code:?}: {}", said(&path)),
        };
    }
    eprintln!("killed {kills} times, ended {ends} times with the same bytes");
    assert!(ends > 0);
}

/// Slurm does at the end of a job's time, by itself and through srun.
#[test]
#[ignore = "needs mpirun"]
fn processes_that_are_asked_twice_to_end_save_all_the_same() {
    let config = config().replacen("epochs = 2", "epochs = 300", 1);
    let folder = with_config("story.toml", &config);
    let folder = folder.path();
    let mut command = mpirun(2, folder, &program("train"), &["story.toml"]);
    let path = say_into(&mut command, folder);
    let mut child = command.spawn().unwrap();
    let run = folder.join("runs/story-1");
    wait_until(&mut child, &|| lines(&run, "iterations.csv") > 3);
    let ranks = [0, 1].map(|rank| process_of_rank(child.id(), rank).unwrap());
    for rank in [ranks, ranks].concat() {
        signal(rank, "TERM");
    }
    let code = exit_code(&mut child, PATIENCE);
    assert!(code.is_some_and(|code| code != 0), "{}", said(&path));
    assert!(
        said(&path).contains("saved: runs/story-1"),
        "{}",
        said(&path)
    );
}

/// mpirun asks its processes to end when so many seconds are over, and gives them as many to do so: a second unless it is told
/// otherwise.
#[test]
#[ignore = "needs mpirun"]
fn ctrl_c_of_mpirun_saves_and_the_run_continues_to_the_same_bytes() {
    // Long enough to be met before its end on a fast machine too.
    let config = config().replacen("epochs = 2", "epochs = 300", 1);
    let folder = trained_by_threads("2", &config);
    let folder = folder.path();
    let mut command = Command::new("mpirun");
    command
        .args(["--mca", "odls_base_sigkill_timeout", "3"])
        .args(stories::mpirun::OPTIONS)
        .args(["-n", "2"])
        .arg(program("train"))
        .arg("story.toml")
        .current_dir(folder);
    let path = say_into(&mut command, folder);
    let mut child = command.spawn().unwrap();
    let interrupted = folder.join("runs/story-2");
    wait_until(&mut child, &|| lines(&interrupted, "iterations.csv") > 3);
    signal(child.id(), "INT");
    let code = exit_code(&mut child, PATIENCE);
    assert!(code.is_some_and(|code| code != 0), "{}", said(&path));
    assert!(said(&path).contains("interrupted"), "{}", said(&path));
    let arguments = ["--resume", "runs/story-2"];
    let output = mpirun(2, folder, &program("train"), &arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same_run(&interrupted, &folder.join("runs/story-1"));
}
