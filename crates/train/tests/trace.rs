//! What the loop asks of a GPU, counted: results that are read back, and kernels that are started.
//!
//! burn's CUDA and WebGPU tell of each kernel. Of what is read back tells WebGPU alone: it names every call in its log.
#![cfg(feature = "gpu")]

use kernels::{DeviceFailed, LaunchCount, ListedDevice, gpus};
use log::{LevelFilter, Log, Metadata, Record};
use network::{Algorithm, Architecture, NetworkSpec, Trainable};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    sync::{Mutex, MutexGuard, PoisonError},
};
use train::{
    batch::{LabelledBatch, Targets},
    config::OptimizerConfig,
    fit::Fit,
    learner::{Learner, validate},
    optimizer::Adam,
    position::Position,
    schedule::{Rates, Schedule},
};

/// Steps that are traced, after those in which shaders are compiled.
const STEPS: usize = 4;
const CLASSES: usize = 5;

/// What happened, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The loop began a step.
    Began,
    /// A result was asked for; whoever asks waits for all that is in the queue.
    Asked,
    /// A result was there.
    Arrived,
    /// The driver itself waited for earlier work, so that its queue stays short.
    Throttled,
}

#[derive(Debug)]
struct Trace(Mutex<Vec<Event>>);

static TRACE: Trace = Trace(Mutex::new(Vec::new()));

impl Trace {
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened since the last call.
    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events())
    }
}

impl Log for Trace {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("wgpu_core")
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let said = record.args().to_string();
        let event = if said.starts_with("Buffer::map_async") {
            Event::Asked
        } else if said.starts_with("Buffer::get_mapped_range") {
            Event::Arrived
        } else if said.starts_with("Device::poll Wait { submission_index: Some") {
            Event::Throttled
        } else {
            return;
        };
        self.events().push(event);
    }

    fn flush(&self) {}
}

struct Steady;

impl Schedule for Steady {
    fn iterations(&self) -> usize {
        3 * (STEPS + 1)
    }

    fn at(&self, _iteration: usize) -> Rates {
        Rates {
            learning_rates: vec![1e-4; Architecture::ResNet34.groups().len()],
            beta1: 0.9,
        }
    }
}

/// A narrow ResNet-34 in training on `listed`.
fn fit(listed: &ListedDevice, config: OptimizerConfig) -> Fit<Steady> {
    let spec = NetworkSpec {
        base_width: 8,
        ..NetworkSpec::new(Architecture::ResNet34, CLASSES)
    };
    let network = spec.init(Algorithm::Fast, 1, &listed.device);
    let learner = Learner::new(network, Trainable::All, Adam::new(config), &listed.device);
    Fit::new(learner, Steady, 1, Position::default())
}

fn batch() -> LabelledBatch {
    let (count, size) = (4, 64);
    LabelledBatch {
        pictures: (0..count * 3 * size * size)
            .map(|index| (index * 7919 % 10_007) as f32 / 5003.0 - 1.0)
            .collect(),
        targets: Targets::Classes((0..count).map(|index| index % CLASSES).collect()),
        size,
    }
}

/// One test, since trace and count are of the whole program.
#[test]
fn a_step_reads_its_loss_alone_and_does_not_wait_for_it() {
    log::set_logger(&TRACE).unwrap();
    log::set_max_level(LevelFilter::Trace);
    for listed in gpus() {
        println!("{} ({})", listed.typed, listed.name);
        let plain = OptimizerConfig::default();
        let clipped = OptimizerConfig {
            clip_norm: Some(1.0),
            ..plain
        };
        let mut fit = fit(&listed, plain);
        let (trace, kernels) = steps(&mut fit, 1);
        println!(
            "  {} kernels a step: {kernels:?}",
            kernels.values().sum::<usize>()
        );
        let is_traced = listed.typed.starts_with("wgpu");
        if is_traced {
            println!("  {STEPS} steps: {trace}");
            assert_eq!(trace.reads, STEPS);
            assert!(trace.late >= STEPS / 2, "the loop waited: {trace}");
        }
        let (trace, _) = steps(&mut self::fit(&listed, clipped), 1);
        assert!(!is_traced || trace.reads == STEPS, "clipped: {trace}");
        let (trace, _) = steps(&mut fit, 2);
        assert!(!is_traced || trace.reads == STEPS, "two batches: {trace}");

        let network = fit.learner().network().for_inference();
        let batches = (0..STEPS).map(|_| Ok::<_, DeviceFailed>(batch()));
        validate(&network, batches, &listed.device).unwrap();
        let trace = Summary::of(&TRACE.take());
        println!("  {STEPS} batches of validation: {} read", trace.reads);
        assert!(!is_traced || trace.reads == STEPS, "validation: {trace}");
    }
}

/// What a trace says.
struct Summary {
    /// Results that were read.
    reads: usize,
    /// Losses that arrived after the next step had begun, or later.
    late: usize,
    /// See [`Event::Throttled`].
    throttled: usize,
}

impl Summary {
    fn of(events: &[Event]) -> Self {
        let count = |wanted| events.iter().filter(|event| **event == wanted).count();
        let (mut began, mut arrived, mut late) = (0, 0, 0);
        for event in events {
            match event {
                // As many losses as steps began before this one, if none was late.
                Event::Began => {
                    late += usize::from(arrived < began);
                    began += 1;
                }
                Event::Arrived => arrived += 1,
                Event::Asked | Event::Throttled => {}
            }
        }
        Self {
            reads: count(Event::Asked),
            late,
            throttled: count(Event::Throttled),
        }
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            reads,
            late,
            throttled,
        } = self;
        write!(
            f,
            "{reads} results read, {late} steps began before the loss of the last was there, the driver kept its queue short {throttled} times"
        )
    }
}

/// The trace of [`STEPS`] steps of so many batches each, and the kernels of one of them by name.
fn steps(fit: &mut Fit<Steady>, batches: usize) -> (Summary, BTreeMap<String, usize>) {
    let step = |fit: &mut Fit<Steady>| fit.step_over(vec![batch(); batches]).1.unwrap();
    // Shaders are compiled.
    step(fit);
    fit.finish_steps().1.unwrap();
    TRACE.take();
    let launches = LaunchCount::start();
    for _ in 0..STEPS {
        TRACE.events().push(Event::Began);
        step(fit);
    }
    let mut kernels = launches.by_name();
    fit.finish_steps().1.unwrap();
    for count in kernels.values_mut() {
        *count /= STEPS;
    }
    (Summary::of(&TRACE.take()), kernels)
}
