//! Processes that `mpirun` or `srun` started, on one machine or several.

mod message;
mod peer;

use crate::{
    environment::{Launched, StartError},
    transport::{Lost, Transport},
};
use ::mpi::{
    Threading,
    environment::{initialize_with_threading, processor_name},
    ffi::{
        MPI_Abort, MPI_Comm_rank, MPI_Comm_set_errhandler, MPI_Comm_size, MPI_Finalize,
        RSMPI_COMM_WORLD, RSMPI_ERRORS_RETURN,
    },
};
use message::ErrorCode;
use peer::{Peer, Progress};
use std::{
    env,
    ffi::c_int,
    io::{self, Write},
    mem,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Variable with the seconds after which a process from which nothing comes is lost.
const LIMIT: &str = "PROCESSES_TIME_LIMIT";
/// As long as that is not said. The first process may write, draw or download for so long while the others wait for it.
const DEFAULT_LIMIT: Duration = Duration::from_secs(300);

/// Whoever waits looks again and again for so long, then sleeps in between: the processor is for those who compute.
const AWAKE: Duration = Duration::from_micros(200);
const NAP: Duration = Duration::from_micros(100);

/// Exit code of all processes when one is lost.
const FAILURE: c_int = 1;

/// MPI as a transport: it carries bytes and adds nothing.
///
/// A process that ends says so to the others, who lose it at once, not after the time limit. Once one is lost, dropping this
/// ends all of them with exit code 1.
#[derive(Debug)]
pub struct Mpi {
    rank: usize,
    /// Names of the machines, in the order of the ranks.
    machines: Vec<String>,
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// In the order of the ranks; the one of this process is never asked.
    peers: Vec<Peer>,
    /// Who was lost: after that there is no other exchange.
    lost: Option<Lost>,
    /// Nothing came from the first process, who would speak.
    is_first_lost: bool,
}

impl Mpi {
    /// This process among those that were `launched` together.
    ///
    /// # Errors
    /// MPI sees others, allows no threads, or not all of them answer.
    pub fn start(launched: &Launched) -> Result<Self, StartError> {
        let limit = limit(env::var(LIMIT).ok())?;
        let (universe, threading) = initialize_with_threading(Threading::Serialized)
            .ok_or_else(|| StartError::Mpi("it has been started already".to_owned()))?;
        // It ends when this does, after all processes have said that they end.
        mem::forget(universe);
        let (rank, count) = place();
        if launched.count.is_some_and(|expected| expected != count) {
            return Err(StartError::OtherMpi {
                by: launched.by,
                count: launched.count,
                found: count,
            });
        }
        if threading < Threading::Serialized {
            let sentence = "it was built without threads (MPI_THREAD_SERIALIZED)";
            return Err(StartError::Mpi(sentence.to_owned()));
        }
        let mut mpi = Self {
            rank,
            machines: vec![String::new(); count],
            limit,
            state: Mutex::new(State {
                peers: (0..count).map(Peer::new).collect(),
                lost: None,
                is_first_lost: false,
            }),
        };
        let machine = processor_name().unwrap_or_default();
        let machines = mpi.exchange(vec![machine.into_bytes(); count])?.into_iter();
        mpi.machines = machines
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .collect();
        Ok(mpi)
    }

    fn exchange_with(&self, state: &mut State, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        let peers = &mut state.peers;
        let mut mine = Vec::new();
        for ((rank, peer), part) in peers.iter_mut().enumerate().zip(parts) {
            match rank == self.rank {
                true => mine = part,
                false => peer.begin(part).map_err(|code| self.failed(rank, code))?,
            }
        }
        let progress = self.wait(peers, Some(self.limit), |progress| {
            progress == Progress::Done
        })?;
        if let Some(rank) = self.with(&progress, Progress::Ended).next() {
            return Err(Lost(format!("{} has ended", self.name(rank))));
        }
        if self.is_unfinished(&progress) {
            state.is_first_lost = progress[0] != Progress::Done;
            return Err(self.late(&progress));
        }
        let received = peers.iter_mut().enumerate();
        Ok(received
            .map(|(rank, peer)| match rank == self.rank {
                true => mem::take(&mut mine),
                false => peer.take(),
            })
            .collect())
    }

    /// Lets MPI work until all others have `come`, one has ended, or `limit` is over; returns how far they are.
    fn wait(
        &self,
        peers: &mut [Peer],
        limit: Option<Duration>,
        come: impl Fn(Progress) -> bool,
    ) -> Result<Vec<Progress>, Lost> {
        let begun = Instant::now();
        let mut progress = vec![Progress::Awaited; peers.len()];
        progress[self.rank] = Progress::Done;
        loop {
            for (rank, peer) in peers.iter_mut().enumerate() {
                if rank != self.rank && !come(progress[rank]) {
                    progress[rank] = peer.advance().map_err(|code| self.failed(rank, code))?;
                }
            }
            let others = progress
                .iter()
                .enumerate()
                .filter(|(rank, _)| *rank != self.rank);
            let all = others.clone().all(|(_, progress)| come(*progress));
            let ended = others
                .clone()
                .any(|(_, progress)| *progress == Progress::Ended);
            let over = limit.is_some_and(|limit| begun.elapsed() > limit);
            if all || (ended && !come(Progress::Ended)) || over {
                return Ok(progress);
            }
            // Bytes that are on their way move on only while somebody looks at them.
            let waits = others
                .clone()
                .any(|(_, progress)| *progress == Progress::Awaited);
            match waits && begun.elapsed() > AWAKE {
                true => thread::sleep(NAP),
                false => thread::yield_now(),
            }
        }
    }

    /// Ranks of the others that are as far as this.
    fn with<'a>(
        &'a self,
        progress: &'a [Progress],
        which: Progress,
    ) -> impl Iterator<Item = usize> + 'a {
        let all = progress.iter().enumerate();
        all.filter(move |(rank, progress)| *rank != self.rank && **progress == which)
            .map(|(rank, _)| rank)
    }

    fn is_unfinished(&self, progress: &[Progress]) -> bool {
        progress.iter().any(|progress| *progress != Progress::Done)
    }

    /// A sentence with the ranks from which nothing came, or not everything.
    fn late(&self, progress: &[Progress]) -> Lost {
        let names = |which| -> Vec<String> {
            self.with(progress, which)
                .map(|rank| self.name(rank))
                .collect()
        };
        let mut said = Vec::new();
        for (which, what) in [
            (Progress::Awaited, "nothing came from"),
            (Progress::Begun, "not everything came from or went to"),
        ] {
            let names = names(which);
            if !names.is_empty() {
                said.push(format!("{what} {}", names.join(", ")));
            }
        }
        let seconds = self.limit.as_secs();
        Lost(format!(
            "{} for {seconds} s; it hangs or cannot be reached ({LIMIT}={} would wait longer)",
            said.join(", and "),
            2 * seconds
        ))
    }

    fn failed(&self, rank: usize, ErrorCode(code): ErrorCode) -> Lost {
        Lost(format!("{}, by MPI's error {code}", self.name(rank)))
    }

    /// `the one of rank 1 on node7`.
    fn name(&self, rank: usize) -> String {
        match self.machines[rank].as_str() {
            "" => format!("the one of rank {rank}"),
            machine => format!("the one of rank {rank} on {machine}"),
        }
    }

    /// Tells the others that this process ends, and waits until they do; true if all of them say so.
    fn say_goodbye(&self, peers: &mut [Peer]) -> bool {
        for (rank, peer) in peers.iter_mut().enumerate() {
            if rank != self.rank && peer.begin_goodbye().is_err() {
                return false;
            }
        }
        // The first may have more to do than the others, and they wait for it whatever that takes.
        let limit = (self.rank == 0).then_some(self.limit);
        let ended = |progress| progress == Progress::Ended;
        let progress = self.wait(peers, limit, ended);
        progress.is_ok_and(|progress| {
            self.with(&progress, Progress::Ended).count() + 1 == progress.len()
        })
    }
}

