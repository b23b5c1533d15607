//! How bytes come from one process to another.

use std::fmt::Debug;

/// One of the two lines between processes. What goes over one neither waits for the other nor overtakes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// For what a process waits for.
    Main,
    /// For what it sends and receives while it computes.
    Beside,
}

/// A way to the other processes. On each channel all of them call [`Transport::exchange`] the same number of times; two threads
/// may use the two channels at the same time.
pub trait Transport: Debug + Send + Sync {
    /// Place of this process among all, from 0.
    fn rank(&self) -> usize;

    /// Number of processes, 1 or more.
    fn count(&self) -> usize;

    /// Sends `parts[r]` to the process of rank r (its own part comes back), and returns what each process sent to this one, in
    /// the order of the ranks. Parts may have any length, none too.
    ///
    /// # Errors
    /// A process is lost.
    fn exchange(&self, channel: Channel, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost>;
}

/// Another process has ended, or cannot be reached any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("another process of this run is lost: {0}")]
pub struct Lost(pub String);
