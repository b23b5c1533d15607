//! Work that several processes divide, and what they say to one another about it.

use anyhow::{Error, Result, anyhow};
use processes::Processes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use terminal::{Said, Terminal, UsageError, Volume, usage};

/// The processes of this command, of which the first alone speaks and writes. What all of them do, they do in the same
/// order.
#[derive(Debug, Clone)]
pub struct Together {
    processes: Processes,
    terminal: Terminal,
}

/// What a process hands to the others.
#[derive(Serialize, Deserialize)]
struct Share<T> {
    value: Result<T, Told>,
    /// What it would have said if it were the first.
    said: Vec<SaidLine>,
}

/// An error as it is told to other processes.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Told {
    sentence: String,
    is_usage: bool,
}

/// See [`Said`].
#[derive(Serialize, Deserialize)]
enum SaidLine {
    Result(String),
    Message(String),
    Warning(String),
}

impl Together {
    /// These processes, of which the first speaks as loudly as `volume` says.
    pub fn new(processes: Processes, volume: Volume) -> Self {
        let terminal = match processes.is_first() {
            true => Terminal::new(volume),
            false => Terminal::silent(),
        };
        Self {
            processes,
            terminal,
        }
    }

    /// Where this process speaks: to nobody, unless it is the first.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// True for the process that alone writes.
    pub fn is_first(&self) -> bool {
        self.processes.is_first()
    }

    /// Number of processes.
    pub fn count(&self) -> usize {
        self.processes.count()
    }

    /// Place of this process among all.
    pub fn rank(&self) -> usize {
        self.processes.rank()
    }

