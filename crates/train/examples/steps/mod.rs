//! What examples that time steps share.

/// Milliseconds that all threads together have computed so far.
#[cfg(unix)]
pub fn computing_time() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock writes one `timespec`.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 * 1e-6
}

#[cfg(not(unix))]
pub fn computing_time() -> f64 {
    0.0
}

/// So many numbers that a network may see as pictures.
pub fn noise(count: usize) -> Vec<f32> {
    (0..count as u64)
        .map(|i| (i * 2_654_435_761 % 10_007) as f32 / 5003.0 - 1.0)
        .collect()
}
