//! Several processes, which are threads here.

use processes::{Processes, threads};
use std::thread;

/// What `work` returns on each of `count` processes.
pub fn on_each<R: Send>(count: usize, work: impl Fn(Processes) -> R + Sync) -> Vec<R> {
    let work = &work;
    thread::scope(|scope| {
        let all = threads(count).into_iter();
        let all: Vec<_> = all
            .map(|processes| scope.spawn(move || work(processes)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}
