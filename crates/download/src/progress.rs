use std::time::Duration;

/// The state of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The present step.
    pub phase: Phase,
    /// Bytes of the file on the disk, those of earlier tries included.
    pub received: u64,
    /// Bytes of the whole file, where the server says so.
    pub total: Option<u64>,
    /// Bytes that were already there when this call began: a rate is `(received - continued_from) / time`.
    pub continued_from: u64,
}

/// A step of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Another process downloads the same file; this one waits for it to finish.
    WaitingForOtherProcess,
    /// Bytes are arriving.
    Receiving,
    /// The connection broke; after a pause the transfer goes on where it stopped.
    Retrying {
        /// The reason, as a clause.
        cause: String,
        /// Time until the next try.
        pause: Duration,
    },
    /// A finished file is read to compare its digest.
    Verifying,
}
