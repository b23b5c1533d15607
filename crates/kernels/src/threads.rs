use std::{env, thread};

/// Makes the calling thread one of those that compute, instead of one that hands every operation to others and waits.
/// Call it first thing in `main`, on the thread that trains; no result depends on it.
///
/// With a single thread it does nothing: that thread would be the only one that computes, and whoever else asked for
/// computation while it waits for them would wait for ever.
pub fn use_this_thread() {
    if threads() < 2 {
        return;
    }
    // An error means that the threads are running already: then they stay as they are.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
}

/// Number of threads that rayon will start, by its own rule.
fn threads() -> usize {
    let asked = env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|number| number.parse().ok());
    asked
        .filter(|number| *number > 0)
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}
