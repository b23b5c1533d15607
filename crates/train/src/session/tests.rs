//! Sessions of several processes, which are threads here: how they end if something happens to one of them.

#[path = "../../tests/helpers/on_each.rs"]
mod on_each;
#[path = "../../tests/helpers/shades.rs"]
mod shades;

use super::*;
use crate::{
    config::{Config, ConfigSource},
    learner::Answered,
};
use checkpoint::Run;
use on_each::on_each;
use processes::Lost;
use shades::draw;
use std::{fs, path::Path};
use terminal::Volume;

fn config(pictures: &Path) -> Config {
    let mut sets = shades::sets(pictures, 3);
    sets.push("stage.0.checkpoint_every=2".to_owned());
    ConfigSource::open(None).unwrap().resolve(&sets).unwrap()
}

fn feed(folder: &Path, processes: &Processes) -> Feed {
    let feed = Feed::open(config(folder), &Terminal::new(Volume::Silent)).unwrap();
    feed.among(processes.clone())
}

fn network(feed: &Feed) -> Network {
    let spec = feed.config.network_spec(feed.data.classes.len());
    spec.init(feed.config.model.kernels, 1, &Device::flex())
}

/// One of three sessions in `folder`, to which `happens` before it trains.
fn train(
    folder: &Path,
    processes: &Processes,
    happens: impl Fn(usize, &Interrupt, Option<&Run>),
) -> Result<Outcome> {
    let feed = feed(&folder.join("pictures"), processes);
    let state = State::new(network(&feed), &feed.config);
    let writer = processes.is_first().then(|| {
        let config = feed.config.to_toml().unwrap();
        let run = Run::create(&folder.join("runs"), "own", &config).unwrap();
        let lock = run.lock().unwrap();
        RunWriter::new(run, lock, "own", &feed, network::Precision::F32, &[]).unwrap()
    });
    let interrupt = Interrupt::deaf();
    let run = writer.as_ref().map(RunWriter::run);
    happens(processes.rank(), &interrupt, run);
    let terminal = Terminal::new(Volume::Silent);
    Session::new(feed, writer, Device::flex(), terminal, interrupt).train(state)
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    draw(&folder.path().join("pictures"));
    folder
}

#[test]
fn ctrl_c_on_one_rank_saves_and_stops_all() {
    let folder = prepared();
    let ends = on_each(3, |processes| {
        train(folder.path(), &processes, |rank, interrupt, _| {
            if rank == 1 {
                interrupt.come();
            }
        })
    });
    for end in ends {
        assert_eq!(end.unwrap(), Outcome::Interrupted);
    }
    let run = Run::open(&folder.path().join("runs"), Path::new("own-1")).unwrap();
    let found = run.latest_whole().unwrap();
    assert_eq!(found.checkpoint.manifest.iterations, 1);
    assert_eq!(found.checkpoint.manifest.processes, [3]);
}

#[test]
fn what_rank_0_cannot_write_stops_all_and_rank_0_tells_it() {
    let folder = prepared();
    let ends = on_each(3, |processes| {
        train(folder.path(), &processes, |_, _, run| {
            if let Some(run) = run {
                let _ = fs::remove_dir(run.checkpoints_folder());
                fs::write(run.checkpoints_folder(), "in the way").unwrap();
            }
        })
    });
    let errors: Vec<_> = ends.into_iter().map(Result::unwrap_err).collect();
    assert!(errors[0].to_string().contains("cannot write checkpoint"));
    assert!(errors[1..].iter().all(anyhow::Error::is::<Told>));
}

#[test]
fn a_rank_that_is_gone_ends_the_others_with_a_sentence() {
    let folder = prepared();
    for gone in [1, 2] {
        let ends = on_each(3, |processes| match processes.rank() == gone {
            true => None,
            false => Some(train(folder.path(), &processes, |_, _, _| ())),
        });
        let errors = ends.into_iter().flatten().map(Result::unwrap_err);
        for error in errors {
            assert!(error.is::<Lost>(), "{error}");
            assert!(error.to_string().contains(&format!("rank {gone}")));
        }
    }
}

/// A picture that is bad on the disk of one process alone.
#[test]
fn a_picture_that_one_rank_cannot_decode_is_named_with_the_rank_and_the_run_is_saved() {
    let folder = prepared();
    let ends = on_each(2, |processes| {
        let own = tempfile::tempdir().unwrap();
        draw(&own.path().join("pictures"));
        train(own.path(), &processes, |rank, _, _| {
            for class in ["dark", "light"] {
                for number in 0..10 {
                    let name = format!("pictures/{class}/{number}.png");
                    if rank == 1 {
                        fs::write(own.path().join(name), "no picture").unwrap();
                    }
                }
            }
        })
        .map_err(|error| {
            let run = Run::open(&own.path().join("runs"), Path::new("own-1"));
            (run.map(|run| run.latest_whole().is_ok()).ok(), error)
        })
    });
    drop(folder);
    let mut ends = ends.into_iter().map(Result::unwrap_err);
    let (saved, error) = ends.next().unwrap();
    let error = error.to_string();
    assert!(
        error.starts_with("rank 1: ") && error.contains("the run is saved"),
        "{error}"
    );
    assert_eq!(saved, Some(true));
    let (saved, error) = ends.next().unwrap();
    assert!(error.is::<Told>() && saved.is_none());
}

/// Four pictures in batches of three, over up to three processes, of which one has nothing to do.
#[test]
fn validation_by_several_processes_gives_the_same_bits() {
    let folder = prepared();
    let answers = |count| -> Vec<Answered> {
        let parts = on_each(count, |processes| {
            let feed = feed(&folder.path().join("pictures"), &processes);
            let batches = feed.validation_batches(0).unwrap();
            let batches = batches.map(|batch| anyhow::Ok(batch?.1));
            answer_all(
                &network(&feed).for_inference(),
                batches,
                &Device::flex(),
                |_| (),
            )
            .unwrap()
        });
        parts.concat()
    };
    let alone = answers(1);
    assert_eq!(alone.len(), 2);
    for count in [2, 3] {
        assert_eq!(answers(count), alone);
    }
}
