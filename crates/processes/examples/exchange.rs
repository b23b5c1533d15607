//! Processes that exchange bytes, to see what that costs and that it is right.
//!
//! `mpirun -n 2 exchange` says how long it takes to add up numbers of several sizes over all processes; `exchange check` does
//! everything that processes can do together and prints a number that depends on all of it; with `--threads 3` the processes
//! are threads. `exchange wait SECONDS` adds up until it is stopped. `mpirun -n 2 exchange beside THREADS` says how much of a
//! sum is hidden behind as many threads that compute.

use processes::{BackgroundSums, Lost, Processes, threads};
use std::{
    env,
    hint::black_box,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

/// Bytes of one number.
const BYTES: usize = size_of::<f32>();

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => together(times),
        ["check"] => together(check),
        ["wait", seconds] => {
            let seconds = seconds.parse().unwrap_or(1);
            together(|processes| add_up(processes, Duration::from_secs(seconds)))
        }
        ["beside", threads] => {
            let threads = threads.parse().unwrap_or(1);
            together(|processes| beside(processes, threads))
        }
        ["check", "--threads", count] => in_threads(count.parse().unwrap_or(1)),
        _ => Err("what to do: nothing (times), check, check --threads COUNT, wait SECONDS, beside THREADS"
            .into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn together(work: impl Fn(&Processes) -> Result<(), Lost>) -> Result<(), String> {
    let processes = Processes::from_environment().map_err(|error| error.to_string())?;
    let result = work(&processes).map_err(|error| error.to_string());
    if let Err(error) = &result {
        eprintln!("error of rank {}: {error}", processes.rank());
    }
    result
}

fn in_threads(count: usize) -> Result<(), String> {
    thread::scope(|scope| {
        for processes in threads(count) {
            scope.spawn(move || check(&processes).expect("threads are not lost"));
        }
    });
    Ok(())
}

/// Prints seconds per sum, for several sizes: the smallest of some tries.
fn times(processes: &Processes) -> Result<(), Lost> {
    let say = |line: String| {
        if processes.is_first() {
            println!("{line}");
        }
    };
    say(format!("{} processes", processes.count()));
    say("bytes summed  ms  MB/s sent by each".to_owned());
    for power in [0, 10, 14, 18, 20, 22, 24, 25] {
        let mut values = vec![processes.rank() as f32; 1 << power];
        let tries = if power < 20 { 50 } else { 7 };
        let mut best = f64::INFINITY;
        let mut sent = 0;
        for _ in 0..tries {
            let before = processes.bytes_sent();
            let begun = Instant::now();
            processes.sum(&mut values)?;
            best = best.min(begun.elapsed().as_secs_f64());
            sent = processes.bytes_sent() - before;
        }
        say(format!(
            "{:>12}  {:.3}  {:.0}",
            BYTES << power,
            1e3 * best,
            sent as f64 / best / 1e6
        ));
    }
    Ok(())
}

/// Prints seconds for adding up the gradients of a ResNet-34, for computing with so many threads, and for both at once: the
/// smallest of some tries.
fn beside(processes: &Processes, threads: usize) -> Result<(), Lost> {
    const PARAMETERS: usize = 21_831_599;
    const TRIES: usize = 5;
    let mut values = vec![processes.rank() as f32; PARAMETERS];
    let beside = processes.beside();
    let mut best = [f64::INFINITY; 3];
    for _ in 0..TRIES {
        for (what, best) in best.iter_mut().enumerate() {
            // All begin at once.
            processes.sum(&mut [0_u64])?;
            let begun = Instant::now();
            thread::scope(|scope| {
                for _ in 0..if what == 0 { 0 } else { threads } {
                    scope.spawn(compute);
                }
                match what {
                    1 => Ok(()),
                    _ => beside.sum(&mut values),
                }
            })?;
            *best = best.min(begun.elapsed().as_secs_f64());
        }
    }
    if processes.is_first() {
        let [sum, computing, both] = best;
        let hidden = 100.0 * (sum + computing - both) / sum;
        println!(
            "sum {sum:.2} s, computing {computing:.2} s, both at once {both:.2} s: {hidden:.0} % hidden"
        );
    }
    Ok(())
}

/// About a second of multiplications.
fn compute() {
    let mut values = [1.0_f32; 64];
    for _ in 0..30_000_000 {
        for value in black_box(&mut values) {
            *value = *value * 0.999 + 0.001;
        }
    }
}

/// Everything that processes do together, with parts of odd lengths; the first prints a number that depends on every byte.
fn check(processes: &Processes) -> Result<(), Lost> {
    let rank = processes.rank();
    let mut seen = Digest::default();
    let background = BackgroundSums::over(processes);
    for length in [0, 1, 2, 3, 1000, 65_537, 3_000_001, 11_000_000] {
        // Large and small values of both signs: every order of adding gives other bits.
        let mut values: Vec<f32> = (0..length)
            .map(|place| {
                let value = ((place * 7919 + rank * 104_729) % 2003) as f32 - 1001.0;
                value * 10_f32.powi(((place + rank) % 9) as i32 - 4)
            })
            .collect();
        // The same in the background of all that follows.
        background.begin(values.clone());
        processes.sum(&mut values)?;
        values
            .iter()
            .for_each(|value| seen.add(&value.to_le_bytes()));
        let part = vec![rank as u8; length * (rank + 1) / 7];
        seen.add(&processes.broadcast(part.clone())?);
        for part in processes.gather(part.clone())?.unwrap_or_default() {
            seen.add(&part);
        }
        for part in processes.gather_everywhere(part)? {
            seen.add(&part);
        }
        let summed = background.next()?;
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|v| v.to_bits()).collect() };
        assert_eq!(bits(&summed), bits(&values), "a sum beside is another");
    }
    if processes.is_first() {
        println!("{:016x} {}", seen.0, processes.bytes_sent());
    }
    Ok(())
}

/// Adds up one number again and again for so long.
fn add_up(processes: &Processes, duration: Duration) -> Result<(), Lost> {
    let begun = Instant::now();
    let mut sums = 0_u64;
    loop {
        let mut still = [u64::from(begun.elapsed() < duration), 1];
        processes.sum(&mut still)?;
        sums += 1;
        if sums == 1 && processes.is_first() {
            println!("{} processes add up", still[1]);
        }
        if still[0] < processes.count() as u64 {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Fowler, Noll and Vo's hash of 64 bits.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