    /// What this process has made, once all have made theirs.
    ///
    /// # Errors
    /// Its own error, or that of another: the one of the lowest rank.
    pub fn agreed<T>(&self, mine: Result<T>) -> Result<T> {
        if self.processes.is_alone() {
            return mine;
        }
        let (mine, error) = match mine {
            Ok(mine) => (Some(mine), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.gathered(error)?;
        mine.ok_or_else(|| anyhow!("the processes do not agree"))
    }

    /// What every process has made, in the order of the ranks.
    ///
    /// # Errors
    /// The error of the process of the lowest rank that has one, or a process is lost.
    pub fn gathered<T: Serialize + DeserializeOwned>(&self, mine: Result<T>) -> Result<Vec<T>> {
        if self.processes.is_alone() {
            return Ok(vec![mine?]);
        }
        self.shared(mine, Vec::new())
    }

    /// The same, with what this process said on its way: what the others said, the first says here.
    fn shared<T: Serialize + DeserializeOwned>(
        &self,
        mine: Result<T>,
        said: Vec<Said>,
    ) -> Result<Vec<T>> {
        let said = said.into_iter().map(SaidLine::from);
        let (value, own_error) = match mine {
            Ok(value) => (Ok(value), None),
            Err(error) => (Err(Told::new(&error)), Some(error)),
        };
        let share = Share {
            value,
            said: said.collect(),
        };
        let shares = self
            .processes
            .gather_everywhere(serde_json::to_vec(&share)?)?;
        let mut own_error = own_error;
        let mut values = Vec::new();
        for (rank, share) in shares.iter().enumerate() {
            let share: Share<T> = serde_json::from_slice(share)?;
            if rank != self.rank() && self.is_first() {
                let said = share.said.into_iter().map(Said::from);
                said.for_each(|said| self.terminal.say(&said));
            }
            match (share.value, own_error.take_if(|_| rank == self.rank())) {
                (_, Some(own)) => return Err(own),
                (Err(told), None) => return Err(told.by(rank)),
                (Ok(value), None) => values.push(value),
            }
        }
        Ok(values)
    }

    /// Makes something of each of `items`, which the processes take in turn, and hands it to `take` in the order of the items, on
    /// every process.
    ///
    /// # Errors
    /// An error of either, on any process.
    pub fn divided<I, T: Serialize + DeserializeOwned>(
        &self,
        items: &[I],
        mut make: impl FnMut(&I) -> Result<T>,
        mut take: impl FnMut(&I, T) -> Result<()>,
    ) -> Result<()> {
        if self.processes.is_alone() {
            return items.iter().try_for_each(|item| take(item, make(item)?));
        }
        let mut taken = Ok(());
        for round in items.chunks(self.count()) {
            // What was said so far, the first has said.
            self.terminal.take();
            let mine = taken.and_then(|()| round.get(self.rank()).map(&mut make).transpose());
            let made = self.shared(mine, self.terminal.take())?.into_iter();
            taken = round
                .iter()
                .zip(made.flatten())
                .try_for_each(|(item, made)| take(item, made));
        }
        self.agreed(taken)
    }

    /// # Errors
    /// The processes have other `lines` about `what`, as when it lies on disks of their own.
    pub fn check_same(&self, what: &str, lines: &[String]) -> Result<()> {
        if self.processes.is_alone() {
            return Ok(());
        }
        let of_first = self.processes.broadcast(serde_json::to_vec(lines)?)?;
        let of_first: Vec<String> = serde_json::from_slice(&of_first)?;
        let longest = lines.len().max(of_first.len());
        let differs = |place: &usize| lines.get(*place) != of_first.get(*place);
        let line = |lines: &[String], place: usize| {
            let line = lines.get(place);
            line.map_or_else(|| "nothing".to_owned(), |line| format!("`{line}`"))
        };
        let same = match (0..longest).find(differs) {
            None => Ok(()),
            Some(place) => Err(anyhow!(
                "{what} differ from those of rank 0: {} instead of {} (number {} of {}); all processes must see the same files",
                line(lines, place),
                line(&of_first, place),
                place + 1,
                longest
            )),
        };
        self.agreed(same)
    }
}

impl Told {
    fn new(error: &Error) -> Self {
        Self {
            sentence: format!("{error:#}"),
            is_usage: error.is::<UsageError>(),
        }
    }

    fn by(self, rank: usize) -> Error {
        let sentence = format!("on the process of rank {rank}: {}", self.sentence);
        match self.is_usage {
            true => usage(sentence).into(),
            false => anyhow!(sentence),
        }
    }
}

impl From<Said> for SaidLine {
    fn from(said: Said) -> Self {
        match said {
            Said::Result(line) => Self::Result(line),
            Said::Message(line) => Self::Message(line),
            Said::Warning(line) => Self::Warning(line),
        }
    }
}

impl From<SaidLine> for Said {
    fn from(said: SaidLine) -> Self {
        match said {
            SaidLine::Result(line) => Self::Result(line),
            SaidLine::Message(line) => Self::Message(line),
            SaidLine::Warning(line) => Self::Warning(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use processes::threads;
    use std::thread;

    fn on_each<R: Send>(count: usize, work: impl Fn(Together) -> R + Sync) -> Vec<R> {
        let work = &work;
        thread::scope(|scope| {
            let all: Vec<_> = threads(count)
                .into_iter()
                .map(|one| scope.spawn(move || work(Together::new(one, Volume::Quiet))))
                .collect();
            let all = all.into_iter().map(|thread| thread.join());
            all.map(|result| result.expect("no panic")).collect()
        })
    }

    #[test]
    fn every_process_takes_everything_in_order_and_makes_its_part() {
        let items: Vec<usize> = (0..7).collect();
        for count in [1, 2, 3, 9] {
            let seen = on_each(count, |together| {
                let (mut made, mut taken) = (0, Vec::new());
                let make = |item: &usize| {
                    made += 1;
                    Ok((10 * item, 0.1_f32))
                };
                let take = |_: &usize, value| {
                    taken.push(value);
                    Ok(())
                };
                together.divided(&items, make, take).unwrap();
                (made, taken)
            });
            let all: Vec<_> = items.iter().map(|item| (10 * item, 0.1_f32)).collect();
            assert!(seen.iter().all(|(_, taken)| *taken == all), "{seen:?}");
            assert_eq!(seen.iter().map(|(made, _)| made).sum::<usize>(), 7);
        }
    }

    #[test]
    fn an_error_of_one_process_is_that_of_all_and_names_it() {
        let items = [0, 1, 2, 3, 4];
        let errors = on_each(3, |together| {
            let make = |item: &i32| match item {
                4 => Err(usage("a typed mistake").into()),
                item => Ok(*item),
            };
            let error = together.divided(&items, make, |_, _| Ok(())).unwrap_err();
            (error.is::<UsageError>(), format!("{error:#}"))
        });
        let other = (true, "on the process of rank 1: a typed mistake".to_owned());
        let own = (true, "a typed mistake".to_owned());
        assert_eq!(errors, [other.clone(), own, other]);
    }

    #[test]
    fn an_error_while_the_first_takes_stops_all() {
        let errors = on_each(2, |together| {
            let is_first = together.is_first();
            let take = |_: &i32, _: i32| match is_first {
                true => Err(anyhow!("the disk is full")),
                false => Ok(()),
            };
            let error = together.divided(&[1, 2, 3, 4, 5], |item| Ok(*item), take);
            format!("{:#}", error.unwrap_err())
        });
        let other = "on the process of rank 0: the disk is full";
        assert_eq!(errors, ["the disk is full", other]);
    }

    #[test]
    fn processes_that_see_other_files_are_told_the_first_difference() {
        let errors = on_each(3, |together| {
            let mut lines = vec!["a.jpg".to_owned(), "b.jpg".to_owned()];
            if together.rank() == 2 {
                lines[1] = "c.jpg".to_owned();
            }
            let result = together.check_same("the pictures", &lines);
            format!("{:#}", result.unwrap_err())
        });
        assert_eq!(
            errors[0],
            "on the process of rank 2: the pictures differ from those of rank 0: `c.jpg` instead of `b.jpg` (number 2 of 2); \
             all processes must see the same files"
        );
    }
}