impl Transport for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.machines.len()
    }

    fn exchange(&self, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = &state.lost {
            return Err(lost.clone());
        }
        let received = self.exchange_with(&mut state, parts);
        state.lost = received.as_ref().err().cloned();
        received
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = &state.lost {
            if state.is_first_lost {
                let _ = writeln!(io::stderr(), "error: {lost}");
            }
            end_all();
        }
        if !self.say_goodbye(&mut state.peers) {
            end_all();
        }
        // SAFETY: MPI runs, and nothing is on its way any more.
        unsafe { MPI_Finalize() };
    }
}

/// Ends all processes that can be reached: MPI has no way on without one of them.
fn end_all() {
    let _ = io::stdout().flush();
    // SAFETY: MPI runs; this does not return.
    unsafe { MPI_Abort(RSMPI_COMM_WORLD, FAILURE) };
}

/// Rank of this process and number of processes, as MPI has them. From here on an error of MPI is told to the caller.
fn place() -> (usize, usize) {
    let (mut rank, mut count) = (0, 0);
    // SAFETY: MPI runs, and the numbers are there while it writes them.
    unsafe {
        MPI_Comm_rank(RSMPI_COMM_WORLD, &raw mut rank);
        MPI_Comm_size(RSMPI_COMM_WORLD, &raw mut count);
        MPI_Comm_set_errhandler(RSMPI_COMM_WORLD, RSMPI_ERRORS_RETURN);
    }
    (rank as usize, count as usize)
}

fn limit(value: Option<String>) -> Result<Duration, StartError> {
    let Some(value) = value else {
        return Ok(DEFAULT_LIMIT);
    };
    match value.parse() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(StartError::Variable { name: LIMIT, value }),
    }
}
