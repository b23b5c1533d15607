//! Several processes that work on one run.
//!
//! All of them call the same methods of [`Processes`] in the same order; each call returns when every process has made it. What
//! goes [beside](Processes::beside) has an order of its own.
//! Numbers are added in the order of the ranks by this crate, never by the transport, so that a sum depends on the number of
//! processes alone.

mod alone;
mod background;
mod environment;
#[cfg(feature = "mpi")]
mod mpi;
mod threads;
mod transport;

pub use background::BackgroundSums;
pub use environment::{StartError, is_first};
pub use threads::threads;
pub use transport::{Channel, Lost, Transport};

use alone::Alone;
use bytemuck::Pod;
use std::{
    mem,
    ops::{AddAssign, Range},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// One process among those that work on a run. A clone is the same process.
#[derive(Debug, Clone)]
pub struct Processes {
    transport: Arc<dyn Transport>,
    channel: Channel,
    sent: Arc<AtomicU64>,
    /// Memory of the last sum, for the next one: fresh memory costs more than what is done with it.
    spare: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Processes {
    /// The only process of a run.
    pub fn alone() -> Self {
        Self::over(Alone)
    }

    /// This process among those that `mpirun` or `srun` started with it; alone if there are no others.
    ///
    /// # Errors
    /// There are others, and this program was built without MPI, or cannot reach all of them.
    pub fn from_environment() -> Result<Self, StartError> {
        environment::launched().map_or_else(|| Ok(Self::alone()), Self::among)
    }

    #[cfg(feature = "mpi")]
    fn among(launched: environment::Launched) -> Result<Self, StartError> {
        mpi::Mpi::start(&launched).map(Self::over)
    }

    #[cfg(not(feature = "mpi"))]
    fn among(launched: environment::Launched) -> Result<Self, StartError> {
        Err(StartError::WithoutMpi {
            by: launched.by,
            count: launched.count,
        })
    }

    /// A process that reaches the others over `transport`.
    pub fn over(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Arc::new(transport),
            channel: Channel::Main,
            sent: Arc::default(),
            spare: Arc::default(),
        }
    }

    /// The same processes over a second channel, for another thread: what goes there waits for nothing here, nor the other way
    /// round. All that has been asked for beside has one order of its own.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self {
            channel: Channel::Beside,
            spare: Arc::default(),
            ..self.clone()
        }
    }

    /// Place of this process among all, from 0.
    pub fn rank(&self) -> usize {
        self.transport.rank()
    }

    /// Number of processes.
    pub fn count(&self) -> usize {
        self.transport.count()
    }

    /// True if there are no others.
    pub fn is_alone(&self) -> bool {
        self.count() == 1
    }

    /// True for the process of rank 0, which alone writes and speaks.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// This process's share of `length` things: the shares of all ranks, one after another, are all of them, and differ by
    /// one at most. Empty if there are fewer things than processes.
    pub fn share(&self, length: usize) -> Range<usize> {
        share(length, self.rank(), self.count())
    }

    /// Replaces `values`, as many on every process, by their sums over all processes, added in the order of the ranks: the same
    /// bits on every process. Each sends `2 (N − 1) / N` times its values.
    ///
    /// # Errors
    /// A process is lost.
    pub fn sum<T: Pod + AddAssign>(&self, values: &mut [T]) -> Result<(), Lost> {
        if self.is_alone() {
            return Ok(());
        }
        let (count, length) = (self.count(), values.len());
        let mut parts = mem::take(&mut *self.spare());
        parts.resize(count, Vec::new());
        for (rank, part) in parts.iter_mut().enumerate() {
            fill(part, &values[share(length, rank, count)]);
        }
        let mut addends = self.exchange(parts)?;
        let mut sum: Vec<T> = numbers(&addends[0]).collect();
        for addend in &addends[1..] {
            for (sum, value) in sum.iter_mut().zip(numbers::<T>(addend)) {
                *sum += value;
            }
        }
        // The addends have been used: all of them become the sum, one for each process.
        addends.iter_mut().for_each(|addend| fill(addend, &sum));
        let sums = self.exchange(addends)?;
        for (rank, sum) in sums.iter().enumerate() {
            let share = &mut values[share(length, rank, count)];
            for (value, sum) in share.iter_mut().zip(numbers(sum)) {
                *value = sum;
            }
        }
        *self.spare() = sums;
        Ok(())
    }

    /// What rank 0 gives, on every process; what the others give is dropped.
    ///
    /// # Errors
    /// A process is lost.
    pub fn broadcast(&self, mine: Vec<u8>) -> Result<Vec<u8>, Lost> {
        if self.is_alone() {
            return Ok(mine);
        }
        let parts = match self.is_first() {
            true => vec![mine; self.count()],
            false => vec![Vec::new(); self.count()],
        };
        let mut received = self.exchange(parts)?;
        Ok(received.swap_remove(0))
    }

    /// What every process gives, in the order of the ranks, on rank 0; nothing on the others.
    ///
    /// # Errors
    /// A process is lost.
    pub fn gather(&self, mine: Vec<u8>) -> Result<Option<Vec<Vec<u8>>>, Lost> {
        let mut parts = vec![Vec::new(); self.count()];
        parts[0] = mine;
        let received = self.exchange(parts)?;
        Ok(self.is_first().then_some(received))
    }

    /// What every process gives, in the order of the ranks, on every process.
    ///
    /// # Errors
    /// A process is lost.
    pub fn gather_everywhere(&self, mine: Vec<u8>) -> Result<Vec<Vec<u8>>, Lost> {
        self.exchange(vec![mine; self.count()])
    }

    /// Bytes that this process has sent to others so far.
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        let rank = self.rank();
        let others = parts.iter().enumerate().filter(|(to, _)| *to != rank);
        let bytes: u64 = others.map(|(_, part)| part.len() as u64).sum();
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        self.transport.exchange(self.channel, parts)
    }
}

/// The share of rank `rank` among `count` in `length` things: see [`Processes::share`].
pub fn share(length: usize, rank: usize, count: usize) -> Range<usize> {
    length * rank / count..length * (rank + 1) / count
}

/// Makes the bytes of `values` the content of `buffer`.
fn fill<T: Pod>(buffer: &mut Vec<u8>, values: &[T]) {
    let bytes = bytemuck::cast_slice(values);
    buffer.clear();
    buffer.reserve_exact(bytes.len());
    buffer.extend_from_slice(bytes);
}

fn numbers<T: Pod>(bytes: &[u8]) -> impl Iterator<Item = T> {
    let numbers = bytes.chunks_exact(size_of::<T>());
    numbers.map(bytemuck::pod_read_unaligned)
}
