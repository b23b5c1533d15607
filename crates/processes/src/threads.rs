//! Threads of one program that stand for processes, for tests.

use crate::{
    Processes,
    transport::{Channel, Lost, Transport},
};
use std::sync::{
    Mutex, PoisonError,
    mpsc::{Receiver, Sender, channel},
};

/// `count` processes that are threads of this one. One that is dropped is lost to the others.
pub fn threads(count: usize) -> Vec<Processes> {
    let both = lines(count).into_iter().zip(lines(count)).enumerate();
    both.map(|(rank, (main, beside))| Processes::over(Threads { rank, main, beside }))
        .collect()
}

/// Lines of one channel, for each of `count` threads.
fn lines(count: usize) -> Vec<Lines> {
    let mut senders: Vec<Vec<Sender<Vec<u8>>>> = (0..count).map(|_| Vec::new()).collect();
    let mut receivers: Vec<Vec<Receiver<Vec<u8>>>> = (0..count).map(|_| Vec::new()).collect();
    for senders in &mut senders {
        for receivers in &mut receivers {
            let (sender, receiver) = channel();
            senders.push(sender);
            receivers.push(receiver);
        }
    }
    let all = senders.into_iter().zip(receivers);
    all.map(|(to, from)| Lines {
        to,
        from: Mutex::new(from),
    })
    .collect()
}

/// A thread with two channels to and from each thread, itself too.
#[derive(Debug)]
struct Threads {
    rank: usize,
    main: Lines,
    beside: Lines,
}

#[derive(Debug)]
struct Lines {
    to: Vec<Sender<Vec<u8>>>,
    from: Mutex<Vec<Receiver<Vec<u8>>>>,
}

impl Transport for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.main.to.len()
    }

    fn exchange(&self, channel: Channel, parts: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Lost> {
        let lines = match channel {
            Channel::Main => &self.main,
            Channel::Beside => &self.beside,
        };
        for (to, part) in lines.to.iter().zip(parts) {
            // Whoever is gone is found below: nothing comes from there any more.
            let _ = to.send(part);
        }
        let from = lines.from.lock().unwrap_or_else(PoisonError::into_inner);
        let receive = |(rank, from): (usize, &Receiver<Vec<u8>>)| {
            from.recv()
                .map_err(|_| Lost(format!("the one of rank {rank} has ended")))
        };
        from.iter().enumerate().map(receive).collect()
    }
}
