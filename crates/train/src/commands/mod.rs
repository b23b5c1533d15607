//! Verbs, a file each.

mod check;
mod devices;
mod export;
mod fetch;
mod lr_find;
mod preview;
mod rerun;
mod resume;
mod runs;
mod shared;
mod start;
mod summary;

use crate::{
    cli::{Cli, TrainArgs, Verb},
    interrupt::{Heard, Interrupt},
    shell,
    together::{Told, agree},
};
use anyhow::{Result, anyhow};
use processes::{Lost, Processes};
use std::{process::ExitCode, thread};
use terminal::{Terminal, Volume, usage};

/// Does what was typed, as one of `processes`.
///
/// # Errors
/// What was typed is wrong, or could not be done.
pub fn run(cli: Cli, processes: Processes) -> Result<ExitCode> {
    let rank = processes.rank();
    let result = agree(&processes, refuse_what_makes_no_sense(&cli, &processes))
        .and_then(|()| run_as_one(cli, processes));
    told_once(result, rank)
}

/// Does what was typed as one of `processes`.
fn run_as_one(cli: Cli, processes: Processes) -> Result<ExitCode> {
    let volume = cli.volume.into();
    let terminal = Terminal::new(volume);
    let train = cli.train;
    match cli.verb {
        None if train.check => check::check(&train.config, train.device, &terminal),
        None => self::train(&train, volume, processes),
        Some(Verb::Fetch(config)) => fetch::fetch(config, &terminal),
        Some(Verb::Summary {
            config,
            size,
            batch_size,
        }) => summary::summary(&config, size, batch_size, &terminal),
        Some(Verb::Preview { config, out }) => preview::preview(&config, &out, &terminal),
        Some(Verb::LrFind(args)) => lr_find::lr_find(&args, &terminal),
        Some(Verb::Runs) => runs::runs(&terminal),
        Some(Verb::Devices) => devices::devices(&terminal),
        Some(Verb::Rerun { run, data, device }) => {
            rerun::rerun(&run, data.as_deref(), device, &terminal)
        }
        Some(Verb::Export {
            run,
            to,
            layout,
            checkpoint,
        }) => export::export(&run, &to, layout, checkpoint.as_deref(), &terminal),
    }
}

/// Trains as one of `processes`, or as all of those that are threads of this one.
fn train(args: &TrainArgs, volume: Volume, processes: Processes) -> Result<ExitCode> {
    let terminal = terminal_of(&processes, volume);
    let way = match processes.is_alone() {
        true => Heard::Once,
        false => Heard::Repeatedly,
    };
    let interrupt = Interrupt::listen_to(way, &terminal)?;
    let count = args.processes_in_one.map_or(1, usize::from);
    if count == 1 {
        return train_as_one(args, &terminal, processes, interrupt);
    }
    thread::scope(|scope| {
        let all = processes::threads(count).into_iter().map(|processes| {
            let interrupt = interrupt.clone();
            scope.spawn(move || {
                let terminal = terminal_of(&processes, volume);
                train_as_one(args, &terminal, processes, interrupt)
            })
        });
        let all: Vec<_> = all.collect();
        let ended = all.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let ended: Vec<_> = ended.collect();
        ended.into_iter().next().expect("one or more")
    })
}

fn train_as_one(
    args: &TrainArgs,
    terminal: &Terminal,
    processes: Processes,
    interrupt: Interrupt,
) -> Result<ExitCode> {
    let rank = processes.rank();
    let among = (processes, interrupt);
    let result = match &args.resume {
        Some(run) => resume::resume(
            run,
            args.data.as_deref(),
            args.skip_bad_images,
            args.device,
            terminal,
            among,
        ),
        None => start::start(&args.config, args.device, terminal, among),
    };
    told_once(result, rank)
}

/// Rank 0 alone speaks; but what it cannot know is told by the rank that does. If rank 0 itself is lost, the transport says so.
fn told_once(result: Result<ExitCode>, rank: usize) -> Result<ExitCode> {
    match result {
        Err(error) if rank > 0 => {
            if !error.is::<Told>() && !error.is::<Lost>() {
                eprintln!("error: rank {rank}: {error:#}");
            }
            Ok(ExitCode::FAILURE)
        }
        result => result,
    }
}

fn terminal_of(processes: &Processes, volume: Volume) -> Terminal {
    match processes.is_first() {
        true => Terminal::new(volume),
        false => Terminal::new(Volume::Silent),
    }
}

/// Refuses what several processes would do several times, and what a new run would ignore.
fn refuse_what_makes_no_sense(cli: &Cli, processes: &Processes) -> Result<()> {
    if !processes.is_alone() && (cli.verb.is_some() || cli.train.check) {
        return Err(usage(anyhow!(
            "only a training and --resume run on several processes: type this command without mpirun"
        ))
        .into());
    }
    only_with_resume(&cli.train)
}

/// Refuses what a new run would ignore. (clap does not ask for `--resume` beside a config, which excludes it.)
fn only_with_resume(train: &TrainArgs) -> Result<()> {
    if train.resume.is_some() {
        return Ok(());
    }
    if let Some(folder) = &train.data {
        let typed = shell::word(&folder.display().to_string());
        return Err(usage(anyhow!(
            "--data is for --resume: where the pictures of a new run are says the config, or `--set data.folder={typed}`"
        ))
        .into());
    }
    if train.skip_bad_images {
        return Err(usage(anyhow!(
            "--skip-bad-images is for --resume: for a new run type `--set data.on_bad_image=skip`"
        ))
        .into());
    }
    Ok(())
}
