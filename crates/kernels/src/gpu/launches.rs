//! How many kernels are started on GPUs. What starts them costs the same however small the work of one is, and a step of a
//! ResNet takes hundreds.

use burn_cubecl::cubecl::{
    config::{TypeNameFormatLevel, type_name_format},
    logging::{LaunchObservation, LaunchObserver},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts all kernels that this program starts on GPUs, from its start until it is dropped.
#[derive(Debug)]
pub struct LaunchCount {
    counts: Arc<Counts>,
    _observation: LaunchObservation,
}

#[derive(Debug, Default)]
struct Counts(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchCount {
    /// Starts at zero.
    pub fn start() -> Self {
        let counts = Arc::new(Counts::default());
        Self {
            _observation: LaunchObservation::new(counts.clone()),
            counts,
        }
    }

    /// Kernels by name so far, and how often each was started. Asynchronous as a GPU is, a kernel counts once it is in the
    /// queue.
    pub fn by_name(&self) -> BTreeMap<String, usize> {
        let counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_name = BTreeMap::new();
        for (name, count) in &*counts {
            let name = type_name_format(name, TypeNameFormatLevel::Short);
            *by_name.entry(name).or_default() += count;
        }
        by_name
    }
}

impl LaunchObserver for Counts {
    fn launched(&self, kernel: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(kernel).or_default() += 1;
    }
}
