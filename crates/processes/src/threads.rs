//! Threads of one program that stand for processes, for tests.

use crate::{
    Processes,
    transport::{Lost, Transport},
};
use std::sync::{
    Mutex, PoisonError,
    mpsc::{Receiver, Sender, channel},
};

/// `count` processes that are threads of this one. One that is dropped is lost to the others.
pub fn threads(count: usize) -> Vec<Processes> {
    let mut senders: Vec<Vec<Sender<Vec<u8>>>> = (0..count).map(|_| Vec::new()).collect();
    let mut receivers: Vec<Vec<Receiver<Vec<u8>>>> = (0..count).map(|_| Vec::new()).collect();
    for senders in &mut senders {
        for receivers in &mut receivers {
            let (sender, receiver) = channel();
            senders.push(sender);
            receivers.push(receiver);
        }
    }
    let lines = senders.into_iter().zip(receivers).enumerate();
    lines
        .map(|(rank, (to, from))| {
            Processes::over(Threads {
                rank,
                to,
                from: Mutex::new(from),
            })
        })
        .collect()
}

/// A thread with a line to and from each thread, itself too.
#[derive(Debug)]
struct Threads {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Mutex<Vec<Receiver<Vec<u8>>>>,
}

impl Transport for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.to.len()
    }

    fn exchange(&self, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        for (to, part) in self.to.iter().zip(parts) {
            // Whoever is gone is found below: nothing comes from there any more.
            let _ = to.send(part);
        }
        let from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        let receive = |(rank, from): (usize, &Receiver<Vec<u8>>)| {
            from.recv()
                .map_err(|_| Lost(format!("the one of rank {rank} has ended")))
        };
        from.iter().enumerate().map(receive).collect()
    }
}
