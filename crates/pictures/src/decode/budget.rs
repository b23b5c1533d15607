//! Memory that all decoders of the process may take together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that pictures being decoded at the same time may take together. One that needs more alone is decoded alone.
pub const DECODING_BYTES: u64 = 1 << 30;

static IN_FLIGHT: Budget = Budget::new(DECODING_BYTES);

/// Waits until `bytes` more fit into [`DECODING_BYTES`] or nothing else is being decoded, and takes them until the
/// share is dropped. A thread that holds a share must not wait for another.
pub(super) fn take(bytes: u64) -> Share<'static> {
    IN_FLIGHT.take(bytes)
}

struct Budget {
    limit: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// Bytes that are given back when this is dropped.
pub(super) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    const fn new(limit: u64) -> Self {
        Self {
            limit,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
        }
    }

    fn take(&self, bytes: u64) -> Share<'_> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let must_wait = |taken: &mut u64| *taken > 0 && taken.saturating_add(bytes) > self.limit;
        let mut taken = self
            .given_back
            .wait_while(taken, must_wait)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        Share {
            budget: self,
            bytes,
        }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let taken = self.budget.taken.lock();
        *taken.unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn threads_together_never_take_more_than_the_limit_unless_one_is_alone() {
        let budget = Budget::new(100);
        let now = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for bytes in [10, 40, 60, 90, 250] {
                let (budget, now) = (&budget, &now);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let _share = budget.take(bytes);
                        let together = now.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        assert!(together <= 100 || together == bytes, "{together}");
                        std::thread::yield_now();
                        now.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(*budget.taken.lock().unwrap(), 0);
    }
}
