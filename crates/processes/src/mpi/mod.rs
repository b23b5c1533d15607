//! Processes that `mpirun` or `srun` started, on one machine or several.

mod message;
mod peer;

use crate::{
    environment::{Launched, StartError},
    transport::{Channel, Lost, Transport},
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
    sync::{Mutex, MutexGuard, PoisonError},
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
    /// The processes on each channel, in the order of the ranks; the one of this process is never asked. Locked for a whole
    /// exchange, so that those of a channel do not mix.
    main: Mutex<Vec<Peer>>,
    beside: Mutex<Vec<Peer>>,
    /// Held while MPI is called, and never for long: it is asked for `MPI_THREAD_SERIALIZED`, and the threads of both channels
    /// call it.
    calls: Mutex<()>,
    /// Who was lost, on any channel: after that there is no other exchange.
    loss: Mutex<Option<Loss>>,
}

#[derive(Debug, Clone)]
struct Loss {
    lost: Lost,
    /// Nothing came from the first process, who would speak.
    is_of_first: bool,
}

impl From<Lost> for Loss {
    fn from(lost: Lost) -> Self {
        Self {
            lost,
            is_of_first: false,
        }
    }
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
        let peers = |tag| Mutex::new((0..count).map(|rank| Peer::new(rank, tag)).collect());
        let mut mpi = Self {
            rank,
            machines: vec![String::new(); count],
            limit,
            main: peers(0),
            beside: peers(1),
            calls: Mutex::new(()),
            loss: Mutex::new(None),
        };
        let machine = processor_name().unwrap_or_default();
        let machines = mpi.exchange(Channel::Main, vec![machine.into_bytes(); count])?;
        let machines = machines.into_iter();
        mpi.machines = machines
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .collect();
        Ok(mpi)
    }

    fn peers(&self, channel: Channel) -> MutexGuard<'_, Vec<Peer>> {
        locked(match channel {
            Channel::Main => &self.main,
            Channel::Beside => &self.beside,
        })
    }

    fn exchange_on(&self, channel: Channel, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Loss> {
        if let Some(loss) = &*locked(&self.loss) {
            return Err(loss.clone());
        }
        let mut peers = self.peers(channel);
        let mut mine = self.begin(&mut peers, parts)?;
        let progress = self.wait(&mut peers, channel, Some(self.limit), |progress| {
            progress == Progress::Done
        })?;
        if let Some(rank) = self.with(&progress, Progress::Ended).next() {
            return Err(Lost(format!("{} has ended", self.name(rank))).into());
        }
        if self.is_unfinished(&progress) {
            return Err(Loss {
                lost: self.late(&progress),
                is_of_first: progress[0] != Progress::Done,
            });
        }
        let received = peers.iter_mut().enumerate();
        Ok(received
            .map(|(rank, peer)| match rank == self.rank {
                true => mem::take(&mut mine),
                false => peer.take(),
            })
            .collect())
    }

    /// Begins to send `parts`; returns that of this process.
    fn begin(&self, peers: &mut [Peer], parts: Vec<Vec<u8>>) -> Result<Vec<u8>, Lost> {
        let _calls = locked(&self.calls);
        let mut mine = Vec::new();
        for ((rank, peer), part) in peers.iter_mut().enumerate().zip(parts) {
            match rank == self.rank {
                true => mine = part,
                false => peer.begin(part).map_err(|code| self.failed(rank, code))?,
            }
        }
        Ok(mine)
    }

    /// Lets MPI work until all others have `come`, one has ended, or `limit` is over; returns how far they are.
    fn wait(
        &self,
        peers: &mut [Peer],
        channel: Channel,
        limit: Option<Duration>,
        come: impl Fn(Progress) -> bool,
    ) -> Result<Vec<Progress>, Loss> {
        let begun = Instant::now();
        let mut progress = vec![Progress::Awaited; peers.len()];
        progress[self.rank] = Progress::Done;
        loop {
            self.advance(peers, &mut progress, &come)?;
            // What is lost to the thread of one channel is lost to the other too.
            if let Some(loss) = &*locked(&self.loss) {
                return Err(loss.clone());
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
            // Bytes that are on their way move on only while somebody looks at them. Beside those who compute that is now and
            // then: between two looks a machine's own buffers fill.
            let waits = channel == Channel::Beside
                || others
                    .clone()
                    .any(|(_, progress)| *progress == Progress::Awaited);
            match waits && begun.elapsed() > AWAKE {
                true => thread::sleep(NAP),
                false => thread::yield_now(),
            }
        }
    }

    fn advance(
        &self,
        peers: &mut [Peer],
        progress: &mut [Progress],
        come: impl Fn(Progress) -> bool,
    ) -> Result<(), Lost> {
        let _calls = locked(&self.calls);
        for (rank, peer) in peers.iter_mut().enumerate() {
            if rank != self.rank && !come(progress[rank]) {
                progress[rank] = peer.advance().map_err(|code| self.failed(rank, code))?;
            }
        }
        Ok(())
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

    /// Tells the others on both channels that this process ends, and waits until they do; true if all of them say so.
    fn say_goodbye(&self) -> bool {
        let channels = [Channel::Main, Channel::Beside];
        channels.iter().all(|channel| self.begin_goodbye(*channel))
            && channels.iter().all(|channel| self.all_end(*channel))
    }

    fn begin_goodbye(&self, channel: Channel) -> bool {
        let mut peers = self.peers(channel);
        let _calls = locked(&self.calls);
        let mut others = peers.iter_mut().enumerate();
        others.all(|(rank, peer)| rank == self.rank || peer.begin_goodbye().is_ok())
    }

    fn all_end(&self, channel: Channel) -> bool {
        // The first may have more to do than the others, and they wait for it whatever that takes.
        let limit = (self.rank == 0).then_some(self.limit);
        let ended = |progress| progress == Progress::Ended;
        let progress = self.wait(&mut self.peers(channel), channel, limit, ended);
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

    fn exchange(&self, channel: Channel, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        self.exchange_on(channel, parts)
            .map_err(|loss| locked(&self.loss).get_or_insert(loss).lost.clone())
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if let Some(Loss { lost, is_of_first }) = locked(&self.loss).take() {
            if is_of_first {
                let _ = writeln!(io::stderr(), "error: {lost}");
            }
            end_all();
        }
        if !self.say_goodbye() {
            end_all();
        }
        // SAFETY: MPI runs, and nothing is on its way any more.
        unsafe { MPI_Finalize() };
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
