//! What the processes of a run agree upon: all go on, or all stop, and rank 0 says why.
//!
//! Alone nothing is exchanged, and results are what they were.

use crate::left_out::LeftOutPicture;
use anyhow::{Result, anyhow};
use processes::{Lost, Processes};
use serde::{Deserialize, Serialize};

/// Rank 0 tells what went wrong.
#[derive(Debug, thiserror::Error)]
#[error("rank 0 tells what went wrong")]
pub struct Told;

/// What a process says of a piece of work that all of them share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Pictures that it has of each batch, and their weight in the mean loss.
    pub batches: Vec<(usize, f64)>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Ctrl-C has come.
    pub stop: bool,
    /// Pictures that it has left out.
    pub left_out: Vec<LeftOutPicture>,
}

/// What went wrong on a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What is to be done.
    pub kind: FailureKind,
    /// A sentence.
    pub text: String,
}

/// What is to be done after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// A picture cannot be decoded: the run is saved before it stops.
    Picture,
    /// Anything else.
    Other,
}

/// What every process says, in the order of the ranks.
///
/// # Errors
/// A process is lost.
pub fn tell_all(processes: &Processes, mine: &Said) -> Result<Vec<Said>> {
    let all = processes.gather_everywhere(serde_json::to_vec(mine)?)?;
    let said = all.iter().map(|said| {
        serde_json::from_slice(said).map_err(|_| Lost("it is another program".to_owned()).into())
    });
    said.collect()
}

/// `result` if all processes have succeeded; else the error of the first that has not.
///
/// # Errors
/// A process has failed, or is lost.
pub fn agree<T>(processes: &Processes, result: Result<T>) -> Result<T> {
    if processes.is_alone() {
        return result;
    }
    let mine = result.as_ref().err().map(|error| format!("{error:#}"));
    let all = processes.gather_everywhere(mine.unwrap_or_default().into_bytes())?;
    let failed = all.iter().enumerate().find(|(_, said)| !said.is_empty());
    match failed {
        None => result,
        Some(_) if !processes.is_first() => Err(Told.into()),
        Some((0, _)) => result,
        Some((rank, said)) => Err(anyhow!("rank {rank}: {}", String::from_utf8_lossy(said))),
    }
}

/// Does `work` on rank 0 alone, whose result it is; all know how it ended.
///
/// # Errors
/// It failed, or a process is lost.
pub fn first<T>(processes: &Processes, work: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    let result = match processes.is_first() {
        true => work().map(Some),
        false => Ok(None),
    };
    agree(processes, result)
}

/// Does `work` on rank 0, then on all others at once, for what may lie on a disk that they share: there rank 0 has made it
/// when the others look.
///
/// # Errors
/// It failed somewhere, or a process is lost.
pub fn first_then_others<T>(processes: &Processes, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if processes.is_first() {
        let done = agree(processes, work())?;
        return agree(processes, Ok(done));
    }
    agree(processes, Ok(()))?;
    agree(processes, work())
}

/// Makes sure that all processes have the same `lines` about `what`.
///
/// # Errors
/// One has others: a sentence with the first difference; or a process is lost.
pub fn same(processes: &Processes, what: &str, lines: impl FnOnce() -> String) -> Result<()> {
    if processes.is_alone() {
        return Ok(());
    }
    let mine = lines();
    let digest = files::sha256_hex(mine.as_bytes()).into_bytes();
    let digests = processes.gather_everywhere(digest)?;
    if digests.iter().all(|digest| *digest == digests[0]) {
        return Ok(());
    }
    let of_first = processes.broadcast(mine.clone().into_bytes())?;
    let difference = first_difference(&String::from_utf8_lossy(&of_first), &mine);
    agree(
        processes,
        match difference {
            None => Ok(()),
            Some(difference) => Err(anyhow!("{what} are not those of rank 0: {difference}")),
        },
    )
}

fn first_difference(of_first: &str, mine: &str) -> Option<String> {
    let (mut theirs, mut mine) = (of_first.lines(), mine.lines());
    loop {
        match (theirs.next(), mine.next()) {
            (None, None) => return None,
            (theirs, mine) if theirs == mine => {}
            (theirs, mine) => {
                let [theirs, mine] = [theirs, mine].map(|line| line.unwrap_or("nothing"));
                return Some(format!("there `{theirs}`, here `{mine}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// What `work` returns on each of `count` processes, errors as they are told.
    fn on_each<R: Send>(
        count: usize,
        work: impl Fn(&Processes) -> Result<R> + Sync,
    ) -> Vec<Result<R, String>> {
        thread::scope(|scope| {
            let all = processes::threads(count).into_iter().map(|processes| {
                let work = &work;
                scope.spawn(move || work(&processes).map_err(|error| error.to_string()))
            });
            let all: Vec<_> = all.collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    fn told<R>() -> Result<R, String> {
        Err(Told.to_string())
    }

    #[test]
    fn an_error_of_any_rank_is_told_by_rank_0_with_the_rank() {
        let results = on_each(3, |processes| {
            let result = match processes.rank() {
                0 => Ok(()),
                rank => Err(anyhow!("no memory on {rank}")),
            };
            agree(processes, result)
        });
        let said = Err("rank 1: no memory on 1".to_owned());
        assert_eq!(results, [said, told(), told()]);
    }

    #[test]
    fn an_error_that_all_have_reads_as_that_of_one_process() {
        let results = on_each(2, |processes| {
            agree::<()>(processes, Err(anyhow!("there is no config")))
        });
        assert_eq!(results, [Err("there is no config".to_owned()), told()]);
    }

    #[test]
    fn what_rank_0_fails_to_do_stops_all() {
        let results = on_each(2, |processes| {
            first::<()>(processes, || Err(anyhow!("the disk is full")))
        });
        assert_eq!(results, [Err("the disk is full".to_owned()), told()]);
        let results = on_each(2, |processes| first(processes, || Ok(7)));
        assert_eq!(results, [Ok(Some(7)), Ok(None)]);
    }

    #[test]
    fn the_first_difference_is_named_with_its_rank() {
        let lines = ["a\nb\nc", "a\nb\nc", "a\nx"];
        let results = on_each(3, |processes| {
            same(processes, "the pictures", || {
                lines[processes.rank()].to_owned()
            })
        });
        let said = "rank 2: the pictures are not those of rank 0: there `b`, here `x`";
        assert_eq!(results, [Err(said.to_owned()), told(), told()]);
        let results = on_each(2, |processes| {
            same(processes, "the pictures", || "a".to_owned())
        });
        assert_eq!(results, [Ok(()), Ok(())]);
    }
}
