//! What the loop asks of a GPU, counted: results that are read back, and kernels that are started.
//!
//! burn's CUDA and WebGPU tell of each kernel. Of what is read back tells WebGPU alone: it names every call in its log.
#![cfg(feature = "gpu")]

use kernels::{LaunchCount, ListedDevice, gpus};
use log::{LevelFilter, Log, Metadata, Record};
use network::{Algorithm, Architecture, NetworkSpec, Trainable};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use train::{
    batch::{LabelledBatch, Targets},
    config::OptimizerConfig,
    fit::Fit,
    learner::{Learner, validate},
    optimizer::Adam,
    position::Position,
    readback::DeviceFailed,
    schedule::{Rates, Schedule},
};

/// Steps that are traced, after those in which shaders are compiled.
const STEPS: usize = 12;
const WARM_UP: usize = 2;
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
        if said.contains("map") || said.contains("poll") || said.contains("done") {
            println!("{:?} {said}", std::thread::current().id());
        }
        let event = if said.starts_with("Buffer::map_async") && said.contains("Read") {
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
        WARM_UP + STEPS
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

#[test]
fn count() {
    log::set_logger(&TRACE).unwrap();
    log::set_max_level(LevelFilter::Trace);
    for listed in gpus().into_iter().filter(|l| l.typed.starts_with("wgpu")) {
        let mut fit = fit(&listed, OptimizerConfig::default());
        for _ in 0..WARM_UP {
            fit.step(batch()).1.unwrap();
        }
        fit.finish_steps().1.unwrap();
        TRACE.take();
        println!("=====");
        let launches = LaunchCount::start();
        for _ in 0..STEPS {
            TRACE.events().push(Event::Began);
            fit.step(batch()).1.unwrap();
        }
        fit.finish_steps().1.unwrap();
        println!("{:?}", TRACE.take());
        let by_name = launches.by_name();
        println!(
            "{by_name:#?} {}",
            by_name.values().sum::<usize>() as f64 / STEPS as f64
        );
        let network = fit.learner().network().for_inference();
        let batches = (0..5).map(|_| Ok::<_, DeviceFailed>(batch()));
        validate(&network, batches, &listed.device).unwrap();
        println!("{:?}", TRACE.take());
    }
}
