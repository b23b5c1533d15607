//! A program in the background, met at a chosen moment.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

/// Longest time for a moment to come and for a program to end: a slow machine has several runs at once.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends `name` (`INT`, `KILL`) while `moment` holds: the program is stopped first, so that the moment cannot pass.
pub fn signal_when(child: &mut Child, name: &str, moment: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the program ended before the moment came"
        );
        if moment() {
            signal(child, "STOP");
            if moment() {
                signal(child, name);
                signal(child, "CONT");
                return;
            }
            signal(child, "CONT");
        }
        sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    panic!("the moment did not come");
}

/// Waits until `moment` holds.
pub fn wait_until(child: &mut Child, moment: &dyn Fn() -> bool) {
    let begun = Instant::now();
    while !moment() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the program ended before the moment came"
        );
        assert!(begun.elapsed() < PATIENCE, "the moment did not come");
        sleep(Duration::from_millis(1));
    }
}

/// Exit code of a program that ends within `limit`; one that does not is killed and has none.
pub fn exit_code(child: &mut Child, limit: Duration) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Number of lines of a file in the folder of a run, its header included; 0 as long as it is not there.
pub fn lines(run: &Path, file: &str) -> usize {
    fs::read_to_string(run.join(file)).map_or(0, |text| text.lines().count())
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}
