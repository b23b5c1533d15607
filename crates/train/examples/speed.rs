//! Times training steps or predictions of a network with 37 classes and torchvision's head, ResNet-34 unless another is
//! named, for `scripts/bench-train.sh` and `scripts/bench-train-bf16.sh`:
//!
//! ```sh
//! cargo run -p train --example speed -- train 224 8 5       # or frozen, infer; DEVICE, PRECISION, ARCHITECTURE may follow
//! ```
//!
//! Prints `MODE SIZE BATCH median_ms minimum_ms peak_MiB computing_ms` (the last is the least that all threads together
//! computed in a step) over the steps after the first; of a GPU over the second half,
//! since it chooses its kernels in the first steps. A GPU works while the next step is prepared: its median is the time
//! between steps.

mod steps;

use burn::tensor::{Device, Tensor, TensorData};
use kernels::{DeviceCheck, DeviceChoice, is_cpu};
use network::{Algorithm, Architecture, HeadKind, InferenceOptions, NetworkSpec, Trainable};
use serde::{Deserialize, de::IntoDeserializer};
use std::{fs, time::Instant};
use steps::{computing_time, noise};
use train::{
    batch::{LabelledBatch, Targets},
    config::{OptimizerConfig, Precision},
    fit::Fit,
    learner::Learner,
    optimizer::Adam,
    position::Position,
    schedule::{Rates, Schedule},
};

const CLASSES: usize = 37;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    kernels::use_this_thread();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, size, batch, steps, rest @ ..] = arguments.as_slice() else {
        let usage =
            "use: speed train|frozen|infer SIZE BATCH STEPS [DEVICE [PRECISION [ARCHITECTURE]]]";
        return Err(usage.into());
    };
    let (size, batch, steps) = (size.parse()?, batch.parse()?, steps.parse()?);
    let choice: DeviceChoice = rest.first().map_or("cpu", String::as_str).parse()?;
    let precision = rest.get(1).map_or("f32", String::as_str);
    let precision = Precision::deserialize(precision.into_deserializer())
        .map_err(|error: serde::de::value::Error| error.to_string())?;
    let architecture = rest.get(2).map_or("resnet34", String::as_str);
    let architecture = Architecture::deserialize(architecture.into_deserializer())
        .map_err(|error: serde::de::value::Error| error.to_string())?;
    let spec = NetworkSpec {
        head: HeadKind::Plain,
        ..NetworkSpec::new(architecture, CLASSES)
    };
    let (device, _) = choice.open(DeviceCheck::Compare)?;
    let mut times = match mode.as_str() {
        "infer" => infer(&spec, size, batch, steps, (&device, precision)),
        "frozen" => train(
            &spec,
            size,
            batch,
            steps,
            Trainable::Head,
            (&device, precision),
        )?,
        _ => train(
            &spec,
            size,
            batch,
            steps,
            Trainable::All,
            (&device, precision),
        )?,
    };
    times.drain(..if is_cpu(&device) { 1 } else { steps / 2 });
    let computed = times.iter().map(|step| step.1).fold(f64::MAX, f64::min);
    let mut times: Vec<f64> = times.into_iter().map(|step| step.0).collect();
    times.sort_by(f64::total_cmp);
    let (median, minimum) = (times[times.len() / 2], times[0]);
    println!(
        "{mode} {size} {batch} {median:.1} {minimum:.1} {} {computed:.1}",
        peak_mebibytes()
    );
    Ok(())
}

/// So many steps at the same rates.
struct Steady {
    steps: usize,
    groups: usize,
}

impl Schedule for Steady {
    fn iterations(&self) -> usize {
        self.steps
    }

    fn at(&self, _iteration: usize) -> Rates {
        Rates {
            learning_rates: vec![1e-4; self.groups],
            beta1: 0.9,
        }
    }
}

/// Milliseconds of each step, and of the computing of all threads in it.
type Times = Vec<(f64, f64)>;

fn train(
    spec: &NetworkSpec,
    size: usize,
    batch: usize,
    steps: usize,
    trainable: Trainable,
    (device, precision): (&Device, Precision),
) -> Result<Times, Box<dyn std::error::Error>> {
    let network = spec.init(Algorithm::Fast, 1, device);
    let optimizer = Adam::new(OptimizerConfig::default());
    let learner = Learner::new(network, trainable, optimizer, device).with_precision(precision);
    let groups = spec.architecture.groups().len();
    let mut fit = Fit::new(learner, Steady { steps, groups }, 1, Position::default());
    let mut times = Vec::new();
    for _ in 0..steps {
        let pictures = LabelledBatch {
            pictures: noise(batch * 3 * size * size),
            targets: Targets::Classes((0..batch).map(|label| label % CLASSES).collect()),
            size,
        };
        let (started, computed) = (Instant::now(), computing_time());
        fit.step(pictures).1?;
        times.push((
            started.elapsed().as_secs_f64() * 1e3,
            computing_time() - computed,
        ));
    }
    Ok(times)
}

fn infer(
    spec: &NetworkSpec,
    size: usize,
    batch: usize,
    steps: usize,
    (device, precision): (&Device, Precision),
) -> Times {
    let network = spec.init(Algorithm::Fast, 1, device);
    let network = network.for_inference_with(InferenceOptions {
        precision: precision.of_convolutions(device),
        ..InferenceOptions::default()
    });
    let shape = [batch, 3, size, size];
    let step = || {
        let data = TensorData::new(noise(shape.iter().product()), shape);
        let (started, computed) = (Instant::now(), computing_time());
        let logits = network.forward(Tensor::from_data(data, device));
        let _ = logits.into_data();
        (
            started.elapsed().as_secs_f64() * 1e3,
            computing_time() - computed,
        )
    };
    (0..steps).map(|_| step()).collect()
}

/// Largest resident memory so far, in MiB; 0 where the system does not tell.
fn peak_mebibytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1));
    kibibytes
        .and_then(|number| number.parse::<u64>().ok())
        .map_or(0, |kib| kib / 1024)
}
