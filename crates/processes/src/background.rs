//! Sums over all processes that are made while this process computes.

use crate::{Processes, transport::Lost};
use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

/// A thread that adds numbers up over all processes, on the channel [beside](Processes::beside) that of the caller: one sum after
/// another, in the order in which they are asked for, which must be the same on every process.
#[derive(Debug)]
pub struct BackgroundSums {
    /// There until this is dropped.
    asked: Option<Sender<Vec<f32>>>,
    made: Mutex<Receiver<Result<Vec<f32>, Lost>>>,
    /// There until this is dropped.
    thread: Option<JoinHandle<()>>,
}

impl BackgroundSums {
    /// A thread that makes sums over `processes`, of which each has one.
    pub fn over(processes: &Processes) -> Self {
        let processes = processes.beside();
        let (asked, numbers) = channel::<Vec<f32>>();
        let (done, made) = channel();
        let work = move || {
            for mut numbers in numbers {
                let sum = processes.sum(&mut numbers).map(|()| numbers);
                if done.send(sum).is_err() {
                    return;
                }
            }
        };
        Self {
            asked: Some(asked),
            made: Mutex::new(made),
            thread: Some(thread::spawn(work)),
        }
    }

    /// Asks for the sums of `numbers`, as [`Processes::sum`] makes them; returns at once.
    pub fn begin(&self, numbers: Vec<f32>) {
        let asked = self.asked.as_ref().expect("there until it is dropped");
        // A thread that is gone is found below.
        let _ = asked.send(numbers);
    }

    /// Waits for the sums that were asked for first among those not yet returned: to be called once for each [`Self::begin`].
    ///
    /// # Errors
    /// A process is lost; so are all later sums.
    pub fn next(&self) -> Result<Vec<f32>, Lost> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.recv()
            .unwrap_or_else(|_| Err(Lost("the thread that adds up has ended".to_owned())))
    }
}

impl Drop for BackgroundSums {
    /// The thread must not outlive its owner: a process ends its work with the others when the last clone of it is dropped.
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
