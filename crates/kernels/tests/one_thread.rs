//! Programs whose pool of threads has a single one.

use std::{env, process::Command, sync::mpsc, thread, time::Duration};

/// Set in the process that has one thread.
const CHILD: &str = "ONE_THREAD_CHILD";
/// Long enough for two empty jobs on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A thread that loads pictures may ask rayon for something while the main thread waits for its batch.
#[test]
fn other_threads_may_compute_while_the_main_thread_waits() {
    if env::var_os(CHILD).is_none() {
        let this = env::current_exe().unwrap();
        let name = "other_threads_may_compute_while_the_main_thread_waits";
        let child = Command::new(this)
            .args(["--exact", name])
            .env(CHILD, "1")
            .env("RAYON_NUM_THREADS", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "{said}");
        return;
    }
    kernels::use_this_thread();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        rayon::join(|| (), || ());
        sender.send(()).unwrap();
    });
    assert_eq!(receiver.recv_timeout(PATIENCE), Ok(()));
}
